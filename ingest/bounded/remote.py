"""The file of a call as the bounded process sees it: its bytes come from the parent, piece by piece."""

import io
import socket

from ingest.bounded.wire import SPAN, Frame, receive, send

_PIECE = 256 << 10


class RemoteFile(io.RawIOBase):
    """A seekable file of `size` bytes that is read over `line`. It cannot be written and has no path."""

    def __init__(self, line: socket.socket, size: int) -> None:
        self._line = line
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("negative position")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # any writable buffer
        wanted = min(len(buffer), max(self._size - self._position, 0), _PIECE)
        if wanted == 0:
            return 0
        send(self._line, Frame.READ, SPAN.pack(self._position, wanted))
        kind, piece = receive(self._line, wanted)
        if kind is not Frame.BYTES:
            raise OSError("the bytes cannot be read")
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def remote_file(line: socket.socket, size: int) -> io.BufferedReader:
    """The file, with a buffer: parsers read in crumbs."""
    return io.BufferedReader(RemoteFile(line, size), buffer_size=_PIECE)
