"""The directories of a TIFF picture, each of which names the next one (TIFF 6.0, section 2; BigTIFF)."""

import struct
from typing import BinaryIO, Final

_MOST: Final = 100_000
# By byte order and version: how offset, count of tags and the following offset are written, and the length of a tag.
_ORDERS: Final = {b"II": "<", b"MM": ">"}
_PLAIN, _BIG = 42, 43


def circles(stream: BinaryIO) -> bool:
    """Whether the directories of a TIFF come back to one that was there before, so that no reader reaches their end.

    What is cut off or damaged is for the decoder to find.
    """
    stream.seek(0)
    head = stream.read(16)
    order = _ORDERS.get(head[:2])
    if order is None or len(head) < 16:
        return False
    version = struct.unpack_from(f"{order}H", head, 2)[0]
    if version not in {_PLAIN, _BIG}:
        return False
    count, offset, tag = (f"{order}Q", f"{order}Q", 20) if version == _BIG else (f"{order}H", f"{order}L", 12)
    at = int(struct.unpack_from(offset, head, 8 if version == _BIG else 4)[0])
    size = stream.seek(0, 2)
    seen: set[int] = set()
    while at and len(seen) < _MOST:
        if at in seen:
            return True
        seen.add(at)
        tags = _number(stream, at, count, size)
        at = _number(stream, at + struct.calcsize(count) + tags * tag, offset, size)
    return False


def _number(stream: BinaryIO, at: int, layout: str, size: int) -> int:
    """The number at a place; 0 where the file ends before it."""
    length = struct.calcsize(layout)
    if at + length > size:
        return 0
    stream.seek(at)
    return int(struct.unpack(layout, stream.read(length))[0])
