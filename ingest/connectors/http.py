"""A polite HTTP reader of one source: retries with growing pauses, conditional requests, its errors by name."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, Self, TypeVar
from urllib.robotparser import RobotFileParser

import httpx

from archive.errors import InvalidInput, SourceFailed

_AGENT = "juanzong/0.1"
_BLOCK = 1 << 20
_IN_MEMORY = 4 << 20

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """A page as it came."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class Missing:
    """The source answered that there is no such page (404 or 410)."""


@dataclass(frozen=True)
class NotModified:
    """The source answered that the page is what it was (304)."""


@dataclass(frozen=True)
class Politeness:
    """How a source is treated: seconds to wait for an answer, tries per request, the first pause between tries."""

    timeout: float = 20.0
    tries: int = 4
    pause: float = 0.2


class HttpSource:
    """Reads below one base URL. A context manager: the connection is closed at the end."""

    def __init__(
        self,
        base: str,
        politeness: Politeness = Politeness(),
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = base
        self._client = httpx.Client(
            base_url=base,
            timeout=politeness.timeout,
            transport=transport,
            headers={"User-Agent": _AGENT},
            trust_env=False,
        )
        self._politeness = politeness
        self._sleep = sleep
        self._robots: RobotFileParser | None = None

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
            SourceFailed: no answer after every try, one that is neither the page nor its absence (such as 403), or the
                source forbids robots to go there.
        """
        self._ask_robots(path)
        headers = {"If-None-Match": etag} if etag else {}
        response = self._tried(lambda: self._get(path, headers), path)
        if response.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Missing()
        if etag and response.status_code == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        if response.status_code != HTTPStatus.OK:
            raise SourceFailed("source-unreachable", source=self.name + path, detail=f"HTTP {response.status_code}")
        return Page(response.content, response.headers.get("ETag", ""))

    def opener(self, path: str, name: str) -> Callable[[], BinaryIO]:
        """An opener of the file at `path`: small ones in memory, large ones spooled to disk, never whole in memory.

        The opener raises:
            InvalidInput: the source does not give the file whole after every try (`attachment-unreachable`).
        """

        def open_file() -> BinaryIO:
            try:
                self._ask_robots(path)
                return self._tried(lambda: self._download(path), path)
            except SourceFailed as error:
                raise InvalidInput("attachment-unreachable", name=name, detail=error.params["detail"]) from error

        return open_file

    def _get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return _checked(self._client.get(path, headers=headers))

    def _download(self, path: str) -> BinaryIO:
        spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - handed to the caller, who closes it
        try:
            with self._client.stream("GET", path) as response:
                _checked(response).raise_for_status()
                for block in response.iter_bytes(_BLOCK):
                    spool.write(block)
        except BaseException:
            spool.close()
            raise
        spool.seek(0)
        return spool  # type: ignore[return-value]  # a spooled file is a binary file in all but its declared type

    def _tried(self, request: Callable[[], T], path: str) -> T:
        detail = ""
        for attempt in range(self._politeness.tries):
            if attempt:
                self._sleep(self._politeness.pause * 2**attempt)
            try:
                return request()
            except httpx.HTTPError as error:
                detail = f"{type(error).__name__}: {error}"
        raise SourceFailed("source-unreachable", source=self.name + path, detail=detail)

    def _ask_robots(self, path: str) -> None:
        if self._robots is None:
            response = self._tried(lambda: self._get("/robots.txt", {}), "/robots.txt")
            self._robots = RobotFileParser()
            self._robots.parse(response.text.splitlines() if response.status_code == HTTPStatus.OK else [])
        if not self._robots.can_fetch(_AGENT, path):
            raise SourceFailed("source-forbids-robots", source=self.name, detail=path)


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.raise_for_status()
    return response
