"""Reading a source once: what is remembered before, after, and when it breaks off."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from archive.errors import SourceFailed
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, Connector, Held, Known, Opened
from ingest.simulator.port import Manner
from ingest.simulator.server import SimulatorServer
from ingest.sources.rereading import reread
from ingest.types import Source, Summary
from tests.small_archive import SOURCE, START, SmallArchive, adds_up, attachment, notice
from tests.small_portal import SmallPortal, page

PORTAL = "site"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


class Breaking:
    """Hands over one document, then breaks off."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        del known
        yield Arrival("n1", notice("n1", "公告"))
        raise self._error


def opens(
    connector: Connector, position: dict[str, object], reading: dict[str, object] | None
) -> Callable[[Source, Held], AbstractContextManager[Opened]]:
    @contextmanager
    def open_source(source: Source, held: Held) -> Iterator[Opened]:
        del source, held
        yield Opened(connector, position, more=False, reading=reading)

    return open_source


def position(archive: SmallArchive, name: str = SOURCE) -> Mapping[str, object]:
    return archive.ingest.sources.get(name).position


@pytest.mark.parametrize(("reading", "left"), [({}, {}), (None, {"walked": True}), ({"at": 1}, {"at": 1})])
def test_what_is_to_be_remembered_while_reading_stays_when_it_breaks_off(
    archive: SmallArchive, reading: dict[str, object] | None, left: dict[str, object]
) -> None:
    intake = archive.ingest.intake
    intake.sync(SOURCE, opens(MemoryConnector([]), {"walked": True}, None))
    assert position(archive) == {"walked": True}
    # Not even a way to end that nothing catches may leave the mark.
    with pytest.raises(KeyboardInterrupt):
        intake.sync(SOURCE, opens(Breaking(KeyboardInterrupt()), {"walked": True}, reading))
    assert position(archive) == left


def test_a_reading_that_breaks_off_keeps_what_it_counted(archive: SmallArchive) -> None:
    summary = Summary()
    with pytest.raises(SourceFailed):
        archive.ingest.intake.sync(
            SOURCE, opens(Breaking(SourceFailed("source-unreachable", source="s", detail="")), {}, {}), summary=summary
        )
    assert (summary.received, summary.captured) == (1, 1)
    assert archive.ingest.sources.get(SOURCE).failure_code == "source-unreachable"


def test_what_nobody_foresaw_is_remembered_as_a_failure_of_the_source(archive: SmallArchive) -> None:
    with pytest.raises(ZeroDivisionError):
        archive.ingest.intake.sync(SOURCE, opens(Breaking(ZeroDivisionError()), {"walked": True}, {}))
    source = archive.ingest.sources.get(SOURCE)
    assert (source.failure_code, source.last_failure, source.last_success) == ("source-crashed", START, None)
    assert "ZeroDivisionError" in str(source.failure_message)
    assert position(archive) == {}
    archive.ingest.intake.sync(SOURCE, opens(MemoryConnector([]), {}, {}))
    assert archive.ingest.sources.get(SOURCE).failure_code is None


def test_a_document_in_whose_middle_the_reading_breaks_off_is_not_counted(
    archive: SmallArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError

    summary = Summary()
    connector = MemoryConnector([Arrival("n1", notice("n1", "公告", attachment("a.pdf", b"%PDF")))])
    monkeypatch.setattr(archive.kernel.blobs, "put", full)
    with pytest.raises(OSError, match=r"^$"):
        archive.ingest.intake.sync(SOURCE, opens(connector, {}, {}), summary=summary)
    assert adds_up(summary)


def test_an_interrupted_first_walk_is_walked_to_its_end_the_next_time(archive: SmallArchive) -> None:
    old = {"infodate": "2024-06-01", "pubinwebdate": "2024-06-01 08:00:00"}
    portal = SmallPortal(*(page(f"n{number:03}", **old) for number in range(60)))
    opener, intake = archive.ingest.opener, archive.ingest.intake
    portal.manners = {f"n{number:03}": Manner(status=403) for number in range(53, 60)}
    with SimulatorServer(portal) as base:
        archive.ingest.sources.register(PORTAL, "portal", base, {"requests_per_second": 0})
        with pytest.raises(SourceFailed):
            intake.sync(PORTAL, opener)
        assert position(archive, PORTAL) == {}
        portal.manners.clear()
        summary, _ = intake.sync(PORTAL, opener)
        assert (summary.captured, summary.unchanged) == (7, 53)
        assert position(archive, PORTAL)["walked"]
        # From now on a page of old acquaintances is enough, and what left it is noticed all the same.
        portal.drop("n003")
        summary, _ = intake.sync(PORTAL, opener)
    assert (summary.gone, summary.received) == (1, 51)


def test_the_announced_names_are_compared_with_what_arrived(archive: SmallArchive) -> None:
    hints = {"data_no": "551", "project_code": "SDCG-2026-0001", "attachments": ["a.txt", "b.txt"]}
    archive.take(notice("n1", "道路改造工程公开招标公告", attachment("a.txt", b"a"), hints=hints))
    archive.work()
    outcome = archive.outcomes("n1")["check"]
    assert (outcome.status, outcome.code) == ("returned", "attachments-missing")


@pytest.mark.parametrize("reading", [None, {}])
def test_a_reading_does_not_undo_that_all_is_to_be_read_once_more(
    archive: SmallArchive, reading: dict[str, object] | None
) -> None:
    registry, jobs, connector = archive.ingest.opener.registry, archive.kernel.jobs, MemoryConnector([])
    archive.ingest.sources.register(PORTAL, "portal", "http://127.0.0.1:9")
    seen: list[Mapping[str, object]] = []

    class Repaired:
        """While it is read somebody asks again for a document that lies behind its position."""

        def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
            del known
            with archive.kernel.database.writing() as uow:
                assert reread(uow, jobs, registry, PORTAL, ["n1"])
            yield from ()

    @contextmanager
    def noting(source: Source, held: Held) -> Iterator[Opened]:
        del held
        seen.append(source.position)
        yield Opened(Repaired() if len(seen) == 2 else connector, {"after": len(seen)}, reading=reading)

    for _ in range(4):
        archive.ingest.intake.sync(PORTAL, noting)
    assert seen == [{}, {"after": 1}, {}, {"after": 3}]
