"""What a kind of hostile file is."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind: how a file of it is made, the name it comes by, and what has to be said of it.

    At least one of `codes` must be among the reasons an examination gives. What is `refused` fails or is a problem;
    what is `contained` was looked into up to a bound, which is told, or holds what is worth knowing and forbids
    nothing.
    """

    name: str
    file: str
    make: Callable[[], bytes]
    codes: frozenset[str]
    verdict: str = "refused"


def kind(name: str, file: str, make: Callable[[], bytes], *codes: str, verdict: str = "refused") -> Kind:
    return Kind(name, file, make, frozenset(codes), verdict)


def deflated_zeros(mebibytes: int) -> bytes:
    """So many MiB of zero bytes as a raw deflate stream of a thousandth of the size, made at once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * mebibytes + b"\x03\x00"


def crc_of_zeros(mebibytes: int) -> int:
    crc = 0
    piece = bytes(1 << 20)
    for _ in range(mebibytes):
        crc = zlib.crc32(piece, crc)
    return crc


def zlib_zeros(mebibytes: int) -> bytes:
    """The same as a zlib stream, as PDF and PNG have them."""
    # Adler-32 of zeros: the first sum stays 1, the second counts the bytes (RFC 1950, 8.2).
    checksum = ((mebibytes << 20) % 65_521) << 16 | 1
    return b"\x78\xda" + deflated_zeros(mebibytes) + checksum.to_bytes(4, "big")
