"""Tells a bundle that is damaged from a file that never was one. Standard library only."""

import os
from typing import BinaryIO

from archive.evidence import container
from archive.evidence.documents import MANIFEST, PROOFS

_TAIL = 1 << 16
_HEAD_BITS = 8
_END_BITS = 4


def is_bundle(file: BinaryIO) -> bool:
    """Whether `file` begins or ends as a bundle does, up to a few flipped bits.

    The beginning is the header of the manifest, with its fixed date and flags; the end is the end record of a ZIP file
    with the name of a proof before it. One of the two is enough.
    """
    return _begins_as_one(file) or _ends_as_one(file)


def _begins_as_one(file: BinaryIO) -> bool:
    expected = container.local_header(MANIFEST.encode(), 0, 0)
    file.seek(0)
    head = file.read(len(expected))
    # Checksum and sizes (bytes 14 to 26) differ from bundle to bundle.
    return len(head) == len(expected) and _bits(head[:14] + head[26:], expected[:14] + expected[26:]) <= _HEAD_BITS


def _ends_as_one(file: BinaryIO) -> bool:
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _TAIL))
    tail = file.read()
    names = any(name.encode() in tail for name in (MANIFEST, *PROOFS))
    at_end = tail[-container.END.size :][:4]
    return names and (_bits(at_end, container.END_MAGIC) <= _END_BITS or container.END_MAGIC in tail)


def _bits(one: bytes, other: bytes) -> int:
    if len(one) != len(other):
        return 8 * max(len(one), len(other))
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
