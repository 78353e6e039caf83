"""A polite HTTP reader of one source: retries with growing pauses, conditional requests, its errors by name.

It goes nowhere but to that source and to the hosts that its configuration names, not even where an answer points
elsewhere (3xx); certificates are always verified.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.http.answers import is_html, is_login, leads_to_login, read_json
from ingest.connectors.http.downloads import Download
from ingest.connectors.http.politeness import LONGEST_WAIT, USUAL, Pace, Politeness, asked_to_wait, read_http_date
from ingest.connectors.http.reach import Reach, require_trust, shown, trusted
from ingest.connectors.http.robots import Robots

__all__ = ["HttpSource", "Missing", "NotModified", "Page", "Politeness", "Question"]

_AGENT = "juanzong/0.1"
_LARGEST_PAGE = 64 << 20
"""Bytes of a page after inflating; what is larger is no page. Attachments are files and have no such limit."""

_LEAST_A_SECOND = 1 << 10
"""Bytes of a file in the long run: what drips more slowly might never come to its end."""

_LARGEST_ROBOTS = 500 << 10
"""Bytes that are read of rules for robots, as RFC 9309, 2.5 wants at least."""

_MOST_REDIRECTS = 5
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""Packed once, a block off the wire grows a thousandfold at most; packed twice, it could fill the memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """A request: a path below the source's address or an absolute address, and what is sent along, if anything."""

    address: str
    form: Mapping[str, str] | None = None
    document: Mapping[str, object] | None = None

    @property
    def method(self) -> str:
        """POST where something is sent along."""
        return "GET" if self.form is None and self.document is None else "POST"


@dataclass(frozen=True)
class Page:
    """A page as it came, with what a conditional request says next time. `address` is where it was in the end."""

    body: bytes
    etag: str
    modified: str = field(default="", compare=False)
    address: str = field(default="", compare=False)
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Missing:
    """The source answered that there is no such page (404), or that it took it away `for_good` (410)."""

    for_good: bool = False


@dataclass(frozen=True)
class NotModified:
    """The source answered that the page is what it was (304)."""


class HttpSource:
    """Reads below one base URL and on named hosts. A context manager: the connections are closed at the end.

    `hosts` are further ones that may be read, `certificates` a file of further authorities, `scratch` a folder for
    files on their way; `pace` is for tests that do not wait.

    Making one raises:
        SourceFailed: `base` is no URL.
        InvalidInput: the file of certificates holds none.
    """

    def __init__(
        self,
        base: str,
        politeness: Politeness = USUAL,
        transport: httpx.BaseTransport | None = None,
        pace: Pace | None = None,
        *,
        hosts: tuple[str, ...] = (),
        certificates: Path | None = None,
        scratch: Path | None = None,
    ) -> None:
        self.name = shown(base)
        try:
            self._client = httpx.Client(
                base_url=base,
                timeout=politeness.timeout,
                transport=transport,
                verify=trusted(certificates),
                headers={"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"},
                follow_redirects=False,
                trust_env=False,
            )
            self.reach = Reach(base, hosts)
        except (httpx.InvalidURL, ValueError) as error:
            raise SourceFailed("source-unreachable", source=self.name, detail=str(error)) from error
        self._politeness = politeness
        self._pace = pace or Pace(politeness, time.sleep)
        self._scratch = scratch
        self._robots = Robots(_AGENT, self._read_robots)
        self._date: datetime | None = None

    def clock(self) -> datetime | None:
        """What the source's own clock said when it last answered; None where it has not said."""
        return self._date

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        del exception
        self._client.close()

    def json(self, question: str | Question) -> Mapping[str, Any]:
        """The JSON object that answers a question.

        Raises:
            SourceFailed: no answer, one that asks to log in (`source-login-page`), or not a JSON object.
        """
        asked = Question(question) if isinstance(question, str) else question
        answer = self.fetch(asked)
        if not isinstance(answer, Page):
            raise SourceFailed("source-answer-malformed", source=self.name, detail=shown(asked.address))
        try:
            value = read_json(answer.body)
        except ValueError as error:
            login = is_html(answer.body) and is_login(answer.body)
            code = "source-login-page" if login else "source-answer-malformed"
            raise SourceFailed(code, source=self.name, detail=str(error)) from error
        if not isinstance(value, dict):
            raise SourceFailed("source-answer-malformed", source=self.name, detail=type(value).__name__)
        return value

    def fetch(self, question: str | Question, etag: str = "", modified: str = "") -> Page | Missing | NotModified:
        """The page that answers a question; with `etag` or `modified` only if it is no longer that one.

        Raises:
            SourceFailed: no answer after every try, one that is neither the page nor its absence (such as 403), that
                leads elsewhere or in a circle, a page that is too large (`source-answer-too-large`), a certificate that
                cannot be trusted, or the source forbids robots to go there.
        """
        asked = Question(question) if isinstance(question, str) else question
        headers = {"If-None-Match": etag} if etag else {}
        if modified:
            headers["If-Modified-Since"] = modified
        status, page = self._tried(lambda: self._get(asked, headers), asked.address)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Missing(status == HTTPStatus.GONE)
        if headers and status == HTTPStatus.NOT_MODIFIED:
            return NotModified()
        if status != HTTPStatus.OK:
            raise self._failure("source-unreachable", asked.address, detail=f"HTTP {status}")
        return page

    def opener(self, address: str, name: str) -> Callable[[], BinaryIO]:
        """An opener of the file at an address; a download goes on where it was cut (see `downloads` beside this).

        The opener raises:
            InvalidInput: the source does not give the file whole after every try, or `address` is none
                (`attachment-unreachable`), or it was another at every try (`attachment-changing`).
            SourceFailed: the source asks to be left alone for longer than a reading lasts (`source-asks-to-wait`).
            Unavailable: there is no room to spool it.
        """

        def open_file() -> BinaryIO:
            download = Download(self._scratch)
            try:
                self._tried(lambda: self._download(download, address), address)
                return download.finished()
            except SourceFailed as error:
                download.discard()
                if error.code == "source-asks-to-wait":
                    raise
                code = "attachment-changing" if download.changes else "attachment-unreachable"
                raise InvalidInput(code, name=name, detail=error.params.get("detail", error.code)) from error
            except BaseException:
                download.discard()
                raise

        return open_file

    def _get(self, question: Question, headers: Mapping[str, str]) -> tuple[int, Page]:
        with self._answer(question, headers) as response:
            body, began = bytearray(), self._pace.now()
            for block in self._blocks(response):
                body += block
                if len(body) > _LARGEST_PAGE:
                    raise self._failure("source-answer-too-large", question.address, most=_LARGEST_PAGE >> 20)
                if self._pace.now() - began > self._politeness.longest:
                    raise httpx.ReadTimeout("the page does not come to its end")
            etag, modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
            return response.status_code, Page(
                bytes(body),
                etag if etag.isascii() else "",
                modified if modified.isascii() else "",
                str(response.url),
                response.headers,
            )

    def _download(self, download: Download, address: str) -> None:
        with self._answer(Question(address), download.headers()) as response:
            blocks = self._blocks(response)
            taken = {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
            if response.status_code not in taken:
                raise self._failure("source-unreachable", address, detail=f"HTTP {response.status_code}")
            download.receive(response, self._flowing(blocks))

    @contextmanager
    def _answer(self, question: Question, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer in the end, where some on the way point on: as far as the configuration allows."""
        asked, seen = question, {question.address}
        for _ in range(_MOST_REDIRECTS + 1):
            self._require_robots(asked.address)
            self._pace.turn()
            with self._client.stream(
                asked.method, asked.address, headers=dict(headers), data=asked.form, json=asked.document
            ) as response:
                self._date = read_http_date(response.headers.get("Date", "")) or self._date
                target = self._target(response)
                if target is None:
                    yield response
                    return
            if target in seen:
                raise self._failure("source-redirect-loop", question.address, most=_MOST_REDIRECTS)
            seen.add(target)
            keeps = response.status_code in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
            asked = Question(target, asked.form, asked.document) if keeps else Question(target)
        raise self._failure("source-redirect-loop", question.address, most=_MOST_REDIRECTS)

    def _target(self, response: httpx.Response) -> str | None:
        """Where an answer points, None where it is one itself.

        Raises:
            SourceFailed: to where one logs in (`source-login-page`), or to a host that is not named
                (`source-points-elsewhere`).
        """
        location = response.headers.get("Location", "")
        if not response.is_redirect or not location:
            return None
        asked, detail = str(response.url), f"HTTP {response.status_code}"
        try:
            target = self.reach.absolute(location, asked)
            allowed = self.reach.allows(target)
        except ValueError as error:
            raise self._failure("source-unreachable", asked, detail=detail) from error
        if leads_to_login(urlsplit(target).path):
            raise self._failure("source-login-page", asked, detail=detail)
        if not allowed:
            host = urlsplit(target).hostname or ""
            raise self._failure("source-points-elsewhere", asked, detail=detail, host=host)
        return target

    def _blocks(self, response: httpx.Response) -> Iterator[bytes]:
        """The body as it is once unpacked. Raises httpx.HTTPStatusError where the fault may pass: worth another try."""
        status = response.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            response.raise_for_status()
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            raise self._failure("source-answer-malformed", str(response.url), detail=f"Content-Encoding {encoding}")
        # As it comes off the wire: what is gathered into larger blocks would be lost where the wire is cut.
        return _unpacked(response)

    def _flowing(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Blocks as long as they come fast enough to come to an end. Raises httpx.ReadTimeout: worth another try."""
        began, size = self._pace.now(), 0
        for block in blocks:
            yield block
            size += len(block)
            passed = self._pace.now() - began
            if passed > self._politeness.longest and size < passed * _LEAST_A_SECOND:
                raise httpx.ReadTimeout("the file does not come to its end")

    def _tried(self, request: Callable[[], T], address: str) -> T:
        detail, asked = "", 0.0
        for attempt in range(self._politeness.tries):
            if attempt:
                self._pace.rest(attempt, asked)
            try:
                return request()
            except httpx.HTTPStatusError as error:
                detail, asked = f"HTTP {error.response.status_code}", asked_to_wait(error.response.headers)
                if asked > LONGEST_WAIT:
                    raise self._failure("source-asks-to-wait", address, seconds=int(asked)) from error
            except httpx.HTTPError as error:
                require_trust(error, self.name)
                detail, asked = f"{type(error).__name__}: {error}", 0.0
            except httpx.InvalidURL as error:
                detail = f"{type(error).__name__}: {error}"
                break
        raise self._failure("source-unreachable", address, detail=detail)

    def _failure(self, code: str, address: str, **params: object) -> SourceFailed:
        place = shown(address)
        return SourceFailed(code, source=place if "://" in place else self.name + place, **params)

    def _require_robots(self, address: str) -> None:
        whole = str(self._client.build_request("GET", address).url)
        if not self._robots.allow(whole):
            raise SourceFailed("source-forbids-robots", source=self.name, detail=shown(address))

    def _read_robots(self, address: str) -> str:
        self._pace.turn()
        with self._client.stream("GET", address) as response:
            body = bytearray()
            for block in self._flowing(self._blocks(response)):
                body += block
                if len(body) > _LARGEST_ROBOTS:
                    break
            return body.decode("utf-8-sig", "replace") if response.status_code == HTTPStatus.OK else ""


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The blocks of a body. Raises httpx.RemoteProtocolError where it was packed and ends in the middle.

    The library takes half of a packed body for the whole where no length was announced.
    """
    size = 0
    for block in response.iter_bytes():
        size += len(block)
        yield block
    decoder: Any = response._get_content_decoder()  # noqa: SLF001 - nothing public tells where the packing ended
    unpacker = getattr(decoder, "decompressor", None)
    if size and unpacker is not None and not unpacker.eof:
        raise httpx.RemoteProtocolError("what was packed ends in the middle")
