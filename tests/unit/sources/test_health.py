"""How a source is said to be, from what is remembered of it."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import NotFound, SourceFailed
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, Opened, Refused
from ingest.sources.health import SourceHealth, SourceHealthService, SourceState
from ingest.sources.repository import SourceRepository
from ingest.waking import SYNC
from tests.small_archive import START, SmallArchive, gone, notice
from tests.unit.test_intake_sync import Breaking, opens

NAME = "site"
DOWN = SourceFailed("source-unreachable", source="s", detail="")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.ingest.sources.register(NAME, "portal", "http://portal.example", minutes=30)
        yield small


def service(archive: SmallArchive) -> SourceHealthService:
    kernel = archive.kernel
    return SourceHealthService(kernel.database, kernel.jobs, archive.clock, archive.ingest.sources)


def health(archive: SmallArchive) -> SourceHealth:
    return service(archive).of(NAME)


def read(archive: SmallArchive, *arrivals: Arrival) -> None:
    archive.ingest.intake.sync(NAME, opens(MemoryConnector(arrivals), {}, {}))


def fail(archive: SmallArchive) -> None:
    with pytest.raises(SourceFailed):
        archive.ingest.intake.sync(NAME, opens(Breaking(DOWN), {}, {}))


def test_a_source_goes_through_its_states(archive: SmallArchive) -> None:
    assert (health(archive).state, health(archive).next_reading) == (SourceState.NEVER, START)
    read(archive)
    found = health(archive)
    assert (found.state, found.since, found.next_reading) == (SourceState.FINE, None, START + timedelta(minutes=30))
    archive.clock.advance(timedelta(minutes=40))
    assert health(archive).state is SourceState.FINE
    archive.clock.advance(timedelta(minutes=40))
    found = health(archive)
    assert (found.state, found.since) == (SourceState.LATE, START + timedelta(minutes=30))
    fail(archive)
    found = health(archive)
    assert (found.state, found.since, found.source.failure_code) == (SourceState.FAILING, START, "source-unreachable")
    archive.ingest.sources.pause(NAME)
    found = health(archive)
    assert (found.state, found.since, found.next_reading) == (SourceState.PAUSED, archive.clock.now(), None)
    archive.ingest.sources.resume(NAME)
    read(archive)
    assert health(archive).state is SourceState.FINE


def test_the_backlog_counts_what_was_refused_and_what_is_gone(archive: SmallArchive) -> None:
    bad = [Arrival(f"b{number}", Refused("row-without-id", {"line": number})) for number in range(3)]
    read(archive, Arrival("n1", notice("n1", "公告")), *bad)
    read(archive, gone("n1"), *bad)
    found = health(archive)
    assert (found.captured, found.refused, found.gone) == (0, 3, 1)
    assert sorted(seen.external_id for seen in service(archive).refused(NAME)) == ["b0", "b1", "b2"]
    assert {seen.tries for seen in service(archive).refused(NAME)} == {2}
    (other,) = (one for one in service(archive).all() if one.source.name != NAME)
    assert other.refused == 0


def test_it_says_whether_a_reading_waits_or_is_under_way_or_was_given_up(archive: SmallArchive) -> None:
    jobs = archive.kernel.jobs
    archive.ingest.sources.ask(NAME)
    assert (health(archive).asked, health(archive).reading) == (True, False)
    job = jobs.claim("test", frozenset({SYNC}))
    assert job is not None
    assert (health(archive).asked, health(archive).reading) == (False, True)
    jobs.set_aside(job, DOWN.code, DOWN.message())
    given_up = health(archive).set_aside
    assert given_up is not None
    assert given_up.code == "source-unreachable"


def test_a_reading_that_met_a_pause_was_not_given_up(archive: SmallArchive) -> None:
    archive.ingest.sources.ask(NAME)
    archive.ingest.sources.pause(NAME)
    job = archive.kernel.jobs.claim("test", frozenset({SYNC}))
    assert job is not None
    archive.kernel.jobs.set_aside(job, "source-paused", "")
    assert health(archive).set_aside is None


def test_a_pause_while_a_reading_is_under_way_lets_it_end(archive: SmallArchive) -> None:
    sources = archive.ingest.sources

    class Pausing(MemoryConnector):
        def arrivals(self, known: object) -> Iterator[Arrival]:
            del known
            yield Arrival("n1", notice("n1", "公告"))
            sources.pause(NAME)
            yield Arrival("n2", notice("n2", "公告"))

    summary, _ = archive.ingest.intake.sync(NAME, opens(Pausing([]), {"at": 2}, {}))
    found = health(archive)
    assert (summary.captured, found.state, found.source.position) == (2, SourceState.PAUSED, {"at": 2})
    assert found.source.last_success == START


@pytest.mark.parametrize(("seconds", "skewed"), [(None, False), (0, False), (60, False), (61, True), (-3_600, True)])
def test_a_clock_that_differs_by_more_than_a_minute_is_said(
    archive: SmallArchive, seconds: int | None, *, skewed: bool
) -> None:
    with archive.kernel.database.writing() as uow:
        SourceRepository(uow.connection).update(NAME, clock_skew=seconds)
    assert health(archive).skewed is skewed


def test_the_clock_of_a_source_is_noticed_when_it_is_read(archive: SmallArchive) -> None:
    opened = Opened(MemoryConnector([]), {}, clock=lambda: START + timedelta(hours=8))
    archive.ingest.intake.sync(NAME, lambda *_: nullcontext(opened))
    assert (health(archive).source.clock_skew, health(archive).skewed) == (8 * 3600, True)


def test_what_is_not_registered_is_not_found(archive: SmallArchive) -> None:
    with pytest.raises(NotFound, match="source-unknown"):
        service(archive).of("nowhere")
