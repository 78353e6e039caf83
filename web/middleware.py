"""What holds for every request and answer: a name in the log, a limit on what is sent in, headers that narrow the page.

Plain ASGI and asynchronous, because it wraps streams.
"""

import secrets
import time
from typing import Final

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from archive.tracing import Noted, span
from web.errors import TooLarge, json_error, unexpected
from web.headers import HARDENING

MOST_BYTES: Final = 1 << 20
"""Of a request body: the surface takes forms and small JSON, never files."""

_UPLOADS: Final = "/api/v1/uploads"
"""Streamed, and bounded there by the length that each upload announces."""

_INVENTORIES: Final = ("/api/v1/sources/", "/inventory")
"""How the addresses of lists begin and end, which are streamed and bounded where they are laid down."""

_PUSHES: Final = "/api/v1/push/"
_PUSHED_BYTES: Final = 9 << 20
"""Of a pushed message, which may hold a whole notice; its attachments lie elsewhere."""

_API: Final = "/api/v1"
_QUIET: Final = ("/health/", "/metrics", "/static/")
"""Asked for every few seconds, or once for each picture of a page: only who looks closely is told."""


class Logged:
    """Gives each request a reference that every line of the log about it carries, and one line of its own.

    The line names the route, never the address: an address may hold what somebody searched for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reference = secrets.token_hex(6)
        scope.setdefault("state", {})["reference"] = reference
        started, status = time.perf_counter(), 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        with bound_contextvars(request=reference), span("http.request", request=reference) as open_span:
            try:
                await self._app(scope, receive, send_noted)
            finally:
                self._note(open_span, scope, status, (time.perf_counter() - started) * 1000)

    def _note(self, open_span: Noted, scope: Scope, status: int, milliseconds: float) -> None:
        method, route = str(scope["method"]), _route(scope)
        open_span.note(method=method, route=route, status=status)
        log = self._log.debug if str(scope["path"]).startswith(_QUIET) else self._log.info
        log("http.request", method=method, route=route, status=status, milliseconds=round(milliseconds, 3))


def _route(scope: Scope) -> str:
    """The template of the route that answered: `/records/{record_id}`; empty where none did."""
    path, template = str(scope["path"]), str(getattr(scope.get("route"), "path", ""))
    if path.startswith("/static/"):
        return "/static"
    # A route that was included under the address of the API does not know it.
    inside = template and path.startswith(_API)
    return _API + template.removeprefix(_API) if inside else template


class Hardening:
    """Gives each answer the headers it has not set itself, and each failure an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reference = scope["state"]["reference"]
        started = False

        async def send_hardened(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HARDENING.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = reference
            await send(message)

        try:
            await self._app(scope, receive, send_hardened)
        except Exception as error:  # the last place where a failure can still become an answer
            if started:
                raise
            answer = await run_in_threadpool(unexpected, Request(scope), error)
            await answer(scope, receive, send_hardened)


def _is_streamed(path: str) -> bool:
    begins, ends = _INVENTORIES
    return f"{path}/".startswith(f"{_UPLOADS}/") or (path.startswith(begins) and path.endswith(ends))


class BodyLimit:
    """Refuses request bodies that are too large, whether they say so or not."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _is_streamed(str(scope["path"])):
            await self._app(scope, receive, send)
            return
        pushed = scope["type"] == "http" and str(scope["path"]).startswith(_PUSHES)
        most = max(self._most, _PUSHED_BYTES) if pushed else self._most
        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if announced.isdigit() and int(announced) > most:
            await json_error(TooLarge("request-too-large", most=most))(scope, receive, send)
            return
        seen = 0

        async def receive_limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise TooLarge("request-too-large", most=most)
            return message

        await self._app(scope, receive_limited, send)
