"""Portals of other dialects: the notice as published, rows that say what the page does not, lists without order."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.http.source import HttpSource
from ingest.connectors.port import Arrival
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import Stretch, dialect_names, load_dialect, read_dialect
from ingest.connectors.portal.trace import Trace
from ingest.simulator.port import Manner
from ingest.simulator.server import SimulatorServer
from ingest.types import Summary
from tests.small_archive import ARCHIVIST, SOURCE, SmallArchive
from tests.small_portal import IMPATIENT, LOCALE, SmallPortal, page

DAYS = timedelta(days=1)
BOTH = ("epoint", "source-data-key")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


class Far:
    """A portal of one dialect on one port, for as long as the test lasts, so that its addresses stay."""

    def __init__(self, archive: SmallArchive, portal: SmallPortal, dialect: str, options: PortalOptions) -> None:
        self._archive = archive
        self._portal = portal
        self._dialect = load_dialect(dialect)
        self._options = options
        self.walked = True

    def connector(self, http: HttpSource) -> PortalConnector:
        held = self._archive.ingest.intake.held(SOURCE)
        dialect, clock = self._dialect, self._archive.clock
        return PortalConnector(http, dialect, LOCALE, clock, held, self._options, walked=self.walked)

    def sync(self) -> Summary:
        with SimulatorServer(self._portal) as base, HttpSource(base, IMPATIENT) as http:
            return self._archive.take_from(self.connector(http))

    def arrivals(self) -> dict[str, Arrival]:
        with SimulatorServer(self._portal) as base, HttpSource(base, IMPATIENT) as http:
            return {found.external_id: found for found in self.connector(http).arrivals(lambda _: None)}


def far(archive: SmallArchive, portal: SmallPortal, dialect: str, **options: Any) -> Far:
    return Far(archive, portal, dialect, PortalOptions(**options))


def files(archive: SmallArchive, external_id: str) -> dict[str, bytes]:
    """What is stored of a document, by name."""
    view = archive.reader().find(ARCHIVIST, archive.record(external_id).id)
    stored = {}
    for component in view.components:
        with archive.kernel.blobs.open(component.sha256) as stream:
            stored[component.name] = stream.read()
    return stored


def attached(infoid: str, *names: str) -> list[dict[str, object]]:
    return [{"name": name, "url": f"/files/{infoid}/{name}"} for name in names]


def test_the_three_dialects_can_be_read_and_another_is_named() -> None:
    assert dialect_names() == ("epoint", "plain", "source-data-key")
    for name in dialect_names():
        assert load_dialect(name).name == name
    with pytest.raises(InvalidInput) as caught:
        load_dialect("epiont")
    assert (caught.value.code, caught.value.params["near"]) == ("portal-dialect-unknown", "epoint")


@pytest.mark.parametrize("told", [{"lists": {}}, {"list": {"walks": "pages"}}])
def test_a_dialect_that_says_what_is_not_understood_is_a_mistake(told: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_dialect("new", told)


def test_each_dialect_asks_in_its_own_way() -> None:
    stretch = Stretch(2, 100, 50)
    plain = load_dialect("plain").list_question(stretch, {})
    assert (plain.method, plain.address) == ("GET", "/api/list?page=3&size=50")
    epoint = load_dialect("epoint").list_question(stretch, {"siteGuid": "7eb5", "categoryNum": "003"})
    assert epoint.method == "POST"
    assert epoint.form is not None
    assert (epoint.form["pageIndex"], epoint.form["pageSize"], epoint.form["siteGuid"]) == ("2", "50", "7eb5")
    newest = load_dialect("source-data-key").list_question(stretch, {"noticeTypeName": "招标公告"})
    assert newest.address.endswith("?noticeTypeName=%E6%8B%9B%E6%A0%87%E5%85%AC%E5%91%8A&transactionTypeName=&num=50")


def test_the_notice_is_kept_byte_by_byte_as_it_was_published_and_its_character_set_is_told(
    archive: SmallArchive,
) -> None:
    portal = SmallPortal(page("n1", "招标公告", categorynum="003001001", clicktimes=3))
    portal.manners["n1"] = Manner(encoding="gb18030")
    portal.rows[0] |= {"categorynum": "003001001", "clicktimes": 3}
    assert far(archive, portal, "epoint").sync().captured == 1
    stored = files(archive, "n1")
    assert "招标公告".encode("gb18030") in stored["notice.html"]
    envelope = json.loads(stored["envelope.json"])
    assert envelope["page"]["charset"] == "gb18030"
    assert envelope["page"]["declared"] == "utf-8"
    assert envelope["page"]["headers"] == {"content-type": "text/html; charset=utf-8"}
    assert envelope["page"]["address"].endswith("/n1.html")
    assert (envelope["row"]["infoid"], "clicktimes" in envelope["row"]) == ("n1", False)


@pytest.mark.parametrize("dialect", BOTH)
def test_asked_whole_a_second_time_nothing_is_new(archive: SmallArchive, dialect: str) -> None:
    portal = SmallPortal(page("n1", attachments=attached("n1", "a.pdf")))
    portal.files["n1", "a.pdf"] = b"%PDF"
    source = far(archive, portal, dialect)
    assert source.sync().captured == 1
    size = len(archive.entries())
    first, second = source.arrivals()["n1"], source.arrivals()["n1"]
    assert first.fingerprint == second.fingerprint
    assert source.sync().unchanged == 1
    archive.clock.advance(timedelta(hours=7))
    assert source.sync().unchanged == 1
    assert len(archive.entries()) == size


@pytest.mark.parametrize("dialect", BOTH)
def test_files_that_the_notice_links_to_are_its_attachments(archive: SmallArchive, dialect: str) -> None:
    portal = SmallPortal(page("n1", attachments=attached("n1", "招标文件.pdf", "图纸.dwg")))
    portal.pages["n1"]["infocontent"] += '<a href="/about.html">关于</a><a href="mailto:a@b.pdf">a</a><a>x.pdf</a>'
    portal.files = {("n1", "招标文件.pdf"): b"%PDF", ("n1", "图纸.dwg"): b"AC10"}
    assert far(archive, portal, dialect).sync().captured == 1
    stored = files(archive, "n1")
    assert (stored["招标文件.pdf"], stored["图纸.dwg"]) == (b"%PDF", b"AC10")
    view = archive.reader().find(ARCHIVIST, archive.record("n1").id)
    assert view.version.hints["attachments"] == ["招标文件.pdf", "图纸.dwg"]
    assert [component.role for component in view.components].count(ComponentRole.ATTACHMENT) == 2


def test_a_link_to_a_host_that_is_not_named_is_not_followed_and_the_file_is_missed(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1", attachments=[{"name": "a.pdf", "url": "http://192.0.2.7/files/a.pdf"}]))
    assert far(archive, portal, "epoint").sync().captured == 1
    view = archive.reader().find(ARCHIVIST, archive.record("n1").id)
    assert view.version.hints["attachments"] == ["a.pdf"]
    archive.work()
    assert archive.outcomes("n1")["check"].code == "attachments-missing"


def test_an_announced_attachment_on_a_host_that_is_not_named_is_refused(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1", attachments=[{"name": "a.pdf", "url": "http://192.0.2.7/files/n1/a.pdf"}]))
    portal.files["n1", "a.pdf"] = b"another file of the same path"
    refused = far(archive, portal, "plain").sync().refused
    assert [entry["code"] for entry in refused] == ["attachment-elsewhere"]


@pytest.mark.parametrize("dialect", BOTH)
def test_a_document_that_was_refused_is_taken_once_it_is_mended_though_the_list_no_longer_goes_so_far(
    archive: SmallArchive, dialect: str
) -> None:
    old = {"infodate": "2024-06-01", "pubinwebdate": "2024-06-01 08:00:00"}
    portal = SmallPortal(*(page(f"n{number}", f"{number}号公告", **old) for number in range(9)))
    portal.manners["n8"] = Manner(status=403)
    source = far(archive, portal, dialect, page_size=3)
    source.walked = False
    assert len(source.sync().refused) == 1
    portal.manners.clear()
    source.walked = True
    assert source.sync().captured == 1
    assert archive.record("n8").title == "8号公告"


@pytest.mark.parametrize("dialect", ["plain", *BOTH])
def test_a_silent_edit_deep_in_the_past_is_found_in_the_end(archive: SmallArchive, dialect: str) -> None:
    old = {"infodate": "2024-06-01", "pubinwebdate": "2024-06-01 08:00:00"}
    portal = SmallPortal(*(page(f"n{number}", f"{number}号公告", **old) for number in range(12)))
    source = far(archive, portal, dialect, page_size=3, stale_at_once=5)
    source.walked = False
    assert source.sync().captured == 12
    source.walked = True
    portal.pages["n10"]["infocontent"] = "<p>无声的改动</p>"
    portal.drop("n11")
    archive.clock.advance(31 * DAYS)
    found = [source.sync() for _ in range(3)]
    assert sum(summary.new_versions for summary in found) == 1
    assert sum(summary.gone for summary in found) == 1
    assert (archive.record("n10").version, archive.record("n10").title) == (2, "10号公告")
    assert sum(len(summary.refused) for summary in found) == 0
    archive.clock.advance(timedelta(hours=1))
    assert source.sync().new_versions == 0


def test_a_page_that_changed_after_its_row_had_left_the_list_is_said(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    source = far(archive, portal, "epoint")
    source.sync()
    portal.rows.pop(0)
    portal.pages["n1"]["infocontent"] = "<p>改动</p>"
    archive.clock.advance(31 * DAYS)
    assert [entry["code"] for entry in source.sync().refused] == ["portal-row-left"]
    assert archive.record("n1").version == 1


def test_the_newest_are_asked_for_in_growing_numbers_until_the_overlap_is_covered(archive: SmallArchive) -> None:
    recent = [page(f"r{number}", infodate="2026-05-30", pubinwebdate="2026-05-30 08:00:00") for number in range(10)]
    days = [f"2024-{12 - number // 20:02}-{20 - number % 20:02}" for number in range(60)]
    past = [page(f"p{number}", infodate=day, pubinwebdate=f"{day} 08:00:00") for number, day in enumerate(days)]
    portal = SmallPortal(*recent, *past)
    source = far(archive, portal, "source-data-key", page_size=4)
    source.walked = False
    assert source.sync().captured == 70
    source.walked = True
    archive.clock.advance(timedelta(hours=1))
    portal.asked.clear()
    again = source.sync()
    assert (again.received, again.unchanged, portal.asked) == (32, 32, [])


@pytest.mark.parametrize("dialect", ["plain", *BOTH])
def test_the_inventory_says_what_the_arrivals_state(archive: SmallArchive, dialect: str) -> None:
    portal = SmallPortal(*(page(f"n{number}", categorynum=f"00{number}") for number in range(7)))
    for number, row in enumerate(portal.rows):
        row |= {"categorynum": f"00{number}", "categoryname": f"00{number}"}
    source = far(archive, portal, dialect, page_size=3)
    stated = {name: found.stated for name, found in source.arrivals().items()}
    portal.asked.clear()
    with SimulatorServer(portal) as base, HttpSource(base, IMPATIENT) as http:
        listed = {entry.external_id: entry.stated for entry in source.connector(http).inventory()}
    assert listed == stated
    assert (listed["n3"].data_set, str(listed["n3"].day)) == ("003", "2026-05-20")
    assert listed["n3"].digest.startswith("mark:")
    assert dialect == "epoint" or portal.asked == []
    source.sync()
    seen = archive.arrival("n3")
    assert seen is not None
    assert (seen.data_set, seen.day, seen.digest) == (listed["n3"].data_set, listed["n3"].day, listed["n3"].digest)


@pytest.mark.parametrize(
    "trace",
    [
        Trace("0123"),
        Trace("0123", '"tag"'),
        Trace("0123", 'W/"tag:1"', "Mon, 01 Jun 2026 08:00:00 GMT", "/a.html", "ff", {"infoid": "n1", "title": "公告"}),
    ],
)
def test_what_is_remembered_is_read_as_it_was_written(trace: Trace) -> None:
    assert Trace.read(trace.written()) == trace


def test_what_cannot_be_made_out_is_forgotten() -> None:
    assert Trace.read("0123:[1, 2") == Trace("0123")
    assert Trace("0123").with_row({"title": "长" * 10_000}, "infocontent") == Trace("0123")


def test_a_notice_of_50_megabytes_is_one_notice(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("big", infocontent="<p>" + "x" * (50 << 20) + "</p>"), page("n2"))
    found = far(archive, portal, "plain").arrivals()
    assert all(isinstance(arrival.what, Delivery) for arrival in found.values())
