"""A file on its way: it goes on where it was cut, and is never a mix of two states."""

import gzip
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.http.politeness import Pace, Politeness
from ingest.connectors.http.source import HttpSource, Page
from ingest.simulator.port import Manner
from ingest.simulator.server import SimulatorServer
from tests.small_portal import IMPATIENT, SmallPortal

FILE = bytes(range(256)) * 40
OTHER = FILE[::-1]


class Shelf:
    """Serves a file that may be cut and may change; `cuts` are how many bytes each answer gives before it breaks off.

    `state` names the bytes and the tag of the next answer.
    """

    def __init__(self, *cuts: int | None, etag: str = '"1"', changes: bool = False) -> None:
        self._cuts = list(cuts)
        self._etag = etag
        self._changes = changes
        self.asked: list[httpx.Headers] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        self.asked.append(request.headers)
        number = len(self.asked)
        changed = self._changes and number > 1
        data, etag = (OTHER, f'"{number}"') if changed else (FILE, self._etag)
        cut = self._cuts[min(number, len(self._cuts)) - 1]
        headers = {"ETag": etag} if etag else {}
        span = request.headers.get("Range", "")
        if span and request.headers["If-Range"] == etag:
            first = int(span.removeprefix("bytes=").rstrip("-"))
            headers |= {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"}
            return httpx.Response(206, headers=headers, stream=_Stream(data[first:], cut))
        headers |= {"Content-Length": str(len(data))}
        return httpx.Response(200, headers=headers, stream=_Stream(data, cut))

    def opener(self, tries: int = 4) -> Callable[[], bytes]:
        politeness = Politeness(tries=tries, pause=0.0, per_second=0)
        http = HttpSource("http://portal", politeness, httpx.MockTransport(self))

        def read() -> bytes:
            with http, http.opener("/files/a.pdf", "a.pdf")() as stream:
                return stream.read()

        return read


class _Stream(httpx.SyncByteStream):
    def __init__(self, data: bytes, cut: int | None) -> None:
        self._data = data
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        if self._cut is None:
            yield self._data
            return
        yield self._data[: self._cut]
        raise httpx.ReadError("cut")


def test_a_cut_file_goes_on_at_the_byte_where_it_was_cut() -> None:
    shelf = Shelf(1_000, 500, None)
    assert shelf.opener()() == FILE
    assert [asked.get("Range") for asked in shelf.asked] == [None, "bytes=1000-", "bytes=1500-"]
    assert shelf.asked[1]["If-Range"] == '"1"'


@pytest.mark.parametrize("etag", ["", 'W/"1"'])
def test_without_a_tag_that_vouches_for_every_byte_it_is_fetched_anew(etag: str) -> None:
    shelf = Shelf(1_000, None, etag=etag)
    assert shelf.opener()() == FILE
    assert [asked.get("Range") for asked in shelf.asked] == [None, None]


def test_a_file_that_changed_meanwhile_is_the_new_one_whole() -> None:
    shelf = Shelf(1_000, None, changes=True)
    assert shelf.opener()() == OTHER
    assert len(shelf.asked) == 2


def test_a_file_that_changes_at_every_try_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        Shelf(1_000, changes=True).opener()()
    assert (caught.value.code, caught.value.params["name"]) == ("attachment-changing", "a.pdf")


def test_a_part_of_another_file_is_not_put_behind_the_first() -> None:
    def lying(request: httpx.Request) -> httpx.Response:
        if "Range" in request.headers:
            headers = {"ETag": '"2"', "Content-Range": f"bytes 1000-{len(OTHER) - 1}/{len(OTHER)}"}
            return httpx.Response(206, headers=headers, content=OTHER[1_000:])
        return shelf(request)

    shelf = Shelf(1_000, None)
    http = HttpSource("http://portal", Politeness(pause=0.0, per_second=0), httpx.MockTransport(lying))
    with http, http.opener("/files/a.pdf", "a.pdf")() as stream:
        assert stream.read() == FILE


@pytest.mark.parametrize("length", ["9999999", "10"])
def test_a_file_that_is_not_as_long_as_announced_is_not_taken(length: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        return httpx.Response(200, headers={"Content-Length": length}, stream=_Stream(FILE, None))

    http = HttpSource("http://portal", Politeness(tries=2, pause=0.0, per_second=0), httpx.MockTransport(answer))
    with http, pytest.raises(InvalidInput) as caught:
        http.opener("/files/a.pdf", "a.pdf")()
    assert caught.value.code == "attachment-unreachable"


class _Cutting(SmallPortal):
    """Cuts the first answer that is a file after some bytes."""

    def __init__(self, byte: int) -> None:
        super().__init__()
        self.files["n1", "a.bin"] = FILE
        self._manners = [Manner(cut_at=byte), Manner()]

    def manner(self, infoid: str | None) -> Manner:
        del infoid
        return self._manners.pop(0) if len(self._manners) > 1 else self._manners[0]


@pytest.mark.parametrize("byte", [0, 1, 5_000, len(FILE) - 1])
def test_over_a_real_wire_too(byte: int) -> None:
    with (
        SimulatorServer(_Cutting(byte)) as base,
        HttpSource(base, IMPATIENT) as http,
        http.opener("/files/n1/a.bin", "a.bin")() as stream,
    ):
        assert stream.read() == FILE


class _Dripping(httpx.SyncByteStream):
    """Gives one byte a minute, for ever."""

    def __init__(self, clock: list[float]) -> None:
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self._clock[0] += 60.0
            yield b"x"


@pytest.mark.parametrize("dripping", ["/files/a.pdf", "/robots.txt"])
def test_what_drips_without_end_is_given_up(dripping: str) -> None:
    clock = [0.0]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == dripping:
            return httpx.Response(200, stream=_Dripping(clock))
        return httpx.Response(404)

    politeness = Politeness(tries=2, pause=0.0, per_second=0)
    pace = Pace(politeness, sleep=lambda _: None, now=lambda: clock[0])
    http = HttpSource("http://portal", politeness, httpx.MockTransport(answer), pace)
    with http, pytest.raises(InvalidInput) as caught:
        http.opener("/files/a.pdf", "a.pdf")()
    assert caught.value.code == "attachment-unreachable"
    assert clock[0] < 3_600


@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_half_of_a_packed_body_is_not_the_whole_even_where_no_length_was_announced(packing: str) -> None:
    whole = gzip.compress(FILE) if packing == "gzip" else zlib.compress(FILE)
    sent = [whole[:-20], whole[:-20], whole]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        return httpx.Response(200, headers={"Content-Encoding": packing}, stream=_Stream(sent.pop(0), None))

    http = HttpSource("http://portal", Politeness(tries=2, pause=0.0, per_second=0), httpx.MockTransport(answer))
    with http:
        with pytest.raises(SourceFailed, match="source-unreachable"):
            http.fetch("/a")
        page = http.fetch("/a")
    assert isinstance(page, Page)
    assert page.body == FILE
