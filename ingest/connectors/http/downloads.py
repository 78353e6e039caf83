"""One file of a source on its way here: it goes on where it was cut, and begins anew where it has become another."""

import contextlib
import errno
import re
import tempfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import httpx

from archive.errors import Unavailable

_IN_MEMORY = 4 << 20
_SPAN = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Download:
    """Small files lie in memory, large ones in `folder` or where temporary files lie; never whole in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self._spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(folder) if folder else None)  # noqa: SIM115 - see `finished`
        self._size = 0
        self._state: tuple[str, str] | None = None
        self._validator = ""
        self._total: int | None = None
        self.changes = 0
        """How often the file turned out to be another than the one that was begun."""

    def headers(self) -> dict[str, str]:
        """What is asked for: all of it, or the rest where the source can tell whether that still fits.

        For `If-Range` see RFC 9110, 13.1.5.
        """
        plain = {"Accept-Encoding": "identity"}
        if not self._size or not self._validator:
            return plain
        return plain | {"Range": f"bytes={self._size}-", "If-Range": self._validator}

    def receive(self, response: httpx.Response, blocks: Iterator[bytes]) -> None:
        """Take what comes.

        Raises:
            httpx.RemoteProtocolError: it does not fit what is here already, or is not whole; worth another try.
            Unavailable: there is no room for it.
        """
        if response.status_code == HTTPStatus.PARTIAL_CONTENT:
            self._go_on(response)
        elif response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._forget()
            raise httpx.RemoteProtocolError("the part asked for is not there")
        else:
            self._begin(response)
        for block in blocks:
            with room():
                self._spool.write(block)
            self._size += len(block)
        if self._total is not None and self._size != self._total:
            raise httpx.RemoteProtocolError(f"{self._size} of {self._total} bytes")

    def finished(self) -> BinaryIO:
        """The file from its first byte. Whoever asked for it closes it."""
        with room():
            self._spool.seek(0)
        return self._spool  # type: ignore[return-value]  # a spooled file is a binary file in all but its declared type

    def discard(self) -> None:
        """Leave nothing of it."""
        # What could not be written for want of room is tried once more on closing, and fails again.
        with contextlib.suppress(OSError):
            self._spool.close()

    def _begin(self, response: httpx.Response) -> None:
        self._forget()
        state = _state(response)
        self.changes += self._state is not None and self._state != state
        self._state = state
        packed = response.headers.get("Content-Encoding", "").strip().lower() not in {"", "identity"}
        etag, modified = state
        # Bytes are counted as they come off the wire: what is packed cannot be taken up in the middle.
        self._validator = "" if packed else (etag if etag.startswith('"') else modified)
        length = response.headers.get("Content-Length", "")
        self._total = int(length) if length.isascii() and length.isdigit() and not packed else None

    def _go_on(self, response: httpx.Response) -> None:
        span = _SPAN.fullmatch(response.headers.get("Content-Range", "").strip())
        first, total = (int(span.group(1)), int(span.group(3))) if span else (-1, -1)
        fits = first == self._size > 0 and self._total in {None, total} and self._state == _state(response)
        if not fits:
            self.changes += 1
            self._forget()
            raise httpx.RemoteProtocolError("the part does not fit what came before")
        self._total = total

    def _forget(self) -> None:
        if self._size:
            with room():
                self._spool.seek(0)
                self._spool.truncate()
        self._size, self._validator, self._total = 0, "", None


def _state(response: httpx.Response) -> tuple[str, str]:
    etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
    return etag if etag.isascii() else "", modified if modified.isascii() else ""


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Say by name that there is no room for temporary files."""
    try:
        yield
    except OSError as error:
        code = "blob-store-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "blob-store-unavailable"
        raise Unavailable(code, path=tempfile.gettempdir(), detail=error.strerror or str(error)) from error
