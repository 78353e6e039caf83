"""No document of a portal is missed for ever: whatever moves, is dated back, or goes wrong while the list is walked."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from archive.clock import FixedClock
from archive.errors import SourceFailed
from ingest.connectors.http.source import HttpSource, Politeness
from ingest.connectors.port import Arrival, Context, Held, Known, Same
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.portal.kind import open_portal
from ingest.connectors.portal.published import file_links
from ingest.connectors.secrets import Secrets
from ingest.simulator.port import Row
from ingest.simulator.server import SimulatorServer
from ingest.types import Source
from tests.small_archive import SOURCE, START, SmallArchive
from tests.small_portal import LOCALE, SmallPortal, page
from tests.unit.connectors.test_portal_dialects import far
from tests.unit.connectors.test_portal_findings import TWO_YEARS, walk

HOURS = timedelta(hours=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


class Restless(SmallPortal):
    """Nine old notices in pages of three; at the third question for the list the first of them is taken away."""

    def __init__(self) -> None:
        super().__init__(*(page(f"n{number}", **TWO_YEARS) for number in range(9)))
        self.questions = 0

    def listing(self, category: str | None) -> list[Row]:
        self.questions += 1
        if self.questions == 3:
            self.drop("n0")
        return list(super().listing(category))


def poll(archive: SmallArchive, portal: SmallPortal, position: dict[str, object]) -> dict[str, object]:
    """One reading as a registered source is read; what is remembered after it."""
    with SimulatorServer(portal) as base:
        options = {"page_size": 3, "requests_per_second": 0}
        source = Source(SOURCE, "portal", base, position, START, options=options)
        held, secrets = archive.ingest.intake.held(SOURCE), Secrets(Path("/"))
        context = Context(LOCALE, archive.clock, secrets, held, archive.settings.home)
        with open_portal(source, context) as opened:
            archive.take_from(opened.connector)
            return opened.position


def test_rows_that_moved_past_the_first_walk_are_found_by_the_next_which_asks_for_nothing_else(
    archive: SmallArchive,
) -> None:
    portal = Restless()
    position = poll(archive, portal, {})
    assert "n6" not in archive.states()
    assert position == {"walked": True}

    archive.clock.advance(7 * HOURS)
    portal.asked.clear()
    position = poll(archive, portal, position)

    assert "n6" in archive.states()
    assert not {"n7", "n8"} & set(portal.asked)
    assert datetime.fromisoformat(str(position["walked"])) == archive.clock.now()


def test_a_notice_that_is_dated_back_is_found_when_the_whole_list_is_due_again(archive: SmallArchive) -> None:
    portal = SmallPortal(*(page(f"n{number}", **TWO_YEARS) for number in range(9)))
    position = poll(archive, portal, {})
    late = page("late", **TWO_YEARS)
    portal.put(late)
    portal.rows.append(portal.rows.pop(0))

    archive.clock.advance(7 * HOURS)
    position = poll(archive, portal, position)
    assert "late" not in archive.states()
    archive.clock.advance(timedelta(days=30))
    poll(archive, portal, position)
    assert "late" in archive.states()


def test_an_empty_page_in_the_middle_of_a_list_is_no_end_of_it(archive: SmallArchive) -> None:
    class Hollow(Restless):
        def listing(self, category: str | None) -> list[Row]:
            rows = super().listing(category)
            return _Hollow(rows) if self.questions == 2 else rows

    with pytest.raises(SourceFailed, match="source-answer-malformed"):
        walk(archive, Hollow(), walked=False)
    assert len(archive.states()) == 3


class _Hollow(list[Row]):
    """As long as ever, and nothing in it."""

    def __getitem__(self, place: object) -> list[Row]:  # type: ignore[override]  # only ever cut
        return []


def test_a_page_that_was_asked_by_a_clock_ahead_of_its_time_is_asked_again(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"))
    archive.clock.advance(timedelta(days=1_000))
    walk(archive, portal)
    archive.clock.advance(timedelta(days=-1_000))
    portal.asked.clear()
    walk(archive, portal)
    assert portal.asked == ["n1"]


def test_one_document_under_two_headings_is_not_a_version_of_itself_at_every_reading(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"))
    portal.rows = [portal.rows[0] | {"categorynum": number} for number in ("001", "002")]
    source = far(archive, portal, "epoint")
    for _ in range(3):
        source.sync()
        archive.clock.advance(7 * HOURS)
    assert archive.record("n1").version == 1


@pytest.mark.parametrize("written", ["/site/jyxx/n1.html", "jyxx/n1.html", "http://portal/site/jyxx/n1.html"])
def test_a_page_is_asked_for_where_a_browser_would_find_it(written: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        row = {"infoid": "n1", "title": "公告", "infodate": "2026-05-20", "infourl": written}
        rows = {"custom": {"infodata": [row], "count": 1}}
        return httpx.Response(200, json=rows) if request.method == "POST" else httpx.Response(404)

    nothing = Held(lambda _=None: iter(()), lambda *_: [])
    polite, epoint = Politeness(per_second=0, pause=0.0), load_dialect("epoint")
    with HttpSource("http://portal/site", polite, httpx.MockTransport(answer)) as http:
        portal = PortalConnector(http, epoint, LOCALE, FixedClock(START), nothing)
        list(portal.arrivals(lambda _: None))
    assert asked[-1] == "/site/jyxx/n1.html"


def test_what_a_whole_walk_only_compares_is_said_to_be_the_same(archive: SmallArchive) -> None:
    portal = SmallPortal(*(page(f"n{number}", **TWO_YEARS) for number in range(9)))
    position = poll(archive, portal, {})
    archive.clock.advance(timedelta(days=31))
    options = PortalOptions(page_size=3, whole=True, stale_at_once=0)
    portal.asked.clear()
    held = archive.ingest.intake.held(SOURCE)
    with SimulatorServer(portal) as base, HttpSource(base, Politeness(per_second=0)) as http:
        plain = load_dialect("plain")
        connector = PortalConnector(http, plain, LOCALE, archive.clock, held, options, walked=bool(position))
        found: list[Arrival] = []
        archive.take_from(_Noting(connector, found))
    assert [arrival.what for arrival in found[3:]] == [Same()] * 6
    assert portal.asked == ["n0", "n1", "n2"]


def test_a_list_of_the_newest_alone_does_not_have_every_older_document_asked_for_again(archive: SmallArchive) -> None:
    old = [page(f"old{number}", **TWO_YEARS) for number in range(3)]
    portal = SmallPortal(page("new", infodate="2026-05-31", pubinwebdate="2026-05-31 09:00:00"), *old)
    source = far(archive, portal, "source-data-key")
    assert source.sync().captured == 4
    portal.rows = portal.rows[:1]
    portal.asked.clear()
    source.sync()
    assert not {"old0", "old1", "old2"} & set(portal.asked)


@pytest.mark.parametrize("text", ["<a " * 300_000, "<a>" * 300_000], ids=["attributes", "texts"])
def test_a_page_of_nothing_but_beginnings_of_links_is_read_in_one_go(text: str) -> None:
    links = list(file_links(text + "<a href='x.pdf'>附件.pdf</a>"))
    assert [link.name for link in links] == ["附件.pdf"]


class _Noting:
    """Notes what a connector hands over."""

    def __init__(self, connector: PortalConnector, found: list[Arrival]) -> None:
        self._connector = connector
        self._found = found

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        for arrival in self._connector.arrivals(known):
            self._found.append(arrival)
            yield arrival
