"""The conversation with a Tika server: one file goes up in a stream, one JSON answer comes back, within limits.

The server is expected to be killed by files: a parser that eats all memory takes its process with it, and the server
starts another. So a connection that breaks in the middle is tried again once the server is back; a file over which it
breaks three times is said to break it, which is a fact about the file and not about the server.
"""

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO

import httpx

from archive.errors import InvalidInput, Unavailable
from archive.servers import Described, Lack

_BLOCK = 1 << 20
_VERSION = re.compile(r"Apache Tika (\d[\w.\-]*)")
_TIMES = 3
_AWAITED = HTTPStatus.OK
_AGENT = "juanzong"

# Older ones read files of the machine, and fetch what a document names (CVE-2025-54988, CVE-2025-66516).
_SAFE = (3, 2, 2)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for, in seconds.

    `connect` for a connection, `file` from the first byte sent of a file to the last of the answer, `back` for a server
    that went away in the middle of a file; `spread` keeps the files apart that were lost together.
    """

    connect: float = 5.0
    file: float = 60.0
    back: float = 30.0
    spread: float = 5.0


@dataclass(frozen=True)
class Asked:
    """What is asked about a file: at most so many characters of text, bytes of answer and documents inside it."""

    characters: int
    answer_bytes: int
    embedded: int


Watch = Callable[[bytes], None]
"""Is shown every block of the file on its way."""


class _TooSlow(Exception):
    """The time for one file is over."""


class _Broken(Exception):
    """The server went away in the middle of a file, or answered with something that is no answer."""


class TikaServer:
    """One server, by its URL; the name that messages use is host and port only.

    Making one raises:
        InvalidInput: the URL is none of a server (`tika-url`).
    """

    def __init__(self, url: str, patience: Patience = Patience(), sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InvalidInput("tika-url", detail="") from error
        self.name = f"{address.host}:{address.port or {'https': 443}.get(address.scheme, 80)}"
        if address.scheme not in {"http", "https"} or not address.host:
            raise InvalidInput("tika-url", detail=address.scheme)
        self._patience = patience
        self._sleep = sleep
        self._version = ""
        # Every file has a connection of its own: one kept from before a restart would break and count against the file.
        self._client = httpx.Client(
            base_url=address,
            timeout=httpx.Timeout(patience.file, connect=patience.connect),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={
                "User-Agent": _AGENT,
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            follow_redirects=False,
            trust_env=False,
        )

    def version(self) -> str:
        """The version of the server, asked once.

        Raises:
            Unavailable: it does not answer, or is no Tika server.
        """
        if not self._version:
            self._version = self._ask_version()
        return self._version

    def describe(self) -> Described:
        """Look at the server. Raises as `version`."""
        version = self.version()
        parts = tuple(int(part) for part in version.rpartition(" ")[2].split(".") if part.isdigit())
        lacks = () if parts >= _SAFE else (Lack("server-too-old", {"version": version, "least": "3.2.2"}, fatal=True),)
        return Described(self.name, version, (), lacks)

    def read(self, stream: BinaryIO, size: int, asked: Asked, watch: Watch) -> list[dict[str, Any]]:
        """What the server says of the `size` bytes in `stream`: one object for the file and for each document in it.

        Raises:
            InvalidInput: `file-breaks-reader`, `file-takes-too-long`, `file-answer-too-large`, `file-unreadable`,
                `file-unsupported` or `file-damaged` where the server refuses the file outright.
            Unavailable: the server is not there, or is none (`tika-unavailable`, `tika-answer`).
        """
        for time_tried in range(1, _TIMES + 1):
            try:
                return self._put(stream, size, asked, watch)
            except _Broken as broken:
                if time_tried == _TIMES:
                    raise InvalidInput("file-breaks-reader", times=_TIMES) from broken
                self._await_return()
                # Files that were lost with another one's crash come back at moments of their own.
                self._sleep(self._patience.spread * time_tried * (size % 97) / 97)
        raise AssertionError("every way out of the loop is above")

    def _put(self, stream: BinaryIO, size: int, asked: Asked, watch: Watch) -> list[dict[str, Any]]:
        clock = _Clock(self._patience.file)
        headers = {
            "Content-Length": str(size),
            "writeLimit": str(asked.characters),
            "maxEmbeddedResources": str(asked.embedded),
        }
        try:
            content = _blocks(stream, clock, watch)
            with self._client.stream("PUT", "/rmeta/text", content=content, headers=headers) as response:
                self._require_answer(response)
                return _parsed(_body(response, asked.answer_bytes, clock))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unavailable("tika-unavailable", server=self.name, detail=type(error).__name__) from error
        except (httpx.TimeoutException, _TooSlow) as error:
            raise InvalidInput("file-takes-too-long", seconds=round(self._patience.file)) from error
        except httpx.LocalProtocolError as error:
            # The store gave fewer or more bytes than it said there were.
            raise InvalidInput("file-unreadable") from error
        except httpx.TransportError as error:
            raise _Broken(type(error).__name__) from error

    def _require_answer(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == _AWAITED:
            return
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise Unavailable("tika-unavailable", server=self.name, detail=f"HTTP {status}")
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise InvalidInput("file-damaged", detail="Tika")
        if status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
            raise InvalidInput("file-unsupported")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Broken(f"HTTP {status}")
        raise Unavailable("tika-answer", server=self.name, detail=f"HTTP {status}")

    def _await_return(self) -> None:
        """Wait for a server that went away.

        Raises:
            Unavailable: it has not come back in time.
        """
        end = time.monotonic() + self._patience.back
        while True:
            try:
                self._version = self._ask_version()
            except Unavailable:
                if time.monotonic() > end:
                    raise
                self._sleep(min(0.5, self._patience.back / 10))
            else:
                return

    def _ask_version(self) -> str:
        try:
            response = self._client.get("/version", timeout=self._patience.connect, headers={"Accept": "text/plain"})
        except httpx.TransportError as error:
            raise Unavailable("tika-unavailable", server=self.name, detail=type(error).__name__) from error
        found = _VERSION.search(response.text[:200]) if response.status_code == _AWAITED else None
        if found is None:
            code = response.status_code
            if code == HTTPStatus.SERVICE_UNAVAILABLE:
                raise Unavailable("tika-unavailable", server=self.name, detail=f"HTTP {code}")
            raise Unavailable("tika-answer", server=self.name, detail=f"HTTP {code}")
        return found[1]


class _Clock:
    """Runs out."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def look(self) -> None:
        """Raises _TooSlow when the time is over."""
        if time.monotonic() > self._end:
            raise _TooSlow


def _blocks(stream: BinaryIO, clock: _Clock, watch: Watch) -> Iterator[bytes]:
    try:
        stream.seek(0, io.SEEK_SET)
        while block := stream.read(_BLOCK):
            clock.look()
            watch(block)
            yield block
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error


def _body(response: httpx.Response, most: int, clock: _Clock) -> bytes:
    body = bytearray()
    # Raw: nothing was asked to be packed, and what is packed all the same is not unpacked here.
    # And as it comes: gathered into larger blocks, a drop a second would never reach the look at the clock.
    for block in response.iter_raw():
        body += block
        if len(body) > most:
            raise InvalidInput("file-answer-too-large", limit=most)
        clock.look()
    return bytes(body)


def _parsed(body: bytes) -> list[dict[str, Any]]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Broken("no JSON") from error
    if not isinstance(answer, list) or not answer or not all(isinstance(part, dict) for part in answer):
        raise _Broken("no list of documents")
    return answer
