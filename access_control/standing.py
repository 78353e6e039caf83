"""What one actor holds at one moment: the policy snapshot and the actor's grants, read together and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol, Self

from access_control.casbin_policy import CasbinPolicy
from access_control.repository import AccessRepository
from access_control.rules import PolicyRules
from access_control.types import EVERYWHERE, Grant, Role
from archive.authorization import SYSTEM_ACTOR, Actor
from archive.db.uow import Database
from archive.errors import ArchiveError, Unavailable


@dataclass(frozen=True)
class Policy:
    """One version of the policy in both forms: as values to compile scopes from, and in Casbin to decide with."""

    rules: PolicyRules
    casbin: CasbinPolicy = field(compare=False)

    @classmethod
    def of(cls, rules: PolicyRules) -> Self:
        """Build both forms from the same rules."""
        return cls(rules, CasbinPolicy(rules))


@dataclass(frozen=True)
class Standing:
    """The ground of every answer about one actor. `grants` None means: no such account, or one that is disabled."""

    policy: Policy
    grants: tuple[Grant, ...] | None


class StandingSource(Protocol):
    """Reads what an actor holds."""

    def __call__(self, actor: Actor) -> Standing:
        """The standing of `actor` now.

        Raises:
            Unavailable: the policy or the grants cannot be read, or the policy cannot be understood.
        """
        ...


_PUBLIC_GRANTS: Final = (Grant(Role.PUBLIC, EVERYWHERE),)
_SYSTEM_GRANTS: Final = (Grant(Role.SYSTEM, EVERYWHERE),)


def implicit_grants(actor: Actor) -> tuple[Grant, ...] | None:
    """What an actor holds without an account: the public, and the archive itself. None for everybody else.

    Whoever is anonymous is the public, whatever else the actor claims to be.
    """
    if actor.anonymous:
        return _PUBLIC_GRANTS
    return _SYSTEM_GRANTS if actor == SYSTEM_ACTOR else None


class FixedStanding:
    """The twin: one policy, and grants by actor id."""

    def __init__(self, rules: PolicyRules, grants: Mapping[str, tuple[Grant, ...]]) -> None:
        self._policy = Policy.of(rules)
        self._grants = grants

    def __call__(self, actor: Actor) -> Standing:
        return Standing(self._policy, implicit_grants(actor) or self._grants.get(actor.id))


class StoredStanding:
    """Policy and grants from the database, in one consistent view of it.

    Each answer looks up the current version; the compiled policy is kept for as long as that version stays the
    same, which changes no answer, because the rows of a version are never changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Policy | None = None
        self._building = Lock()

    def __call__(self, actor: Actor) -> Standing:
        try:
            with self._database.reading() as connection:
                repository = AccessRepository(connection)
                policy = self._policy(repository)
                return Standing(policy, implicit_grants(actor) or repository.active_grants(actor.id))
        except ArchiveError as error:
            raise Unavailable("policy-unavailable", detail=error.message()) from error

    def _policy(self, repository: AccessRepository) -> Policy:
        version = repository.policy_version()
        kept = self._kept
        if kept is not None and kept.rules.version == version:
            return kept
        with self._building:
            kept = self._kept
            if kept is not None and kept.rules.version == version:
                return kept
            fresh = Policy.of(PolicyRules.from_rows(version, repository.policy_rows(version)))
            self._kept = fresh
            return fresh
