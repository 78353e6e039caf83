"""The ledger's contract, on the twin and on tables."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import InvalidInput, NotFound
from archive.ledger.memory import MemoryLedger
from archive.ledger.port import LedgerPort
from archive.ledger.service import Ledger
from archive.ledger.types import Event, EventType
from tests.services import fresh_database

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    database: Database
    ledger: LedgerPort
    clock: FixedClock


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    sqlite = f"sqlite:///{tmp_path / 'archive.db'}"
    with fresh_database() if request.param == "postgres" else nullcontext(sqlite) as url:
        database = Database(build_engine(url))
        metadata.create_all(database.engine)
        clock = FixedClock(START)
        ledger: LedgerPort = MemoryLedger(clock) if request.param == "memory" else Ledger(clock)
        yield World(database, ledger, clock)
        database.dispose()


def event(number: int, subject: str = "rec_1") -> Event:
    return Event(EventType.RECORD_CAPTURED, "system", "record", subject, {"number": number, "标题": "中标结果公告"})


def test_indexes_count_from_zero_across_units_of_work(world: World) -> None:
    indexes = []
    for number in range(3):
        with world.database.writing() as uow:
            indexes += [world.ledger.append(uow, event(number)), world.ledger.append(uow, event(number))]
    assert indexes == [0, 1, 2, 3, 4, 5]
    with world.database.reading() as connection:
        assert world.ledger.size(connection) == 6


def test_what_is_read_is_what_was_appended(world: World) -> None:
    with world.database.writing() as uow:
        world.ledger.append(uow, event(1))
    world.clock.advance(timedelta(seconds=5, microseconds=7))
    with world.database.writing() as uow:
        world.ledger.append(uow, event(2))
    with world.database.reading() as connection:
        first, second = world.ledger.read(connection, -1, 10)
    assert (first.index, first.at, first.event) == (0, START, event(1))
    assert second.at == START + timedelta(seconds=5, microseconds=7)


def test_a_rollback_takes_the_entry_and_its_number_away(world: World) -> None:
    def fail() -> None:
        with world.database.writing() as uow:
            world.ledger.append(uow, event(1))
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    with world.database.writing() as uow:
        assert world.ledger.append(uow, event(2)) == 0
    with world.database.reading() as connection:
        assert [entry.event.body["number"] for entry in world.ledger.read(connection, -1, 10)] == [2]


def test_only_its_own_unit_of_work_sees_an_uncommitted_entry(world: World) -> None:
    with world.database.writing() as uow:
        world.ledger.append(uow, event(1))
        assert world.ledger.size(uow.connection) == 1
        with world.database.reading() as connection:
            assert world.ledger.size(connection) == 0


def test_reading_goes_on_after_an_index_and_stops_at_the_limit(world: World) -> None:
    with world.database.writing() as uow:
        for number in range(5):
            world.ledger.append(uow, event(number))
    with world.database.reading() as connection:
        assert [entry.index for entry in world.ledger.read(connection, 1, 2)] == [2, 3]
        assert world.ledger.read(connection, 4, 2) == []


def test_entries_of_one_subject(world: World) -> None:
    with world.database.writing() as uow:
        for number, subject in enumerate(["rec_1", "rec_2", "rec_1"]):
            world.ledger.append(uow, event(number, subject))
        world.ledger.append(uow, Event(EventType.VOLUME_OPENED, "system", "volume", "rec_1", {}))
    with world.database.reading() as connection:
        assert [entry.index for entry in world.ledger.entries_for(connection, "record", "rec_1")] == [0, 2]


def test_entries_by_index_and_an_unknown_index(world: World) -> None:
    with world.database.writing() as uow:
        for number in range(3):
            world.ledger.append(uow, event(number))
    with world.database.reading() as connection:
        assert [entry.index for entry in world.ledger.entries_at(connection, [2, 0, 2])] == [0, 2]
        with pytest.raises(NotFound, match="ledger-entry-unknown"):
            world.ledger.entries_at(connection, [1, 3])


def test_a_body_without_canonical_form_is_refused_and_takes_no_number(world: World) -> None:
    with world.database.writing() as uow:
        with pytest.raises(InvalidInput, match="ledger-event-unwritable"):
            world.ledger.append(uow, Event(EventType.RECORD_FILED, "a", "record", "rec_1", {"share": 0.5}))  # type: ignore[dict-item] # the point of the test
        assert world.ledger.append(uow, event(1)) == 0
