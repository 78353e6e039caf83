"""A stored object as a seekable stream: one answer read on and on, asked for again only where it broke or one seeks."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from archive.blobs.digests import BLOCK
from archive.blobs.seekable import SeekableFile
from archive.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

IN_MEMORY: Final = 16 << 20
"""Up to this size an object is fetched whole: it costs less than to keep a connection for it."""

_BUFFER: Final = 1 << 18
_BREAKS: Final = 3

Fetch = Callable[[int], BaseHTTPResponse]
"""The answer that carries the object from a position on."""


def open_stream(response: BaseHTTPResponse, fetch: Fetch, place: str) -> BinaryIO:
    """A seekable stream over an object whose first answer is `response`.

    Raises:
        Unavailable: a small object cannot be read to its end; a large one raises it while it is read.
    """
    remote = RemoteObject(response, fetch, place)
    if remote.size > IN_MEMORY:
        return io.BufferedReader(remote, _BUFFER)
    with remote:
        return io.BytesIO(remote.readall())


class RemoteObject(SeekableFile):
    """Reads an object where it lies. A connection that breaks is opened again at the position, three times in a row."""

    def __init__(self, response: BaseHTTPResponse, fetch: Fetch, place: str) -> None:
        super().__init__(int(response.headers.get("Content-Length", "0")))
        self._fetch = fetch
        self._place = place
        self._response: BaseHTTPResponse | None = response

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        before = self.position
        if super().seek(offset, whence) != before:
            self._drop()
        return self.position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self.size - self.position)
        if wanted <= 0:
            return 0
        data, detail = b"", "connection closed"
        for _ in range(_BREAKS + 1):
            try:
                data = self._answer().read(wanted)
            except HTTPError as error:
                detail = type(error).__name__
            if data:
                break
            self._drop()
        else:
            raise Unavailable("blob-store-unavailable", path=self._place, detail=detail)
        view[: len(data)] = data
        self.position += len(data)
        if self.position == self.size:
            self._drop()
        return len(data)

    def readall(self) -> bytes:
        parts = []
        while block := self.read(BLOCK):
            parts.append(block)
        return b"".join(parts)

    def close(self) -> None:
        self._drop()
        super().close()

    def _answer(self) -> BaseHTTPResponse:
        if self._response is None:
            self._response = self._fetch(self.position)
        return self._response

    def _drop(self) -> None:
        response, self._response = self._response, None
        if response is None:
            return
        if response.length_remaining != 0:
            # The rest is on its way: the connection can be used for nothing else.
            response.close()
        response.release_conn()
