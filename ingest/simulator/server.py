"""The HTTP side of a site: a real server on loopback with three faces of a portal and with its bad manners.

The faces (`ingest.simulator.portal_faces`) show the same site: a plain JSON interface, the lists and pages of
EpointWebBuilder, and lists by sourceDataKey.
"""

import hashlib
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ingest.simulator import portal_faces
from ingest.simulator.port import PLAIN, Manner, Site

_LARGEST_PAGE = 100
_LARGEST_QUESTION = 1 << 20
_IDLE_SECONDS = 20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_ROBOTS = "User-agent: *\nAllow: /api/\nAllow: /files/\nDisallow: /admin/\n"


class _Server(ThreadingHTTPServer):
    """A server that ends its open connections when it is closed, so that no thread outlives it."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own business; nothing is printed."""

    def server_close(self) -> None:
        with self._guard:
            for connection in self._open:
                _hang_up(connection)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "TradingPortal/1.0"
    timeout = _IDLE_SECONDS
    wbufsize = -1  # head and body in one packet: apart, each answer would wait for a delayed acknowledgement
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's own name
        """Silent: the tests and the demonstration have their own output."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        segments = [unquote(segment, errors="replace") for segment in parts.path.strip("/").split("/")]
        query = parse_qs(parts.query)
        match segments:
            case ["api", "list"]:
                self._list(query)
            case ["api", "detail", infoid]:
                self._detail(infoid)
            case ["files", infoid, name]:
                self._file(infoid, name)
            case ["robots.txt"]:
                self._deliver(HTTPStatus.OK, _ROBOTS.encode(), "text/plain; charset=utf-8")
            case ["trssearch", "openSearch", "getPublishResourceDealList"]:
                self._newest(query)
            case ["trssearch", "openSearch", "getPublishResourceDealContent"]:
                self._deal(query.get("sourceDataKey", [""])[0])
            case [*_, name] if name.endswith(".html"):
                self._page(name.removesuffix(".html"))
            case _:
                self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_QUESTION:
            self.close_connection = True
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        if urlsplit(self.path).path != portal_faces.EPOINT_LIST:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        manner = self.server.site.manner(None)
        if not self._proceed(manner):
            return
        answer = portal_faces.epoint_list(self.server.site, form, _LARGEST_PAGE)
        if answer is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self._json(answer, manner)

    def _list(self, query: Mapping[str, list[str]]) -> None:
        if not self._proceed(self.server.site.manner(None)):
            return
        page, size = _number(query, "page", 1), _number(query, "size", 20)
        if page is None or size is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        size = min(size, _LARGEST_PAGE)
        rows = self.server.site.listing(query.get("category", [None])[0])
        shown = [dict(row) for row in rows[(page - 1) * size : page * size]]
        self._json({"total": len(rows), "items": shown}, PLAIN)

    def _newest(self, query: Mapping[str, list[str]]) -> None:
        if not self._proceed(self.server.site.manner(None)):
            return
        number = _number(query, "num", 20)
        if number is None:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        kind = query.get("noticeTypeName", [""])[0]
        self._json(portal_faces.newest_deals(self.server.site, number, kind), PLAIN)

    def _deal(self, key: str) -> None:
        self._document(key, portal_faces.deal)

    def _detail(self, infoid: str) -> None:
        self._document(infoid, portal_faces.plain_detail)

    def _document(self, infoid: str, face: Callable[[Site, str], object | None]) -> None:
        manner = self.server.site.manner(infoid)
        if not self._proceed(manner):
            return
        answer = face(self.server.site, infoid)
        if answer is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._json(answer, manner)

    def _page(self, infoid: str) -> None:
        manner = self.server.site.manner(infoid)
        if not self._proceed(manner):
            return
        page = portal_faces.epoint_page(self.server.site, infoid)
        if page is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        self._tagged(page.encode(manner.encoding), "text/html; charset=utf-8", manner)

    def _file(self, infoid: str, name: str) -> None:
        manner = self.server.site.manner(None)
        if not self._proceed(manner):
            return
        data = self.server.site.file(infoid, name)
        if data is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        span, tag = self.headers.get("Range"), _tag(data)
        if span is None or self.headers.get("If-Range", tag) != tag:
            extra = {"Accept-Ranges": "bytes", "ETag": tag}
            self._deliver(HTTPStatus.OK, data, "application/octet-stream", extra, manner)
            return
        self._part(data, span)

    def _part(self, data: bytes, span: str) -> None:
        bounds = _bounds(span, len(data))
        if bounds is None:
            extra = {"Content-Range": f"bytes */{len(data)}"}
            self._deliver(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", "application/octet-stream", extra)
            return
        first, last = bounds
        span = f"bytes {first}-{last}/{len(data)}"
        extra = {"Content-Range": span, "Accept-Ranges": "bytes", "ETag": _tag(data)}
        self._deliver(HTTPStatus.PARTIAL_CONTENT, data[first : last + 1], "application/octet-stream", extra)

    def _proceed(self, manner: Manner) -> bool:
        if manner.delay:
            time.sleep(manner.delay)
        if manner.status != HTTPStatus.OK:
            self._refuse(HTTPStatus(manner.status))
            return False
        if manner.hang_up:
            self.close_connection = True
            return False
        if manner.redirect:
            self._deliver(HTTPStatus.FOUND, b"", "text/html", {"Location": manner.redirect})
            return False
        if manner.login:
            self._deliver(HTTPStatus.OK, portal_faces.LOGIN.encode(), "text/html; charset=utf-8")
            return False
        return True

    def _json(self, value: object, manner: Manner) -> None:
        body = json.dumps(value, ensure_ascii=False).encode(manner.encoding)
        self._tagged(body, "application/json; charset=utf-8", manner)

    def _tagged(self, body: bytes, kind: str, manner: Manner) -> None:
        tag = _tag(body)
        if self.headers.get("If-None-Match") == tag:
            self._deliver(HTTPStatus.NOT_MODIFIED, b"", None, {"ETag": tag})
            return
        self._deliver(HTTPStatus.OK, body, kind, {"ETag": tag}, manner)

    def _refuse(self, status: HTTPStatus) -> None:
        body = json.dumps({"error": status.phrase}).encode()
        self._deliver(status, body, "application/json; charset=utf-8")

    def _deliver(
        self,
        status: HTTPStatus,
        body: bytes,
        kind: str | None,
        extra: Mapping[str, str] | None = None,
        manner: Manner = PLAIN,
    ) -> None:
        self.send_response(status)
        if kind is not None:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        end = manner.cut_at if manner.cut_at is not None else len(body) // 2 if manner.cut else len(body)
        self.wfile.write(body[:end])
        self.close_connection = self.close_connection or end < len(body)


class SimulatorServer:
    """A site on a port of loopback.

    Use it as a context manager, or call `start` and `stop`. Port 0 takes a free one.
    """

    def __init__(self, site: Site, port: int = 0, host: str = "127.0.0.1") -> None:
        self._site = site
        self._address = (host, port)
        self._running: tuple[_Server, threading.Thread] | None = None

    def start(self) -> str:
        """Begin to answer; the base URL, without a slash at its end.

        Raises:
            OSError: the port is taken.
        """
        server = _Server(self._address, self._site)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="simulator")
        thread.start()
        self._running = (server, thread)
        return _base_url(server)

    def stop(self) -> None:
        """End all connections and free the port. Stopping what does not run does nothing."""
        if self._running is None:
            return
        server, thread = self._running
        self._running = None
        server.shutdown()
        thread.join()
        server.server_close()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve_forever(
    site: Site, host: str = "127.0.0.1", port: int = 0, announce: Callable[[str], None] | None = None
) -> None:
    """Show a site from this thread until interrupted (KeyboardInterrupt passes through).

    `announce` is told the base URL once the server answers.
    """
    server = _Server((host, port), site)
    try:
        if announce is not None:
            announce(_base_url(server))
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()


def _base_url(server: _Server) -> str:
    host, port = server.server_address[:2]
    return f"http://{host if isinstance(host, str) else host.decode()}:{port}"


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster


def _tag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _number(query: Mapping[str, list[str]], name: str, default: int) -> int | None:
    """The value of a query parameter, a whole number from 1, or None when it is anything else."""
    text = query.get(name, [str(default)])[0]
    return int(text) if text.isascii() and text.isdigit() and 1 <= len(text) <= 9 and int(text) > 0 else None


def _bounds(span: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single range (RFC 9110, 14.1.2), or None when it cannot be satisfied."""
    found = _RANGE.fullmatch(span.strip())
    if found is None or found.group(1) == found.group(2) == "":
        return None
    head, tail = found.groups()
    if not head:
        first, last = max(size - int(tail), 0), size - 1
    else:
        first, last = int(head), min(int(tail) if tail else size - 1, size - 1)
    return (first, last) if first <= last else None
