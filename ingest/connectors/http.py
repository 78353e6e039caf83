"""A polite HTTP reader of one source: retries with growing pauses, conditional requests, its errors by name.

It goes nowhere but to that source: an answer that points elsewhere (3xx) is an error like any other.
"""

import contextlib
import errno
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, BinaryIO, Self, TypeVar
from urllib.robotparser import RobotFileParser

import httpx

from archive.errors import InvalidInput, SourceFailed, Unavailable

_AGENT = "juanzong/0.1"
_BLOCK = 1 << 20
_IN_MEMORY = 4 << 20
_LARGEST_PAGE = 64 << 20
"""Bytes of a page after inflating; what is larger is no page. Attachments are files and have no such limit."""

_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""Packed once, a block off the wire grows a thousandfold at most; packed twice, it could fill the memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """A page as it came."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Missing:
    """The source answered that there is no such page (404), or that it took it away `for_good` (410)."""

    for_good: bool = False


@dataclass(frozen=True)
class NotModified:
    """The source answered that the page is what it was (304)."""


@dataclass(frozen=True)
class Politeness:
    """How a source is treated: seconds to wait for an answer, tries per request, the first pause between tries."""

    timeout: float = 20.0
    tries: int = 4
    pause: float = 0.2


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    etag: str


class HttpSource:
    """Reads below one base URL. A context manager: the connection is closed at the end.

    Making one raises:
        SourceFailed: `base` is no URL.
    """

    def __init__(
        self,
        base: str,
        politeness: Politeness = Politeness(),
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = base
        try:
            self._client = httpx.Client(
                base_url=base,
                timeout=politeness.timeout,
                transport=transport,
                headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"},
                follow_redirects=False,
                trust_env=False,
            )
        except httpx.InvalidURL as error:
            raise SourceFailed("source-unreachable", source=base, detail=str(error)) from error
        self._politeness = politeness
        self._sleep = sleep
        self._robots: RobotFileParser | None = None
        self._date: datetime | None = None

    def clock(self) -> datetime | None:
        """What the source's own clock said when it last answered; None where it has not said."""
        return self._date

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        del exception
        self._client.close()

    def json(self, path: str) -> Mapping[str, Any]:
        """The JSON object at `path`.

        Raises:
            SourceFailed: no answer, or not a JSON object.
        """
        answer = self.fetch(path, "")
        if not isinstance(answer, Page):
            raise SourceFailed("source-answer-malformed", source=self.name, detail=path)
        try:
            value = httpx.Response(HTTPStatus.OK, content=answer.body).json()
        except (ValueError, RecursionError) as error:
            raise SourceFailed("source-answer-malformed", source=self.name, detail=str(error)) from error
        if not isinstance(value, dict):
            raise SourceFailed("source-answer-malformed", source=self.name, detail=type(value).__name__)
        return value

    def fetch(self, path: str, etag: str) -> Page | Missing | NotModified:
        """The page at `path`; with `etag` only if it is no longer that one.

        Raises:
            SourceFailed: no answer after every try, one that is neither the page nor its absence (such as 403 or 302),
                a page that is too large (`source-answer-too-large`), or the source forbids robots to go there.
        """
        self._ask_robots(path)
        headers = {"If-None-Match": etag} if etag else {}
        answer = self._tried(lambda: self._get(path, headers), path)
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Missing(answer.status == HTTPStatus.GONE)
        if etag and answer.status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        if answer.status != HTTPStatus.OK:
            raise SourceFailed("source-unreachable", source=self.name + path, detail=f"HTTP {answer.status}")
        return Page(answer.body, answer.etag)

    def opener(self, path: str, name: str) -> Callable[[], BinaryIO]:
        """An opener of the file at `path`: small ones in memory, large ones spooled to disk, never whole in memory.

        The opener raises:
            InvalidInput: the source does not give the file whole after every try, or `path` is no part of a URL
                (`attachment-unreachable`).
            Unavailable: there is no room to spool it.
        """

        def open_file() -> BinaryIO:
            try:
                self._ask_robots(path)
                return self._tried(lambda: self._download(path), path)
            except SourceFailed as error:
                detail = error.params.get("detail", error.code)
                raise InvalidInput("attachment-unreachable", name=name, detail=detail) from error

        return open_file

    def _get(self, path: str, headers: Mapping[str, str]) -> _Answer:
        body = bytearray()
        with self._client.stream("GET", path, headers=headers) as response:
            for block in self._blocks(response, path):
                body += block
                if len(body) > _LARGEST_PAGE:
                    raise SourceFailed("source-answer-too-large", source=self.name + path, most=_LARGEST_PAGE >> 20)
            self._date = _moment(response.headers.get("Date", ""))
            etag = response.headers.get("ETag", "")
            return _Answer(response.status_code, bytes(body), etag if etag.isascii() else "")

    def _download(self, path: str) -> BinaryIO:
        spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - handed to the caller, who closes it
        try:
            with self._client.stream("GET", path) as response:
                for block in self._file(response, path):
                    with _room():
                        spool.write(block)
            with _room():
                spool.seek(0)
        except BaseException:
            # What could not be written for want of room is tried once more on closing, and fails again.
            with contextlib.suppress(OSError):
                spool.close()
            raise
        return spool  # type: ignore[return-value]  # a spooled file is a binary file in all but its declared type

    def _file(self, response: httpx.Response, path: str) -> Iterator[bytes]:
        blocks = self._blocks(response, path)
        if response.status_code != HTTPStatus.OK:
            raise SourceFailed("source-unreachable", source=self.name + path, detail=f"HTTP {response.status_code}")
        return blocks

    def _blocks(self, response: httpx.Response, path: str) -> Iterator[bytes]:
        """The body as it is once unpacked. Raises httpx.HTTPStatusError where the fault may pass: worth another try."""
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            response.raise_for_status()
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            detail = f"Content-Encoding {encoding}"
            raise SourceFailed("source-answer-malformed", source=self.name + path, detail=detail)
        return response.iter_bytes(_BLOCK)

    def _tried(self, request: Callable[[], T], path: str) -> T:
        detail = ""
        for attempt in range(self._politeness.tries):
            if attempt:
                self._sleep(self._politeness.pause * 2**attempt)
            try:
                return request()
            except httpx.HTTPError as error:
                detail = f"{type(error).__name__}: {error}"
            except httpx.InvalidURL as error:
                detail = f"{type(error).__name__}: {error}"
                break
        raise SourceFailed("source-unreachable", source=self.name + path, detail=detail)

    def _ask_robots(self, path: str) -> None:
        if self._robots is None:
            answer = self._tried(lambda: self._get("/robots.txt", {}), "/robots.txt")
            self._robots = RobotFileParser()
            rules = answer.body.decode("utf-8-sig", "replace") if answer.status == HTTPStatus.OK else ""
            self._robots.parse(rules.splitlines())
        if not self._robots.can_fetch(_AGENT, path):
            raise SourceFailed("source-forbids-robots", source=self.name, detail=path)


def _moment(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        code = "blob-store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "blob-store-unavailable"
        raise Unavailable(code, path=tempfile.gettempdir(), detail=error.strerror or str(error)) from error
