"""The twin of the policy: who may do what is said clause by clause. For tests of whatever asks an authorizer."""

from collections.abc import Mapping

from access_control.authorizer import make_scope, refusal
from access_control.clauses import explain_refusal
from archive.authorization import PUBLIC_ACTOR, AccessLevel, Actor, Clause, Decision, Permission, Scope, Subject
from archive.clock import Clock

EVERYTHING = Clause(regions=("",), levels=frozenset(AccessLevel), released_only=False)
PUBLISHED = Clause(regions=("",), levels=frozenset({AccessLevel.PUBLIC}), released_only=True)


class AllowList:
    """Implements `archive.authorization.Authorizer` from clauses by actor id and permission; the rest is denied."""

    def __init__(self, clock: Clock, allowed: Mapping[str, Mapping[Permission, tuple[Clause, ...]]]) -> None:
        self._clock = clock
        self._allowed = allowed

    def decide(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> Decision:
        if not actor.anonymous and actor.id not in self._allowed:
            return Decision(allowed=False, reason="denied-account")
        scope = self.scope(actor, permission)
        if scope.admits(subject) if subject is not None else bool(scope.clauses):
            return Decision(allowed=True, reason="allowed-by-role")
        return Decision(allowed=False, reason=explain_refusal(scope.clauses, subject))

    def require(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> None:
        decision = self.decide(actor, permission, subject)
        if not decision.allowed:
            visible = subject is None or self.decide(actor, Permission.RECORD_LIST, subject).allowed
            raise refusal(actor, permission, decision, visible=visible)

    def scope(self, actor: Actor, permission: Permission) -> Scope:
        held = self._allowed.get(PUBLIC_ACTOR.id if actor.anonymous else actor.id, {})
        return make_scope(actor, self._clock, held.get(permission, ()))
