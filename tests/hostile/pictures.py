"""Hostile pictures and recordings."""

import struct
import zlib

from tests.hostile.archives import zipped
from tests.hostile.kinds import Kind, kind, zlib_zeros

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(sort: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + sort + content + struct.pack(">L", zlib.crc32(sort + content))


def png(width: int = 1, height: int = 1, packed: bytes | None = None) -> bytes:
    head = chunk(b"IHDR", struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0))
    data = zlib.compress(b"\0" * 2) if packed is None else packed
    return PNG + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def inflating_text() -> bytes:
    """A picture of one point with a compressed remark of 512 MiB."""
    remark = chunk(b"zTXt", b"Comment\0\0" + zlib_zeros(512))
    return PNG + chunk(b"IHDR", struct.pack(">2L5B", 1, 1, 8, 0, 0, 0, 0)) + remark + png()[33:]


def jpeg() -> bytes:
    """A grey JPEG of 8 by 8 points, as ITU-T T.81 writes it: tables, frame, scan, end."""
    table = b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\x01" * 64
    frame = b"\xff\xc0" + struct.pack(">HBHHB3B", 11, 8, 8, 8, 1, 1, 0x11, 0)
    codes = b"\x01" + bytes(15) + b"\x00"
    huffman = b"".join(b"\xff\xc4" + struct.pack(">HB", 20, sort) + codes for sort in (0x00, 0x10))
    scan = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 0, 63, 0) + b"\x3f"
    start = b"\xff\xd8\xff\xe0" + struct.pack(">H5s2sB2H2B", 16, b"JFIF", b"\1\1", 0, 1, 1, 0, 0)
    return start + table + frame + huffman + scan + b"\xff\xd9"


def circling_tiff() -> bytes:
    """A directory of pictures that names itself as the next one."""
    tags = [
        (256, 4, 1, 1),
        (257, 4, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (279, 4, 1, 1),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHLL", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<L", 8) + directory + struct.pack("<L", 8)


def many_frames(count: int = 100_000) -> bytes:
    frame = b"!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00"
    return b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + frame * count + b";"


def box(sort: bytes, content: bytes, size: int | None = None) -> bytes:
    return struct.pack(">L", len(content) + 8 if size is None else size) + sort + content


_FILE_TYPE = box(b"ftyp", b"isom\x00\x00\x02\x00isomiso2mp41")


def boxes_without_end(levels: int = 10_000) -> bytes:
    content = b""
    for _ in range(levels):
        content = box(b"moov", content)
    return _FILE_TYPE + content


def huge_box() -> bytes:
    return _FILE_TYPE + struct.pack(">L4sQ", 1, b"moov", 1 << 62) + bytes(64)


def playlist() -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXTINF:9,\nhttp://198.51.100.7/a.ts\n"


KINDS: tuple[Kind, ...] = (
    kind("png-many-points", "图.png", lambda: png(60_000, 60_000, b"\x78\x9c\x03\x00\x00\x00\x00\x01"), "picture-bomb"),
    kind(
        "png-data-bomb", "图.png", lambda: png(40_000, 40_000, zlib_zeros(1_600)), "picture-bomb", "picture-too-large"
    ),
    kind("png-text-bomb", "图.png", inflating_text, "picture-bomb", "file-damaged"),
    kind("jpeg-truncated", "图.jpg", lambda: jpeg()[:-6], "file-damaged", "file-truncated"),
    kind("tiff-circle", "图.tif", circling_tiff, "picture-circle"),
    kind("gif-many-frames", "图.gif", many_frames, "picture-frames-unchecked", "picture-bomb"),
    kind("png-and-zip", "图.png", lambda: png() + zipped({"a.txt": b"a"}), "second-format"),
    kind(
        "jpeg-and-html",
        "图.jpg",
        lambda: jpeg() + b"<html><script>alert(1)</script></html>",
        "second-format",
    ),
    kind(
        "gif-and-script",
        "图.gif",
        lambda: many_frames(1) + b"<script>alert(1)</script>",
        "second-format",
    ),
    kind("mp4-boxes-without-end", "录像.mp4", boxes_without_end, "media-undecodable"),
    kind("mp4-huge-box", "录像.mp4", huge_box, "media-undecodable", "file-truncated"),
    kind("playlist-local-files", "录像.m3u8", playlist, "playlist-local-files"),
)
