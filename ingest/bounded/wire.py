"""What passes between a room and its process: frames of one kind byte, a length and a body."""

import socket
import struct
from enum import Enum
from typing import Final

_HEADER: Final = struct.Struct(">cQ")
SPAN: Final = struct.Struct(">QQ")
"""Body of a `READ`: where to read from, and how many bytes."""


class Frame(Enum):
    """Kinds of frame. A call is answered by any number of `READ`s, each with `BYTES` or `UNREADABLE`, and one end."""

    CALL = b"C"
    READ = b"R"
    BYTES = b"B"
    UNREADABLE = b"U"
    DONE = b"D"
    REFUSED = b"X"
    BROKE = b"!"


class BrokenOffError(Exception):
    """The other side is gone or does not keep to the protocol."""


def send(line: socket.socket, kind: Frame, body: bytes) -> None:
    """Send one frame.

    Raises:
        BrokenOffError: the other side is gone.
        TimeoutError: the time set on `line` was over.
    """
    try:
        line.sendall(_HEADER.pack(kind.value, len(body)))
        line.sendall(body)
    except TimeoutError:
        raise
    except OSError as error:
        raise BrokenOffError from error


def receive(line: socket.socket, most: int) -> tuple[Frame, bytes]:
    """Receive one frame of at most `most` bytes.

    Raises:
        BrokenOffError: the other side is gone, or sent what is no frame.
        OverflowError: the frame is larger.
        TimeoutError: the time set on `line` was over.
    """
    mark, length = _HEADER.unpack(_exactly(line, _HEADER.size))
    try:
        kind = Frame(mark)
    except ValueError as error:
        raise BrokenOffError from error
    if length > most:
        raise OverflowError
    return kind, bytes(_exactly(line, length))


def _exactly(line: socket.socket, length: int) -> bytearray:
    body = bytearray(length)
    view, reached = memoryview(body), 0
    while reached < length:
        try:
            got = line.recv_into(view[reached:])
        except TimeoutError:
            raise
        except OSError as error:
            raise BrokenOffError from error
        if got == 0:
            raise BrokenOffError
        reached += got
    return body
