"""What access control speaks of: roles, grants, accounts, sessions, and what is refused about them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from archive.db.uow import UnitOfWork
from archive.errors import Conflict
from archive.ledger.types import Event

EVERYWHERE: Final = "000000"
"""The region code whose subtree is the whole country."""


class Role(StrEnum):
    """What somebody is to the archive. What a role may do is data: the policy rules.

    `SYSTEM_ADMIN`, `SECURITY_OFFICER` and `AUDITOR` are the three administrators (三员). `PUBLIC` is everybody who is
    not logged in and `SYSTEM` the archive's own processes: nobody is granted these two.
    """

    ARCHIVIST = "archivist"
    INSPECTOR = "inspector"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"
    PUBLIC = "public"
    SYSTEM = "system"


ADMINISTRATORS: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_OFFICER, Role.AUDITOR})
IMPLICIT: Final = frozenset({Role.PUBLIC, Role.SYSTEM})


@dataclass(frozen=True, order=True)
class Grant:
    """A role in a region and everything below it. `region` is a GB/T 2260 code of six digits."""

    role: Role
    region: str


@dataclass(frozen=True)
class Account:
    """Somebody who can be granted roles. Without a password the account exists, but nobody can log in with it."""

    id: str
    name: str
    display_name: str
    grants: tuple[Grant, ...]
    disabled: bool
    has_password: bool


@dataclass(frozen=True)
class Session:
    """A login that still counts. `token_sha256` is the digest of the token; the token itself is never stored."""

    token_sha256: str
    account_id: str
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class Attempts:
    """Failed logins under one name, from one address or from all, whether or not there is such an account."""

    failures: int
    last_at: datetime
    locked_until: datetime | None


class EventSink(Protocol):
    """Where acts are written down: the ledger, seen from here."""

    def append(self, uow: UnitOfWork, event: Event, /) -> object:
        """Write `event` down within the transaction of `uow`."""
        ...


def check_compatible(roles: Collection[Role]) -> None:
    """Separation of the three administrators (三员分立).

    Raises:
        Conflict: one person would be two administrators, or an administrator who also works with content.
    """
    held = set(roles)
    if held & ADMINISTRATORS and len(held) > 1:
        raise Conflict("account-roles-exclusive", roles="、".join(sorted(held)))
