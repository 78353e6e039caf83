"""The policy behind the `Authorizer` port: Casbin decides on one subject, the same rules compiled to clauses filter.

Every answer comes from one standing: policy and grants are read once per question and never mixed.
"""

from datetime import datetime

from access_control.casbin_policy import Question
from access_control.clauses import compile_clauses, explain_refusal
from access_control.standing import Standing, StandingSource
from archive.authorization import Actor, Clause, Decision, Permission, Scope, Subject
from archive.clock import Clock
from archive.errors import ArchiveError, Forbidden, NotAuthenticated, NotFound, Unavailable


class PolicyAuthorizer:
    """Implements `archive.authorization.Authorizer`."""

    def __init__(self, standings: StandingSource, clock: Clock) -> None:
        self._standings = standings
        self._clock = clock

    def decide(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> Decision:
        try:
            standing = self._standings(actor)
        except Unavailable:
            return Decision(allowed=False, reason="denied-policy-unavailable")
        return _decide(standing, self._clock.now(), permission, subject)

    def require(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> None:
        standing = self._standings(actor)
        now = self._clock.now()
        decision = _decide(standing, now, permission, subject)
        if decision.allowed:
            return
        visible = subject is None or _decide(standing, now, Permission.RECORD_LIST, subject).allowed
        raise refusal(actor, permission, decision, visible=visible)

    def scope(self, actor: Actor, permission: Permission) -> Scope:
        standing = self._standings(actor)
        clauses = compile_clauses(standing.policy.rules, standing.grants or (), permission)
        return make_scope(actor, self._clock, clauses)


def _decide(standing: Standing, now: datetime, permission: Permission, subject: Subject | None) -> Decision:
    if standing.grants is None:
        return Decision(allowed=False, reason="denied-account")
    for grant in standing.grants:
        question = Question(
            role=grant.role,
            held=grant.region,
            permission=permission,
            region=None if subject is None else subject.region,
            level=None if subject is None else subject.level,
            released=subject is None or _released(subject, now),
        )
        if standing.policy.casbin.allows(question):
            return Decision(allowed=True, reason="allowed-by-role")
    clauses = compile_clauses(standing.policy.rules, standing.grants, permission)
    return Decision(allowed=False, reason=explain_refusal(clauses, subject))


def _released(subject: Subject, now: datetime) -> bool:
    return subject.settled and subject.released_from is not None and subject.released_from <= now


def make_scope(actor: Actor, clock: Clock, clauses: tuple[Clause, ...]) -> Scope:
    """A scope of `clauses` at this moment.

    It is the public copy as soon as one clause depends on the release: personal data that the public must not see is
    masked for a whole list or for none of it, and in doubt it is masked.
    """
    redacted = actor.anonymous or any(clause.released_only for clause in clauses)
    return Scope(actor=actor, now=clock.now(), clauses=clauses, redacted=redacted)


def refusal(actor: Actor, permission: Permission, decision: Decision, *, visible: bool) -> ArchiveError:
    """The error for a refusal: absence before refusal, and log in before being refused.

    `visible` says whether the actor may know of the subject, or that none was named.
    """
    if not visible:
        return NotFound("not-in-scope")
    if actor.anonymous:
        return NotAuthenticated("login-required", permission=permission.value)
    return Forbidden(decision.reason, permission=permission.value)
