"""Puts access control together for one process."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from access_control.authorizer import PolicyAuthorizer
from access_control.passwords import Passwords
from access_control.service import AccessPorts, AccessService, LoginLimits
from access_control.standing import StoredStanding
from access_control.types import EventSink
from archive.authorization import Authorizer
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.ids import Ids

_SESSION_LIFETIME: Final = timedelta(hours=8)


@dataclass(frozen=True)
class AccessControl:
    """Accounts and logins, and the policy that everything else asks."""

    service: AccessService
    authorizer: Authorizer


def build_access(
    database: Database, clock: Clock, ids: Ids, events: EventSink, *, session_lifetime: timedelta = _SESSION_LIFETIME
) -> AccessControl:
    """Access control on `database`. `events` is the ledger; `session_lifetime` is how long a login lasts at most."""
    authorizer = PolicyAuthorizer(StoredStanding(database), clock)
    ports = AccessPorts(database, clock, ids, events, authorizer)
    service = AccessService(ports, Passwords(), LoginLimits(lifetime=session_lifetime))
    return AccessControl(service, authorizer)


def ensure_defaults(uow: UnitOfWork, access: AccessControl, region: str) -> None:
    """Policy and built-in accounts of a new archive, within the transaction that founds it; safe to repeat.

    Raises:
        InvalidInput: `region` is no GB/T 2260 code.
    """
    access.service.install_defaults(uow, region)
