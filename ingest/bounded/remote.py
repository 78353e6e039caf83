"""The file of a call as the bounded process sees it: its bytes come from the parent, piece by piece."""

import io
import socket

from archive.blobs.seekable import SeekableFile
from ingest.bounded.wire import SPAN, Frame, receive, send

_PIECE = 256 << 10


class RemoteFile(SeekableFile):
    """A seekable file of `size` bytes that is read over `line`. It cannot be written and has no path."""

    def __init__(self, line: socket.socket, size: int) -> None:
        super().__init__(size)
        self._line = line

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # any writable buffer
        wanted = min(len(buffer), max(self.size - self.position, 0), _PIECE)
        if wanted == 0:
            return 0
        send(self._line, Frame.READ, SPAN.pack(self.position, wanted))
        kind, piece = receive(self._line, wanted)
        if kind is not Frame.BYTES:
            raise OSError("the bytes cannot be read")
        buffer[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)


def remote_file(line: socket.socket, size: int) -> io.BufferedReader:
    """The file, with a buffer: parsers read in crumbs."""
    return io.BufferedReader(RemoteFile(line, size), buffer_size=_PIECE)
