"""The SFTP client as a drop needs it: names as bytes, listings in pieces, reads a few ahead and never more.

The library reads names as UTF-8 and fails on others, and what it reads ahead it reads without bound and in threads of
its own. It has calls for single requests and does not offer them; here they are used under public names.
"""

import stat
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from paramiko import Message, SFTPClient, SFTPError
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_DATA,
    CMD_HANDLE,
    CMD_LSTAT,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READ,
    CMD_READDIR,
    CMD_STATUS,
    SFTP_FLAG_READ,
    int64,
)
from paramiko.sftp_attr import SFTPAttributes

from ingest.connectors.drop.tree import Kind, Leaf

BLOCK: Final = 32 << 10
AHEAD: Final = 16
"""So many reads of `BLOCK` bytes are under way at once: half a megabyte, whatever the size of the file."""

_SECOND: Final = 1_000_000_000


class Session(SFTPClient):
    """One SFTP session. Errors are those of the library and of the operating system."""

    def entries(self, folder: bytes) -> Iterator[tuple[bytes, SFTPAttributes]]:
        """Names in a folder with what they stand for, as the server sends them."""
        handle = self._ask(CMD_OPENDIR, folder, wanted=CMD_HANDLE).get_binary()
        try:
            while True:
                try:
                    answer = self._ask(CMD_READDIR, handle, wanted=CMD_NAME)
                except EOFError:
                    return
                for _ in range(answer.get_int()):
                    name = answer.get_binary()
                    answer.get_binary()
                    attributes = _attributes(answer)
                    if name not in {b".", b".."}:
                        yield name, attributes
        finally:
            self._ask(CMD_CLOSE, handle, wanted=CMD_STATUS)

    def look(self, path: bytes) -> SFTPAttributes:
        """What stands at a path; a link is a link."""
        return _attributes(self._ask(CMD_LSTAT, path, wanted=CMD_ATTRS))

    def blocks(self, path: bytes, offset: int, size: int) -> Iterator[bytes]:
        """The bytes of a file from `offset` up to `size`, fewer where it ends before."""
        handle = self._ask(CMD_OPEN, path, SFTP_FLAG_READ, SFTPAttributes(), wanted=CMD_HANDLE).get_binary()
        box = _Box()
        waiting: deque[tuple[int, int]] = deque()
        while offset < size or waiting:
            while offset < size and len(waiting) < AHEAD:
                length = min(BLOCK, size - offset)
                waiting.append((self._send(box, CMD_READ, handle, int64(offset), length), length))
                offset += length
            number, length = waiting.popleft()
            data = self._receive(box, number)
            yield data
            if len(data) < length:
                # A server may send less than it was asked for: what was asked beyond is asked anew by the caller.
                break
        self._ask(CMD_CLOSE, handle, wanted=CMD_STATUS)

    def _ask(self, command: int, *arguments: object, wanted: int) -> Message:
        library: Any = self
        kind, answer = library._request(command, *arguments)  # noqa: SLF001 - see the module's docstring
        if kind != wanted:
            raise SFTPError(f"answer {kind}")
        message: Message = answer
        return message

    def _send(self, box: "_Box", command: int, *arguments: object) -> int:
        library: Any = self
        number: int = library._async_request(box, command, *arguments)  # noqa: SLF001 - see the module's docstring
        return number

    def _receive(self, box: "_Box", number: int) -> bytes:
        library: Any = self
        while number not in box.answers:
            library._read_response()  # noqa: SLF001 - see the module's docstring
        return box.answers.pop(number)


class _Box:
    """Where answers to reads are laid until their turn comes. What is no data is the end of the file."""

    def __init__(self) -> None:
        self.answers: dict[int, bytes] = {}

    def _async_response(self, kind: int, message: Message, number: int) -> None:
        self.answers[number] = message.get_binary() if kind == CMD_DATA else b""


def leaf_of(path: bytes, attributes: SFTPAttributes) -> Leaf:
    """What a server says of a name."""
    mode = attributes.st_mode or 0
    if stat.S_ISREG(mode):
        return Leaf(path, Kind.FILE, attributes.st_size or 0, (attributes.st_mtime or 0) * _SECOND)
    return Leaf(path, Kind.FOLDER if stat.S_ISDIR(mode) else Kind.OTHER)


def _attributes(message: Message) -> SFTPAttributes:
    library: Any = SFTPAttributes
    attributes: SFTPAttributes = library._from_msg(message)  # noqa: SLF001 - see the module's docstring
    return attributes
