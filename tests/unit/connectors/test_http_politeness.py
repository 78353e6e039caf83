"""How often a source is asked, and what it may ask for itself."""

import httpx
import pytest

from archive.errors import SourceFailed
from ingest.connectors.http.politeness import Pace, Politeness, asked_to_wait
from ingest.connectors.http.source import HttpSource


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_so_many_requests_a_second_and_no_more() -> None:
    time = Time()
    pace = Pace(Politeness(per_second=5.0), time.sleep, now=time)
    for _ in range(55):
        pace.turn()
    assert time.now - 100.0 == pytest.approx(10.0)
    time.now += 60
    before = time.now
    for _ in range(5):
        pace.turn()
    assert time.now == before


def test_without_a_rate_nobody_waits() -> None:
    time = Time()
    pace = Pace(Politeness(per_second=0), time.sleep, now=time)
    for _ in range(1_000):
        pace.turn()
    assert time.slept == []


def test_pauses_grow_and_differ_from_reader_to_reader() -> None:
    time = Time()
    for drawn in (0.0, 1.0):
        pace = Pace(Politeness(pause=0.2), time.sleep, lambda drawn=drawn: drawn)  # type: ignore[misc]  # read at once
        pace.rest(1, 0.0)
        pace.rest(3, 0.0)
        pace.rest(1, 7.0)
    assert time.slept == [0.2, 0.8, 7.0, 0.4, 1.6, 7.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "-5"}, 0.0),
        ({"Retry-After": "1e9"}, 0.0),
        ({"Retry-After": "Mon, 01 Jun 2026 09:00:30 GMT", "Date": "Mon, 01 Jun 2026 09:00:00 GMT"}, 30.0),
        ({"Retry-After": "Mon, 01 Jun 2026 09:00:30 GMT"}, 0.0),
        ({"Retry-After": "Mon, 01 Jun 2026 08:00:00 GMT", "Date": "Mon, 01 Jun 2026 09:00:00 GMT"}, 0.0),
    ],
)
def test_what_a_source_asks_for_is_understood(headers: dict[str, str], seconds: float) -> None:
    assert asked_to_wait(headers) == seconds


def busy(*waits: str) -> tuple[HttpSource, Time]:
    """A source that asks to wait so often and then answers."""
    answers = [httpx.Response(503, headers={"Retry-After": wait}) for wait in waits]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        return answers.pop(0) if answers else httpx.Response(200, content=b"{}")

    time = Time()
    politeness = Politeness(pause=0.0)
    return HttpSource("http://portal", politeness, httpx.MockTransport(answer), Pace(politeness, time.sleep)), time


def test_a_source_that_asks_to_wait_is_left_alone_for_so_long() -> None:
    http, time = busy("7", "60")
    with http:
        assert http.json("/a") == {}
    assert time.slept == [7.0, 60.0]


def test_a_source_that_asks_to_wait_for_long_is_not_asked_again_in_this_reading() -> None:
    http, time = busy("3600")
    with http, pytest.raises(SourceFailed) as caught:
        http.json("/a")
    assert (caught.value.code, caught.value.params["seconds"], time.slept) == ("source-asks-to-wait", 3_600, [])
    http, time = busy("3600")
    with http, pytest.raises(SourceFailed):
        http.opener("/a.pdf", "a.pdf")()


def test_a_known_page_is_asked_for_under_both_conditions() -> None:
    asked: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        return httpx.Response(200, headers={"Last-Modified": "Mon, 01 Jun 2026 08:00:00 GMT"})

    with HttpSource("http://portal", transport=httpx.MockTransport(answer)) as http:
        page = http.fetch("/a")
        http.fetch("/a", '"1"', getattr(page, "modified", ""))
    assert asked[-1]["If-None-Match"] == '"1"'
    assert asked[-1]["If-Modified-Since"] == "Mon, 01 Jun 2026 08:00:00 GMT"


def test_a_page_that_drips_in_without_end_is_given_up() -> None:
    time = Time()

    class Dripping(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204 - bytes, for ever
            while True:
                time.now += 60
                yield b"x" * (1 << 20)

    politeness = Politeness(tries=2, pause=0.0, per_second=0, longest=300.0)
    transport = httpx.MockTransport(
        lambda request: (
            httpx.Response(404) if request.url.path == "/robots.txt" else httpx.Response(200, stream=Dripping())
        )
    )
    pace = Pace(politeness, time.sleep, now=time)
    with HttpSource("http://portal", politeness, transport, pace) as http, pytest.raises(SourceFailed) as caught:
        http.fetch("/a")
    assert "ReadTimeout" in str(caught.value.params["detail"])
