"""What passes between a room and its process: frames of one kind byte, a length and a body."""

import socket
import struct
import time
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


def receive(line: socket.socket, most: int, until: float | None = None) -> tuple[Frame, bytes]:
    """Receive one frame of at most `most` bytes, all of it before the moment `until` of the monotonic clock.

    Raises:
        BrokenOffError: the other side is gone, or sent what is no frame.
        OverflowError: the frame is larger.
        TimeoutError: the time is over.
    """
    mark, length = _HEADER.unpack(_exactly(line, _HEADER.size, until))
    try:
        kind = Frame(mark)
    except ValueError as error:
        raise BrokenOffError from error
    if length > most:
        raise OverflowError
    return kind, bytes(_exactly(line, length, until))


def hurry(line: socket.socket, until: float) -> None:
    """Let the next word on `line` take no longer than to the moment `until`.

    Raises:
        TimeoutError: it is over.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _exactly(line: socket.socket, length: int, until: float | None) -> bytearray:
    body = bytearray(length)
    view, reached = memoryview(body), 0
    while reached < length:
        # Anew for every piece: whoever sends a byte now and then must not gain time by it.
        if until is not None:
            hurry(line, until)
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
