from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access_control.authorizer import PolicyAuthorizer
from access_control.passwords import Passwords
from access_control.service import AccessPorts, AccessService, LoginLimits
from access_control.standing import StoredStanding
from access_control.wiring import AccessControl, ensure_defaults
from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database, UnitOfWork
from archive.ids import SequentialIds
from archive.ledger.types import Event


@dataclass
class Told:
    """An event sink that remembers."""

    events: list[Event] = field(default_factory=list)

    def append(self, uow: UnitOfWork, event: Event, /) -> None:
        uow.after_commit(lambda: self.events.append(event))


@dataclass
class World:
    database: Database
    clock: FixedClock
    told: Told
    access: AccessControl

    @property
    def service(self) -> AccessService:
        return self.access.service

    def found(self, region: str = "370000") -> None:
        with self.database.writing() as uow:
            ensure_defaults(uow, self.access, region)


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """Tables and nothing in them. Passwords are hashed as cheaply as Argon2 allows."""
    database = Database(build_engine(f"sqlite:///{tmp_path}/archive.db"))
    metadata.create_all(database.engine)
    clock = FixedClock(datetime(2026, 5, 20, 9, 30, tzinfo=UTC))
    told = Told()
    authorizer = PolicyAuthorizer(StoredStanding(database), clock)
    ports = AccessPorts(database, clock, SequentialIds(), told, authorizer)
    service = AccessService(ports, Passwords(passes=1, memory_kib=8, lanes=1), LoginLimits())
    return World(database, clock, told, AccessControl(service, authorizer))


@pytest.fixture
def world(bare: World) -> World:
    """A founded archive."""
    bare.found()
    return bare
