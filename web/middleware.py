"""What holds for every request and answer: a name in the log, a limit on what is sent in, headers that narrow the page.

Plain ASGI and asynchronous, because it wraps streams.
"""

import secrets
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import TooLarge, json_error, unexpected
from web.headers import HARDENING

MOST_BYTES: Final = 1 << 20
"""Of a request body: the surface takes forms and small JSON, never files."""


class Hardening:
    """Gives each request a reference, each answer the headers it has not set itself, and each failure an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reference = secrets.token_hex(6)
        scope.setdefault("state", {})["reference"] = reference
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


class BodyLimit:
    """Refuses request bodies that are too large, whether they say so or not."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        announced = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if announced.isdigit() and int(announced) > self._most:
            await json_error(TooLarge("request-too-large", most=self._most))(scope, receive, send)
            return
        seen = 0

        async def receive_limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._most:
                raise TooLarge("request-too-large", most=self._most)
            return message

        await self._app(scope, receive_limited, send)
