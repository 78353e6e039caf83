"""The polite reader of a source: retries, conditions, robots, and what it calls its errors."""

from collections.abc import Callable

import httpx
import pytest

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.http.politeness import Pace, Politeness
from ingest.connectors.http.source import HttpSource, Missing, NotModified, Page

Answer = httpx.Response | Exception


class Wire:
    """A transport that gives prepared answers, the last one for ever, and remembers what was asked."""

    def __init__(self, *answers: Answer, robots: Answer | None = None) -> None:
        self._answers = list(answers)
        self._robots = robots or httpx.Response(404)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return self._given(self._robots)
        self.asked.append(request)
        return self._given(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])

    @staticmethod
    def _given(answer: Answer) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def source(self, tries: int = 4) -> HttpSource:
        politeness, transport = Politeness(tries=tries), httpx.MockTransport(self)
        return HttpSource("http://portal", politeness, transport, Pace(politeness, self.slept.append, lambda: 1.0))


def test_a_page_comes_with_its_tag() -> None:
    with Wire(httpx.Response(200, content=b"{}", headers={"ETag": '"1"'})).source() as http:
        assert http.fetch("/a", "") == Page(b"{}", '"1"')


def test_a_known_page_is_asked_for_under_a_condition() -> None:
    wire = Wire(httpx.Response(304))
    with wire.source() as http:
        assert http.fetch("/a", '"1"') == NotModified()
    assert wire.asked[0].headers["If-None-Match"] == '"1"'
    assert wire.asked[0].headers["User-Agent"].startswith("juanzong/")


@pytest.mark.parametrize(("status", "for_good"), [(404, False), (410, True)])
def test_what_is_not_there_is_missing(status: int, for_good: bool) -> None:
    with Wire(httpx.Response(status)).source() as http:
        assert http.fetch("/a", "") == Missing(for_good)


@pytest.mark.parametrize("status", [301, 304, 400, 401, 403, 451])
def test_an_answer_that_is_neither_page_nor_absence_is_a_failure(status: int) -> None:
    wire = Wire(httpx.Response(status, content=b'{"error": "Forbidden"}'))
    with wire.source() as http, pytest.raises(SourceFailed) as caught:
        http.fetch("/a", "")
    assert (caught.value.code, caught.value.params["detail"]) == ("source-unreachable", f"HTTP {status}")
    assert len(wire.asked) == 1


@pytest.mark.parametrize("fault", [httpx.Response(503), httpx.Response(429), httpx.ConnectError("refused")])
def test_a_passing_fault_is_tried_again_with_growing_pauses(fault: Answer) -> None:
    wire = Wire(fault, fault, httpx.Response(200, content=b"x"))
    with wire.source() as http:
        assert http.fetch("/a", "") == Page(b"x", "")
    assert wire.slept == [0.4, 0.8]


@pytest.mark.parametrize(
    "fault", [httpx.Response(500), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut in the middle")]
)
def test_a_lasting_fault_is_named_after_every_try(fault: Answer) -> None:
    wire = Wire(fault)
    with wire.source(tries=3) as http, pytest.raises(SourceFailed) as caught:
        http.fetch("/a", "")
    assert caught.value.retryable
    assert (caught.value.code, caught.value.params["source"]) == ("source-unreachable", "http://portal/a")
    assert len(wire.asked) == 3


def test_robots_are_asked_once_and_obeyed() -> None:
    robots = httpx.Response(200, text="User-agent: *\nDisallow: /admin/\n")
    wire = Wire(httpx.Response(200), robots=robots)
    with wire.source() as http:
        http.fetch("/api", "")
        with pytest.raises(SourceFailed) as caught:
            http.fetch("/admin/x", "")
        with pytest.raises(InvalidInput), http.opener("/admin/y", "y")():
            pytest.fail("opened what robots may not have")
    assert caught.value.code == "source-forbids-robots"
    assert [request.url.path for request in wire.asked] == ["/api"]


def test_a_source_whose_robots_do_not_answer_is_not_read() -> None:
    wire = Wire(httpx.Response(200), robots=httpx.Response(500))
    with wire.source() as http, pytest.raises(SourceFailed):
        http.fetch("/a", "")
    assert wire.asked == []


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"", b'{"items": ', b"[" * 100_000, "公告".encode("gb18030")], ids=repr
)
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with Wire(httpx.Response(200, content=body)).source() as http, pytest.raises(SourceFailed) as caught:
        http.json("/list")
    assert caught.value.code == "source-answer-malformed"


def test_a_list_that_is_missing_is_malformed_too() -> None:
    with Wire(httpx.Response(404)).source() as http, pytest.raises(SourceFailed) as caught:
        http.json("/list")
    assert caught.value.code == "source-answer-malformed"


def test_an_object_is_read() -> None:
    with Wire(httpx.Response(200, content=b'{"total": 3}')).source() as http:
        assert http.json("/list") == {"total": 3}


@pytest.mark.parametrize("size", [0, 10, 5 << 20], ids=["empty", "small", "spooled to disk"])
def test_a_file_is_opened_whole_and_each_time_anew(size: int) -> None:
    with Wire(httpx.Response(200, content=b"x" * size)).source() as http:
        opener = http.opener("/file", "招标文件.pdf")
        for _ in range(2):
            with opener() as stream:
                assert stream.read() == b"x" * size


def test_a_file_cut_short_is_fetched_again() -> None:
    wire = Wire(httpx.RemoteProtocolError("cut"), httpx.Response(200, content=b"whole"))
    with wire.source() as http, http.opener("/file", "a.pdf")() as stream:
        assert stream.read() == b"whole"


@pytest.mark.parametrize("fault", [httpx.Response(404), httpx.Response(302), httpx.ConnectError("refused")])
def test_a_file_that_cannot_be_had_is_named(fault: Answer) -> None:
    with Wire(fault).source() as http:
        opener: Callable[[], object] = http.opener("/file", "招标文件.pdf")
        with pytest.raises(InvalidInput) as caught:
            opener()
    assert (caught.value.code, caught.value.params["name"]) == ("attachment-unreachable", "招标文件.pdf")
