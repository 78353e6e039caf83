"""Lists and rows as portals really answer: each trouble has its name, and the rows beside it are read."""

import json
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, overload

import httpx
import pytest

from archive.clock import FixedClock
from archive.errors import SourceFailed
from archive.records.types import Delivery
from ingest.connectors.http.source import HttpSource
from ingest.connectors.port import Arrival, Held, Refused
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.portal.listing import PortalList
from ingest.connectors.portal.published import file_links, read_html
from ingest.simulator.port import Manner, Row
from ingest.simulator.portal_faces import LOGIN
from tests.small_archive import START
from tests.small_portal import IMPATIENT, LOCALE, SmallPortal, page, reading

NOTHING = Held(lambda _=None: iter(()), lambda *_: [])
DEEP = "[" * 60 + "]" * 60


def row(infoid: str, **values: object) -> dict[str, Any]:
    return page(infoid, f"{infoid}公告", **values)


def listing(*rows: str, total: int | None = None) -> bytes:
    return f'{{"total": {len(rows) if total is None else total}, "items": [{", ".join(rows)}]}}'.encode()


def portal(answer: bytes, encoding: str | None = None) -> Callable[[httpx.Request], httpx.Response]:
    """A portal whose list is given byte by byte, and whose details are good."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        if request.url.path == "/api/list":
            return httpx.Response(200, content=answer.decode().encode(encoding) if encoding else answer)
        return httpx.Response(200, json=row(request.url.path.rpartition("/")[2]))

    return respond


def read(respond: Callable[[httpx.Request], httpx.Response], **options: Any) -> dict[str, Arrival]:
    with HttpSource("http://portal", IMPATIENT, httpx.MockTransport(respond)) as http:
        plain, clock = load_dialect("plain"), FixedClock(START)
        connector = PortalConnector(http, plain, LOCALE, clock, NOTHING, PortalOptions(**options), walked=True)
        return {arrival.external_id: arrival for arrival in connector.arrivals(lambda _: None)}


def codes(found: dict[str, Arrival]) -> dict[str, str]:
    return {name: arrival.what.code for name, arrival in found.items() if isinstance(arrival.what, Refused)}


def good(found: dict[str, Arrival]) -> set[str]:
    return {name for name, arrival in found.items() if isinstance(arrival.what, Delivery)}


GOOD = [json.dumps(row("n1"), ensure_ascii=False), json.dumps(row("n2"), ensure_ascii=False)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_the_encoding_it_has(encoding: str) -> None:
    assert good(read(portal(listing(*GOOD), encoding))) == {"n1", "n2"}


def test_control_characters_in_one_title_do_not_spoil_the_list() -> None:
    spoilt = '{"infoid": "n3", "title": "控\x01制\x0b"}'
    assert good(read(portal(listing(*GOOD, spoilt)))) == {"n1", "n2", "n3"}


BAD_ROWS = {
    "a key given twice": ('{"infoid": "bad", "title": "a", "title": "b"}', "source-answer-key-twice"),
    "a key given twice below": ('{"infoid": "bad", "x": [{"y": 1, "y": 2}]}', "source-answer-key-twice"),
    "nested without end": (f'{{"infoid": "bad", "x": {DEEP}}}', "source-answer-too-deep"),
}


@pytest.mark.parametrize(("bad", "code"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_whose_meaning_cannot_be_known_is_refused_alone(bad: str, code: str) -> None:
    found = read(portal(listing(GOOD[0], bad, GOOD[1])))
    assert (codes(found), good(found)) == ({"bad": code}, {"n1", "n2"})
    refused = found["bad"].what
    assert isinstance(refused, Refused)
    assert refused.params["source"] == "http://portal"


def test_an_id_longer_than_any_is_none() -> None:
    found = read(portal(listing(*GOOD, json.dumps({"infoid": "x" * 600}))))
    assert list(codes(found).values()) == ["source-answer-malformed"]


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ('{"infoid": "n1", "title": "a", "title": "b"}', "source-answer-key-twice"),
        (f'{{"infoid": "n1", "title": "a", "x": {DEEP}}}', "source-answer-too-deep"),
        (LOGIN, "source-login-page"),
        ("<html><body>维护中</body></html>", "source-answer-malformed"),
        ('{"infoid": "n1", "title": "a", "attachments": "a.pdf"}', "row-field-type"),
    ],
)
def test_a_detail_that_makes_no_sense_is_refused_by_name(detail: str, code: str) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        bad = request.url.path == "/api/detail/n1"
        return httpx.Response(200, text=detail) if bad else portal(listing(*GOOD))(request)

    found = read(respond)
    assert (codes(found), good(found)) == ({"n1": code}, {"n2"})


def test_a_list_that_asks_to_log_in_is_not_an_empty_one() -> None:
    with pytest.raises(SourceFailed) as caught:
        read(portal(LOGIN.encode()))
    assert caught.value.code == "source-login-page"


def test_many_pages_in_a_row_that_ask_to_log_in_end_the_reading() -> None:
    site = SmallPortal(*(page(f"n{number}") for number in range(9)))
    site.manners = {f"n{number}": Manner(login=True) for number in range(9)}
    with reading(site, FixedClock(START)) as connector, pytest.raises(SourceFailed) as caught:
        list(connector.arrivals(lambda _: None))
    assert caught.value.code == "source-login-page"


def test_a_list_that_says_how_many_and_shows_none_is_malformed() -> None:
    with pytest.raises(SourceFailed) as caught:
        read(portal(listing(total=500)))
    assert caught.value.code == "source-answer-malformed"


class Endless(Sequence[Row]):
    """A list without end; `fresh` decides whether each page has other rows."""

    def __init__(self, *, fresh: bool, count: int = 1 << 38) -> None:
        self._fresh = fresh
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if not isinstance(place, slice):
            return self._row(place)
        first, last, _ = place.indices(self._count)
        return [self._row(number if self._fresh else number - first) for number in range(first, last)]

    @staticmethod
    def _row(number: int) -> Row:
        return {"infoid": f"n{number}", "title": "公告", "infodate": "2020-01-01"}


class EndlessPortal(SmallPortal):
    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self._endless = rows

    def listing(self, category: str | None) -> Sequence[Row]:
        del category
        return self._endless

    def detail(self, infoid: str) -> Row | None:
        return row(infoid)


def test_pages_that_repeat_themselves_are_noticed() -> None:
    with reading(EndlessPortal(Endless(fresh=False)), FixedClock(START), walked=False) as connector:
        taken: list[Arrival] = []
        with pytest.raises(SourceFailed) as caught:
            taken.extend(connector.arrivals(lambda _: None))
        with pytest.raises(SourceFailed):
            list(connector.inventory())
    assert caught.value.code == "source-list-endless"


def test_a_list_without_end_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.connectors.portal.listing._MOST_STRETCHES", 20)
    site = EndlessPortal(Endless(fresh=True))
    with reading(site, FixedClock(START)) as connector, pytest.raises(SourceFailed) as caught:
        list(connector.inventory())
    assert (caught.value.code, caught.value.params["rows"]) == ("source-list-endless", 1_000)


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_little_memory() -> None:
    rows = Endless(fresh=True, count=100_000)

    def respond(request: httpx.Request) -> httpx.Response:
        number, size = (int(request.url.params.get(name, 0)) for name in ("page", "size"))
        shown = [*rows[(number - 1) * size : number * size]]
        return httpx.Response(200, json={"total": len(rows), "items": shown} if size else {})

    transport = httpx.MockTransport(respond)
    with HttpSource("http://portal", IMPATIENT, transport) as http:
        walked = PortalList(http, load_dialect("plain"), {}, 1_000, UTC)
        tracemalloc.start()
        try:
            listed = sum(1 for _ in walked.inventory())
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert listed == 100_000
    assert most < 40 << 20


def test_rows_that_are_too_much_for_one_answer_are_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.connectors.http.source._LARGEST_PAGE", 4_000)
    site = SmallPortal(*(page(f"n{number}") for number in range(4)))
    site.rows[1]["summary"] = "长" * 900
    site.rows[2]["summary"] = "长" * 900
    site.rows.append({"infoid": "huge", "summary": "长" * 2_000})
    site.rows.append({"infoid": "last", "title": "公告", "infodate": "2026-05-20"})
    site.pages["last"] = page("last")
    taken: list[Arrival] = []
    with reading(site, FixedClock(START), walked=False) as connector, pytest.raises(SourceFailed) as caught:
        taken.extend(connector.arrivals(lambda _: None))
    assert caught.value.code == "source-answer-too-large"
    assert {found.external_id for found in taken if isinstance(found.what, Delivery)} == {
        "n0",
        "n1",
        "n2",
        "n3",
        "last",
    }


@pytest.mark.parametrize(
    ("body", "content_type", "text", "encoding"),
    [
        ("公告".encode(), "text/html", "公告", "utf-8"),
        ("公告".encode("gb18030"), "text/html; charset=utf-8", "公告", "gb18030"),
        ("公告".encode("utf-16"), "text/html; charset=gbk", "公告", "utf-16"),
        ("<p>notice</p>".encode("utf-16-le"), "text/html; charset=gbk", "<p>notice</p>", "utf-16-le"),
        ("<p>notice</p>".encode("utf-16-be"), "", "<p>notice</p>", "utf-16-be"),
        (b"\xef\xbb\xbf" + "公告".encode(), "text/html; charset=nonsense", "公告", "utf-8-sig"),
        (b"\x81\xff\xff", "", None, "gb18030"),
    ],
)
def test_a_page_is_read_as_what_it_is_not_as_what_it_says(
    body: bytes, content_type: str, text: str | None, encoding: str
) -> None:
    found = read_html(body, content_type)
    assert found[1] == encoding
    assert text is None or found[0] == text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/f/1.pdf">招标文件.pdf</a>', [("招标文件.pdf", "/f/1.pdf")]),
        ("<A HREF='/f/%E6%96%87.DOCX'>下载</A>", [("文.DOCX", "/f/%E6%96%87.DOCX")]),
        ("<a target=_blank href=/f/1.zip><b>附件</b></a>", [("1.zip", "/f/1.zip")]),
        ('<a href="/down?id=7&amp;name=a.ofd">附件</a>', [("a.ofd", "/down?id=7&name=a.ofd")]),
        ('<a href="javascript:open(1.pdf)">a</a><a href="/a.html">b</a><a name="c">d</a>', []),
        ('<a href="http://[::1/a.pdf">a</a>', []),
        (
            '<img src="/f/1.pdf"><a href="/f/..%2f..%2fetc%2fpasswd.txt">x</a>',
            [("passwd.txt", "/f/..%2f..%2fetc%2fpasswd.txt")],
        ),
    ],
)
def test_links_to_files_are_found(html: str, expected: list[tuple[str, str]]) -> None:
    assert [(link.name, link.reference) for link in file_links(html)] == expected
