"""The container: a ZIP file (APPNOTE 6.3.10) with exactly one spelling.

Members are stored, not compressed, in a given order; dates are 1980-01-01, attributes those of a plain file, names
ASCII under the UTF-8 flag; there are no comments and no extra fields but the 64-bit ones of APPNOTE 4.5.3, and those
only where a number does not fit 32 bits; nothing stands between, before or after. So every byte follows from names,
contents and order, and the strict reader compares each with what the writer would have written. Standard library only.
"""

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

BLOCK = 1 << 18
EXTRA_64_SIZE = 20
LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
LOCAL_MAGIC, _CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_UTF8_FLAG = 0x0800
_DATE = 0x0021
_PLAIN_FILE = 0o100644 << 16
_VERSION, _VERSION_64 = 20, 45
_UNIX = 3 << 8
_FULL_16, FULL_32 = 0xFFFF, 0xFFFFFFFF
_EXTRA_64 = 0x0001
_SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class Member:
    """One file in the container: its size in bytes, its CRC-32, and the offset of its header."""

    name: bytes
    size: int
    crc: int
    offset: int


def safe_name(name: str) -> bool:
    """Whether a member may be called `name`: ASCII segments joined by slashes, none empty or starting with a dot."""
    return _SAFE_NAME.fullmatch(name) is not None


def local_header(name: bytes, size: int, crc: int) -> bytes:
    """What stands before a member's bytes."""
    large = size >= FULL_32
    shown = FULL_32 if large else size
    extra = struct.pack("<2H2Q", _EXTRA_64, 16, size, size) if large else b""
    version = _VERSION_64 if large else _VERSION
    fields = (version, _UTF8_FLAG, 0, 0, _DATE, crc, shown, shown, len(name), len(extra))
    return LOCAL.pack(LOCAL_MAGIC, *fields) + name + extra


def central_header(member: Member) -> bytes:
    """What stands for a member in the central directory."""
    name = member.name
    large, far = member.size >= FULL_32, member.offset >= FULL_32
    numbers = ([member.size] * 2 if large else []) + ([member.offset] if far else [])
    extra = struct.pack(f"<2H{len(numbers)}Q", _EXTRA_64, 8 * len(numbers), *numbers) if numbers else b""
    version = _VERSION_64 if numbers else _VERSION
    shown, offset = (FULL_32 if large else member.size), (FULL_32 if far else member.offset)
    fields = (_UNIX | version, version, _UTF8_FLAG, 0, 0, _DATE, member.crc, shown, shown, len(name), len(extra))
    return _CENTRAL.pack(_CENTRAL_MAGIC, *fields, 0, 0, 0, _PLAIN_FILE, offset) + name + extra


def end_records(count: int, offset: int, size: int) -> bytes:
    """What ends the container: `count` members, the central directory at `offset`, `size` bytes long."""
    shown = min(count, _FULL_16), min(size, FULL_32), min(offset, FULL_32)
    end = END.pack(END_MAGIC, 0, 0, shown[0], shown[0], shown[1], shown[2], 0)
    if count < _FULL_16 and size < FULL_32 and offset < FULL_32:
        return end
    numbers = (_UNIX | _VERSION_64, _VERSION_64, 0, 0, count, count, size, offset)
    end64 = _END64.pack(b"PK\x06\x06", _END64.size - 12, *numbers)
    return end64 + _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1) + end


class Writer:
    """Writes a container to a seekable file that begins empty. Memory does not grow with the size of members."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members: dict[bytes, Member] = {}

    def add(self, name: str, size: int, blocks: Iterable[bytes]) -> None:
        """Write a member of `size` bytes.

        Raises:
            ValueError: the name is unsafe or taken, or the blocks are not `size` bytes together.
        """
        encoded = name.encode()
        if not safe_name(name) or encoded in self._members:
            raise ValueError(f"{name!r} cannot name a member here")
        offset = self._file.tell()
        self._file.write(local_header(encoded, size, 0))
        crc, written = 0, 0
        for block in blocks:
            self._file.write(block)
            crc = zlib.crc32(block, crc)
            written += len(block)
        if written != size:
            raise ValueError(f"{name} has {written} bytes instead of {size}")
        end = self._file.tell()
        self._file.seek(offset)
        self._file.write(local_header(encoded, size, crc))
        self._file.seek(end)
        self._members[encoded] = Member(encoded, size, crc, offset)

    def finish(self) -> None:
        """Write what follows the members."""
        offset = self._file.tell()
        for member in self._members.values():
            self._file.write(central_header(member))
        self._file.write(end_records(len(self._members), offset, self._file.tell() - offset))
