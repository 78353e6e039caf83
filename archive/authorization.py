"""Who may do what, and which records: the port every service asks, implemented above the kernel.

`Authorizer.require` answers "may I", `Authorizer.scope` answers "which ones"; both come from one policy snapshot.
Without a `Scope` nothing can be listed, counted or searched, and only an authorizer makes one.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class AccessLevel(StrEnum):
    """Access levels of the classification scheme, from open to closed."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"
    SEALED = "sealed"


class Permission(StrEnum):
    """Everything that can be permitted. Undefined means denied."""

    RECORD_LIST = "record:list"
    RECORD_READ = "record:read"
    RECORD_OPEN = "record:open"
    REVIEW_LIST = "review:list"
    REVIEW_DECIDE = "review:decide"
    VOLUME_READ = "volume:read"
    VOLUME_CLOSE = "volume:close"
    EVIDENCE_BUILD = "evidence:build"
    SOURCE_MANAGE = "source:manage"
    SOURCE_READ = "source:read"
    LEDGER_READ = "ledger:read"
    STATUS_READ = "status:read"
    ACCOUNT_MANAGE = "account:manage"
    POLICY_MANAGE = "policy:manage"


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts. `name` is what the ledger shows, never a secret."""

    id: str
    name: str
    anonymous: bool = False


PUBLIC_ACTOR = Actor(id="public", name="public", anonymous=True)
SYSTEM_ACTOR = Actor(id="system", name="system")


@dataclass(frozen=True)
class Subject:
    """What of a record, or of one version of it, decides who may see it.

    `region` is a GB/T 2260 code of six digits. `released_from` is the moment from which the public may see it, None for
    never. `settled` is true of a version once it has been placed in a volume, and of a record once one of its versions
    has; nothing unsettled is public.
    """

    region: str
    level: AccessLevel
    released_from: datetime | None
    settled: bool


@dataclass(frozen=True)
class Clause:
    """One way to be in scope: all conditions of a clause hold together.

    `regions` are prefixes of region codes ("" is everywhere); `released_only` asks for a release moment that has come
    and for something settled.
    """

    regions: tuple[str, ...]
    levels: frozenset[AccessLevel]
    released_only: bool

    def admits(self, subject: Subject, now: datetime) -> bool:
        """Whether this clause lets `subject` in at `now`."""
        if subject.level not in self.levels or not subject.region.startswith(self.regions):
            return False
        if not self.released_only:
            return True
        return subject.settled and subject.released_from is not None and subject.released_from <= now


@dataclass(frozen=True)
class Scope:
    """Which records an actor may see: those that one clause admits at `now`. No clause, nothing.

    `redacted` says that this reader gets the public copy: personal data masked, searched only as masked.
    """

    actor: Actor
    now: datetime
    clauses: tuple[Clause, ...]
    redacted: bool

    def admits(self, subject: Subject) -> bool:
        """Whether `subject` is inside."""
        return any(clause.admits(subject, self.now) for clause in self.clauses)


@dataclass(frozen=True)
class Decision:
    """An answer with its reason: `reason` is a code of the message catalogue."""

    allowed: bool
    reason: str


class Authorizer(Protocol):
    """The policy, asked in two ways. No answer is never "allowed"."""

    def decide(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> Decision:
        """May `actor` do this, with `subject` where one record is meant; with None, anywhere at all."""
        ...

    def require(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> None:
        """As `decide`.

        Raises:
            NotFound: the subject is outside the actor's scope (absence before refusal).
            Forbidden: inside, but not permitted.
            NotAuthenticated: nobody is logged in and the public may not.
        """
        ...

    def scope(self, actor: Actor, permission: Permission) -> Scope:
        """Which records `actor` may do this with. For every subject: in scope exactly if `decide` allows it."""
        ...


def region_prefix(code: str) -> str:
    """The subtree of a region code: `370000` → `37`, `370100` → `3701`, `370102` → `370102`, `000000` → everywhere."""
    while code.endswith("00"):
        code = code[:-2]
    return code
