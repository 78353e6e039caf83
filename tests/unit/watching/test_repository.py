"""The counts of the whole archive: the same on both databases, and answered from indexes."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from archive.db.migrating import HEAD
from archive.jobs.port import Lane
from ingest.connectors.port import Arrival, Refused
from ingest.types import ArrivalStatus, Status
from ingest.watching.repository import Failing, WatchRepository
from tests.services import fresh_database
from tests.small_archive import SOURCE, START, SmallArchive, ending, gone, notice, tender


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallArchive]:
    if request.param == "sqlite":
        with SmallArchive.at(tmp_path / "home") as small:
            yield small
    else:
        with fresh_database() as url, SmallArchive.at(tmp_path / "home", url) as small:
            yield small


def fill(archive: SmallArchive) -> None:
    """Two procurements of which one has ended, one document nobody can place, one refused, one gone."""
    archive.take(tender(1, "一号项目"), ending(1, "一号项目"), tender(2, "二号项目"), notice("n", "通知"))
    archive.take(Arrival("r", Refused("file-empty", {}, b"")), gone("t2"))
    archive.work()


def test_the_counts_are_those_of_the_rows(archive: SmallArchive) -> None:
    fill(archive)
    with archive.kernel.database.reading() as connection:
        repository = WatchRepository(connection)
        assert repository.revision() == HEAD
        states = [str(state) for state in archive.states().values()]
        assert repository.records() == {state: states.count(state) for state in set(states)}
        assert sum(repository.volumes().values()) == len(archive.volumes())
        assert repository.arrivals(ArrivalStatus.REFUSED) == repository.arrivals(ArrivalStatus.GONE) == {SOURCE: 1}
        stopped = {(one.step, one.status): one for one in repository.stopped()}
        passed = {(one.step, one.status): one for one in repository.passed(START - timedelta(minutes=5))}
        assert repository.passed(START + timedelta(seconds=1)) == []
        assert repository.checkpoint() is None
    waiting = [name for name in archive.states() if archive.states()[name] == "waiting"]
    assert sum(one.number for (_, status), one in stopped.items() if status is Status.WAITING) == len(waiting) > 0
    assert {one.oldest for one in stopped.values()} == {START}
    assert passed["receive", Status.DONE].number == 4
    assert passed["identify", Status.DONE].milliseconds > 0
    archive.kernel.integrator.publish()
    with archive.kernel.database.reading() as connection:
        assert WatchRepository(connection).checkpoint() == (archive.kernel.ledger.size(connection), START)


def test_jobs_are_counted_by_kind_and_state_and_failing_ones_by_code(archive: SmallArchive) -> None:
    jobs = archive.kernel.jobs
    with archive.kernel.database.writing() as uow:
        for key in ("a", "b", "c", "d"):
            jobs.enqueue(uow, "sync", key)
        jobs.enqueue(uow, "advance", "later", due=START + timedelta(hours=1))
    archive.clock.advance(timedelta(seconds=90))
    held = [jobs.claim("test", frozenset({"sync"}), frozenset(Lane)) for _ in range(3)]
    assert held[0] is not None
    assert held[1] is not None
    jobs.retry(held[0], "source-unreachable", "")
    jobs.set_aside(held[1], "source-unknown", "")
    now = archive.clock.now()
    with archive.kernel.database.reading() as connection:
        repository = WatchRepository(connection)
        counted = repository.jobs(("advance", "sync"))
        assert {name: number for name, number in counted.items() if number} == {
            ("advance", "waiting"): 1,
            ("sync", "waiting"): 2,
            ("sync", "leased"): 1,
            ("sync", "aside"): 1,
        }
        assert (repository.oldest_due("sync", now), repository.oldest_due("advance", now)) == (START, None)
        assert sorted(repository.failing(), key=lambda one: one.code) == [
            Failing("sync", "aside", "source-unknown", 1),
            Failing("sync", "waiting", "source-unreachable", 1),
        ]


def plans(connection: Connection) -> list[tuple[str, list[str]]]:
    """How SQLite answers each statement of the repository."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    repository = WatchRepository(connection)
    for ask in (repository.records, repository.volumes, repository.stopped, repository.checkpoint, repository.failing):
        ask()
    repository.passed(START)
    repository.jobs(("sync",))
    repository.oldest_due("sync", START)
    repository.arrivals(ArrivalStatus.GONE)
    event.remove(connection, "before_cursor_execute", note)
    driver = connection.connection.dbapi_connection
    assert driver is not None
    found = []
    for statement, parameters in asked:
        cursor = driver.cursor()
        cursor.execute(f"explain query plan {statement}", parameters)
        found.append((statement, [str(row[3]) for row in cursor.fetchall()]))
    return found


def test_no_large_table_is_scanned(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as archive, archive.kernel.database.reading() as connection:
        scans = [
            line
            for _, plan in plans(connection)
            for line in plan
            if line.startswith("SCAN") and "USING COVERING INDEX" not in line
        ]
        # The checkpoints are read from their end, and only the last.
        assert [line for line in scans if not re.match(r"SCAN (ledger_checkpoint|jobs_job)\b", line)] == []
        assert connection.execute(text("select count(*) from ingest_outcome")).scalar_one() == 0
