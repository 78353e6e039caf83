"""What a portal may do to its reader without a document being lost or the rest held up."""

import errno
import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from archive.errors import InvalidInput, SourceFailed, Unavailable
from ingest.connectors.http.source import HttpSource, Missing, Page, Politeness
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.simulator.port import Manner
from ingest.simulator.server import SimulatorServer
from ingest.types import ArrivalStatus, Summary
from tests.small_archive import ARCHIVIST, SOURCE, SmallArchive
from tests.small_portal import IMPATIENT, LOCALE, SmallPortal, page

THREES = PortalOptions(page_size=3)
TWO_YEARS = {"infodate": "2024-06-01", "pubinwebdate": "2024-06-01 08:00:00"}
ONE_YEAR = {"infodate": "2025-06-01", "pubinwebdate": "2025-06-01 08:00:00"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def walk(
    archive: SmallArchive, portal: SmallPortal, options: PortalOptions = THREES, *, walked: bool = True
) -> Summary:
    """One poll, with what intake remembers and from when on."""
    held, plain = archive.ingest.intake.held(SOURCE), load_dialect("plain")
    with SimulatorServer(portal) as base, HttpSource(base, IMPATIENT) as http:
        return archive.take_from(PortalConnector(http, plain, LOCALE, archive.clock, held, options, walked=walked))


def small(count: int, **values: object) -> SmallPortal:
    return SmallPortal(*(page(f"n{number}", "公告", **values) for number in range(count)))


def many_years() -> SmallPortal:
    """Three pages of three rows, the newest first, none of them recent."""
    pages = [page(f"new{number}", "公告", **ONE_YEAR) for number in range(4)]
    return SmallPortal(*pages, *(page(f"old{number}", "公告", **TWO_YEARS) for number in range(5)))


@pytest.mark.parametrize(("walked", "taken"), [(False, 3), (True, 0)])
def test_only_a_walk_that_once_reached_the_end_lets_a_later_one_stop_early(
    archive: SmallArchive, walked: bool, taken: int
) -> None:
    portal = many_years()
    everything = portal.rows
    portal.rows = everything[:6]
    walk(archive, portal)
    portal.rows = everything
    assert walk(archive, portal, walked=walked).captured == taken


def test_after_an_early_stop_what_left_the_walked_stretch_is_gone_and_nothing_older_is_asked(
    archive: SmallArchive,
) -> None:
    portal = many_years()
    walk(archive, portal)
    portal.drop("new1")
    portal.drop("old4")
    portal.asked.clear()
    assert walk(archive, portal).gone == 1
    assert portal.asked == ["new1"]
    assert walk(archive, portal, walked=False).gone == 1
    gone = {name for name in archive.states() if (seen := archive.arrival(name)) and seen.status is ArrivalStatus.GONE}
    assert gone == {"new1", "old4"}


def test_what_was_refused_beyond_an_early_stop_is_asked_again(archive: SmallArchive) -> None:
    portal = many_years()
    portal.manners["old4"] = Manner(status=502)
    assert [refused["id"] for refused in walk(archive, portal).refused] == ["old4"]
    portal.manners.clear()
    found = walk(archive, portal)
    assert (found.captured, found.refused) == (1, [])
    assert walk(archive, portal).captured == 0


def test_a_row_without_an_id_is_not_asked_for_by_the_name_it_was_given(archive: SmallArchive) -> None:
    portal = many_years()
    portal.rows.append({"title": "公告"})
    assert len(walk(archive, portal).refused) == 1
    portal.asked.clear()
    found = walk(archive, portal)
    assert (found.gone, found.refused, portal.asked) == (0, [], ["new3"])


@pytest.mark.parametrize("status", [403, 500])
def test_a_page_that_left_the_list_and_breaks_is_refused_and_the_next_is_asked(
    archive: SmallArchive, status: int
) -> None:
    portal = small(3)
    walk(archive, portal)
    portal.drop("n0")
    portal.drop("n1")
    portal.manners["n0"] = Manner(status=status)
    found = walk(archive, portal)
    assert (found.gone, [refused["code"] for refused in found.refused]) == (1, ["source-unreachable"])
    portal.manners.clear()
    assert walk(archive, portal).gone == 1


def test_many_pages_in_a_row_that_left_the_list_and_break_mean_that_the_source_is_down(archive: SmallArchive) -> None:
    portal = small(5)
    walk(archive, portal)
    portal.rows = []
    portal.manners = {f"n{number}": Manner(status=503) for number in range(5)}
    with pytest.raises(SourceFailed):
        walk(archive, portal)
    seen = {number: archive.arrival(f"n{number}") for number in (2, 3)}
    assert {number: row.status for number, row in seen.items() if row} == {
        2: ArrivalStatus.REFUSED,
        3: ArrivalStatus.CAPTURED,
    }


BAD_ADDRESSES = ["http://[::1/a.pdf", "/files/a.pdf?x=\x01", "http://a]b/c", "/files/a.pdf?" + "x" * 70_000, "//h"]


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=lambda address: repr(address[:20]))
def test_an_attachment_whose_address_is_none_keeps_only_its_own_document_out(
    archive: SmallArchive, address: str
) -> None:
    bad = page("n1", attachments=[{"name": "a.pdf", "url": address}])
    portal = SmallPortal(page("n0"), bad, page("n2"))
    found = walk(archive, portal)
    assert (found.captured, [refused["code"] for refused in found.refused]) == (2, ["attachment-unreachable"])


def test_a_notice_whose_attachment_is_gone_is_kept_as_it_came(archive: SmallArchive) -> None:
    attached = [{"name": "a.pdf", "url": "/files/n0/a.pdf"}]
    portal = SmallPortal(page("n0", infocontent="<p>评标结果</p>", attachments=attached))
    assert walk(archive, portal).refused[0]["code"] == "attachment-unreachable"
    seen = archive.arrival("n0")
    assert seen is not None
    assert seen.raw_sha256 is not None
    with archive.kernel.blobs.open(seen.raw_sha256) as stream:
        assert "评标结果".encode() in stream.read()


@pytest.mark.parametrize(
    ("attachments", "expected"), [(None, None), ([], []), (["a.pdf", "b.pdf"], ["a.pdf", "b.pdf"])]
)
def test_the_names_of_attachments_are_remembered_as_announced(
    archive: SmallArchive, attachments: list[str] | None, expected: list[str] | None
) -> None:
    named = [{"name": name, "url": f"/files/n0/{name}"} for name in attachments or []]
    portal = SmallPortal(page("n0", attachments=named if attachments is not None else None))
    portal.files = {("n0", name): b"%PDF" for name in attachments or []}
    assert walk(archive, portal).captured == 1
    view = archive.reader().find(ARCHIVIST, archive.record("n0").id)
    assert view.version.hints.get("attachments") == expected


def source(answer: Callable[[httpx.Request], httpx.Response], tries: int = 2) -> HttpSource:
    def with_robots(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.url.path == "/robots.txt" else answer(request)

    return HttpSource("http://portal", Politeness(tries=tries, pause=0.0), httpx.MockTransport(with_robots))


def test_a_page_larger_than_any_page_is_not_read_to_its_end() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1 << 20)

    with source(lambda _: httpx.Response(200, content=endless())) as http, pytest.raises(SourceFailed) as caught:
        http.fetch("/a")
    assert (caught.value.code, read < 70) == ("source-answer-too-large", True)


def test_a_small_answer_that_inflates_beyond_measure_is_refused() -> None:
    packed = gzip.compress(bytes(65 << 20), 1)
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(packed))
    with source(lambda _: answer) as http, pytest.raises(SourceFailed) as caught:
        http.fetch("/a", "")
    assert caught.value.code == "source-answer-too-large"


def test_what_is_packed_twice_is_not_unpacked() -> None:
    packed = gzip.compress(gzip.compress(b"{}"))
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip, gzip"}, stream=httpx.ByteStream(packed))
    with source(lambda _: answer) as http:
        with pytest.raises(SourceFailed) as caught:
            http.fetch("/a", "")
        with pytest.raises(InvalidInput):
            http.opener("/a", "a.pdf")()
    assert caught.value.code == "source-answer-malformed"


def test_a_page_packed_once_is_unpacked() -> None:
    answer = httpx.Response(
        200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(b'{"a": 1}'))
    )
    with source(lambda _: answer) as http:
        assert http.fetch("/a", "") == Page(b'{"a": 1}', "")


def test_an_answer_that_points_elsewhere_is_an_error_and_is_not_followed() -> None:
    hosts: list[str] = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"Location": "http://elsewhere/a.pdf"})

    with source(elsewhere) as http:
        with pytest.raises(SourceFailed) as page_caught:
            http.fetch("/a", "")
        with pytest.raises(InvalidInput) as file_caught:
            http.opener("/a.pdf", "a.pdf")()
    assert page_caught.value.params["detail"] == file_caught.value.params["detail"] == "HTTP 302"
    assert hosts == ["portal", "portal"]


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "blob-store-full"), (errno.EIO, "blob-store-unavailable")])
def test_no_room_to_spool_an_attachment_is_said(monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    class Full:
        closed = False

        def write(self, _: bytes) -> int:
            raise OSError(number, "no")

        def close(self) -> None:
            Full.closed = True
            raise OSError(number, "no")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **_: Full())
    with source(lambda _: httpx.Response(200, content=b"x")) as http, pytest.raises(Unavailable) as caught:
        http.opener("/a.pdf", "a.pdf")()
    assert (caught.value.code, Full.closed) == (code, True)


def test_a_file_that_is_gone_is_asked_for_once() -> None:
    asked: list[str] = []

    def gone(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(404)

    with source(gone, tries=4) as http:
        with pytest.raises(InvalidInput):
            http.opener("/a.pdf", "a.pdf")()
        assert http.fetch("/b", "") == Missing()
    assert asked == ["/a.pdf", "/b"]


def test_a_base_that_is_no_url_is_a_source_that_cannot_be_read() -> None:
    with pytest.raises(SourceFailed) as caught:
        HttpSource("http://[::1")
    assert caught.value.code == "source-unreachable"


def test_a_tag_that_cannot_be_sent_back_is_left_out() -> None:
    answer = httpx.Response(200, content=b"{}", headers=[(b"ETag", "版".encode())])
    with source(lambda _: answer) as http:
        assert http.fetch("/a", "") == Page(b"{}", "")


def test_pages_asked_within_the_recheck_are_not_asked_again_by_a_full_walk(archive: SmallArchive) -> None:
    portal = many_years()
    walk(archive, portal)
    archive.clock.advance(timedelta(hours=1))
    portal.asked.clear()
    assert walk(archive, portal, walked=False).unchanged == 9
    assert portal.asked == []
