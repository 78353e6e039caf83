"""ZIP containers opened as hostile: nothing in them is believed before it has been measured.

The central directory, the local headers and the bytes must tell the same story; sizes, counts, ratios and names stay
within limits; content is inflated in pieces, counted while it comes out, and never written to a path that the container
chose. Containers inside containers are not opened.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Never

from archive.errors import InvalidInput

_CHUNK = 1 << 16
_LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
_DESCRIPTOR_FLAG = 0x08
_ENCRYPTED_FLAG = 0x01
_UTF8_FLAG = 0x800
_ZIP64 = 0xFFFFFFFF
_DENSE = 20
_SYMLINK = 0o120000
_BROKEN_ZIP = (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError, OverflowError)


@dataclass(frozen=True)
class ContainerLimits:
    """How much a container may ask of us. Sizes in bytes.

    `ratio` is inflated to deflated size and judged only above `ratio_grace`: repeated text and uncompressed scans of
    nearly white paper (BMP, TIFF) compress several hundred times without malice; deflate itself ends at 1032 to 1.
    """

    entries: int = 10_000
    directory_bytes: int = 8 << 20
    entry_bytes: int = 128 << 20
    total_bytes: int = 512 << 20
    ratio: int = 200
    ratio_grace: int = 16 << 20


@dataclass(frozen=True)
class Entry:
    """One file in a container, as both headers declare it. `start` is where its stored bytes begin."""

    name: str
    size: int
    compressed: int
    crc: int
    method: int
    start: int


class Container:
    """A container whose directory has been checked. Entries are read by name, in pieces, as often as wanted."""

    def __init__(self, stream: BinaryIO, entries: dict[str, Entry], limits: ContainerLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._produced = 0
        self.entries = entries

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of `name` in pieces.

        Raises:
            InvalidInput: `file-damaged` (no such entry, broken bytes, wrong checksum), `zip-lies` (other sizes than
                declared), `zip-bomb` (more bytes in all than the limits allow).
        """
        entry = self.entries.get(name)
        if entry is None:
            raise InvalidInput("file-damaged", detail="missing part")
        crc = produced = 0
        pieces = _stored(self._stream, entry) if entry.method == zipfile.ZIP_STORED else _inflated(self._stream, entry)
        for piece in pieces:
            produced += len(piece)
            self._produced += len(piece)
            if produced > entry.size:
                raise InvalidInput("zip-lies", detail="size")
            if self._produced > self._limits.total_bytes:
                raise InvalidInput("zip-bomb", limit=self._limits.total_bytes)
            crc = zlib.crc32(piece, crc)
            yield piece
        if produced != entry.size:
            raise InvalidInput("zip-lies", detail="size")
        if crc != entry.crc:
            raise InvalidInput("file-damaged", detail="checksum")

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        """The content of a small entry at once, at most `limit` bytes.

        Raises:
            InvalidInput: as `chunks`; `zip-bomb` where the entry is larger than `limit`.
        """
        content = bytearray()
        for piece in self.chunks(name):
            content += piece
            if len(content) > limit:
                raise InvalidInput("zip-bomb", limit=limit)
        return bytes(content)


def open_container(stream: BinaryIO, limits: ContainerLimits | None = None) -> Container:
    """Check the directory of a ZIP container against its local headers and open it.

    Raises:
        InvalidInput: `file-truncated`, `file-damaged`, `file-encrypted`, `zip-lies` (headers that contradict each
            other, parts that overlap, a name twice), `zip-bomb` (counts, sizes or ratios beyond `limits`),
            `file-too-large-to-read` (sizes beyond `limits` of what is hardly packed),
            `zip-unsafe-name` (absolute or climbing paths, links), `zip-method` (a compression that is not published
            as deflate or stored), `name-not-utf8`.
    """
    bounds = limits or ContainerLimits()
    infos, directory_start, end = _directory(stream, bounds)
    if len(infos) > bounds.entries:
        raise InvalidInput("zip-bomb", limit=bounds.entries)
    entries: dict[str, Entry] = {}
    spans: list[tuple[int, int]] = []
    for info in infos:
        name = _safe_name(info)
        _bounded(info, bounds)
        start = _data_start(stream, info)
        spans.append((info.header_offset, start + info.compress_size))
        if name in entries:
            raise InvalidInput("zip-lies", detail="name twice")
        if not name.endswith("/"):
            entries[name] = Entry(name, info.file_size, info.compress_size, info.CRC, info.compress_type, start)
    together = sum(entry.size for entry in entries.values())
    if together > bounds.total_bytes:
        raise _beyond(together, sum(entry.compressed for entry in entries.values()), bounds.total_bytes)
    _apart(sorted(spans), min(directory_start, end))
    return Container(stream, entries, bounds)


class _Metered(io.RawIOBase):
    """Lets the directory parser read only so much: a directory as large as the file must not end up in memory."""

    def __init__(self, stream: BinaryIO, allowance: int) -> None:
        self._stream = stream
        self._allowance = allowance

    def read(self, size: int = -1) -> bytes:
        asked = self._allowance + 1 if size is None or size < 0 else size
        piece = self._stream.read(min(asked, self._allowance + 1))
        self._allowance -= len(piece)
        if self._allowance < 0:
            raise InvalidInput("zip-bomb", limit="directory")
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _directory(stream: BinaryIO, limits: ContainerLimits) -> tuple[list[zipfile.ZipInfo], int, int]:
    stream.seek(0)
    opening = stream.read(4)
    end = stream.seek(0, io.SEEK_END)
    try:
        # The handle is ours to close, so the archive object is let go without closing it.
        listing = zipfile.ZipFile(_Metered(stream, limits.directory_bytes))
    except UnicodeDecodeError as error:
        raise InvalidInput("name-not-utf8") from error
    except _BROKEN_ZIP as error:
        code = "file-truncated" if opening == b"PK\x03\x04" and "not a zip" in str(error) else "file-damaged"
        raise InvalidInput(code, detail="directory") from error
    return listing.infolist(), listing.start_dir, end


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_FLAG else "cp437")


def _safe_name(info: zipfile.ZipInfo) -> str:
    """The entry's name as its writer meant it: UTF-8 where flagged or valid, else GB18030, as Chinese tools write."""
    raw = _raw_name(info)
    for encoding in ("utf-8", "gb18030"):
        try:
            name = raw.decode(encoding).replace("\\", "/")
            break
        except UnicodeDecodeError:
            continue
    else:
        raise InvalidInput("name-not-utf8")
    climbing = ".." in name.split("/")
    drive = len(name) > 1 and name[1] == ":"
    link = info.external_attr >> 16 & 0o170000 == _SYMLINK
    if climbing or drive or link or name.startswith("/") or "\0" in name or not name:
        raise InvalidInput("zip-unsafe-name")
    return name


def _bounded(info: zipfile.ZipInfo, limits: ContainerLimits) -> None:
    if info.flag_bits & _ENCRYPTED_FLAG:
        raise InvalidInput("file-encrypted")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise InvalidInput("zip-method", method=info.compress_type)
    if info.file_size > limits.entry_bytes:
        raise _beyond(info.file_size, info.compress_size, limits.entry_bytes)
    if info.file_size > limits.ratio_grace and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise InvalidInput("zip-bomb", limit=limits.ratio)


def _beyond(size: int, packed: int, limit: int) -> InvalidInput:
    """What is beyond a limit was made to be, or is only large, such as a recording that hardly packs at all."""
    if size > _DENSE * packed:
        return InvalidInput("zip-bomb", limit=limit)
    return InvalidInput("file-too-large-to-read", size=size, limit=limit)


def _data_start(stream: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where the bytes of an entry begin, after its local header has been found to agree with the directory."""
    try:
        stream.seek(info.header_offset)
        header = stream.read(_LOCAL_HEADER.size)
    except (OSError, ValueError) as error:
        _lie("offset", error)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        _lie("offset")
    _, _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    if stream.read(name_length) != _raw_name(info):
        _lie("name")
    if method != info.compress_type or (flags ^ info.flag_bits) & _ENCRYPTED_FLAG:
        _lie("method")
    plain = not flags & _DESCRIPTOR_FLAG and _ZIP64 not in {compressed, size}
    if plain and (crc, compressed, size) != (info.CRC, info.compress_size, info.file_size):
        _lie("size")
    return int(info.header_offset) + _LOCAL_HEADER.size + int(name_length) + int(extra_length)


def _apart(spans: list[tuple[int, int]], limit: int) -> None:
    """No two entries share bytes, and none reaches into the directory: overlap is how small files make huge ones."""
    reached = 0
    for start, end in spans:
        if start < reached or end > limit:
            _lie("overlap")
        reached = end


def _stored(stream: BinaryIO, entry: Entry) -> Iterator[bytes]:
    done = 0
    while done < entry.compressed:
        stream.seek(entry.start + done)
        piece = stream.read(min(_CHUNK, entry.compressed - done))
        if not piece:
            raise InvalidInput("file-truncated")
        done += len(piece)
        yield piece


def _inflated(stream: BinaryIO, entry: Entry) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in _stored(stream, entry):
        pending = piece
        while pending and not inflate.eof:
            try:
                out = inflate.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise InvalidInput("file-damaged", detail="deflate") from error
            yield out
            pending = inflate.unconsumed_tail
        if inflate.unused_data:
            _lie("size")
    while not inflate.eof:
        # The last output may still be held back; what the stream cannot give without more input ends the loop.
        try:
            out = inflate.decompress(b"", _CHUNK)
        except zlib.error as error:
            raise InvalidInput("file-damaged", detail="deflate") from error
        if not out:
            raise InvalidInput("file-damaged", detail="deflate")
        yield out


def _lie(detail: str, cause: Exception | None = None) -> Never:
    raise InvalidInput("zip-lies", detail=detail) from cause
