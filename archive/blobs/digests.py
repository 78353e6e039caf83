"""SHA-256 and SM3 of a stream in one pass over its bytes.

SHA-256 (GB/T 18238.3, FIPS 180-4) is what the world checks; SM3 (GB/T 32905) is what the domain asks for. Both are
kept of every file. SM3 is the slower by five times, so it bounds capture.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK = 1 << 20


@dataclass(frozen=True)
class Digest:
    """What identifies bytes: both digests in lower-case hex, and the size in bytes."""

    sha256: str
    sm3: str
    size: int


class Digester:
    """Takes blocks, gives the digest."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sm3 = hashlib.new("sm3")
        self._size = 0

    def update(self, block: bytes) -> None:
        """Take the next bytes."""
        self._sha256.update(block)
        self._sm3.update(block)
        self._size += len(block)

    def digest(self) -> Digest:
        """The digest of everything taken so far."""
        return Digest(self._sha256.hexdigest(), self._sm3.hexdigest(), self._size)


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of `stream` in blocks of at most `BLOCK` bytes."""
    while block := stream.read(BLOCK):
        yield block


def digest_stream(stream: BinaryIO) -> Digest:
    """Both digests of the rest of `stream`, in constant memory."""
    digester = Digester()
    for block in blocks(stream):
        digester.update(block)
    return digester.digest()
