"""Hostile ZIP, tar, gzip and what calls itself so."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from tests.hostile.kinds import Kind, crc_of_zeros, deflated_zeros, kind

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_TIME = (0, 0x21)


def local(name: bytes, packed: int, size: int, crc: int, method: int = 8, flags: int = 0) -> bytes:
    return _LOCAL.pack(b"PK\x03\x04", 20, flags, method, *_TIME, crc, packed, size, len(name), 0) + name


def central(name: bytes, numbers: tuple[int, int, int], offset: int, method: int = 8, flags: int = 0) -> bytes:
    packed, size, crc = numbers
    head = _CENTRAL.pack(
        b"PK\x01\x02", 20, 20, flags, method, *_TIME, crc, packed, size, len(name), 0, 0, 0, 0, 0, offset
    )
    return head + name


def closed(body: bytes, directory: list[bytes]) -> bytes:
    entries = b"".join(directory)
    return body + entries + _END.pack(b"PK\x05\x06", 0, 0, len(directory), len(directory), len(entries), len(body), 0)


def zipped(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return target.getvalue()


def bomb(mebibytes: int = 300, name: bytes = b"a.bin") -> bytes:
    packed, size, crc = deflated_zeros(mebibytes), mebibytes << 20, crc_of_zeros(mebibytes)
    head = local(name, len(packed), size, crc)
    return closed(head + packed, [central(name, (len(packed), size, crc), 0)])


def overlapping(files: int = 200) -> bytes:
    """Every file quotes the header of the next one and then is the next one (D. Fifield, A better zip bomb, 2019)."""
    content, body = bytes(1 << 20), deflated_zeros(1)
    heads: list[tuple[bytes, tuple[int, int, int], int]] = []
    tail = b""
    for number in reversed(range(files)):
        name = f"{number:03}".encode()
        numbers = (len(body), len(content), zlib.crc32(content))
        head = local(name, *numbers)
        heads.append((name, numbers, len(body)))
        tail = head + body
        quote = struct.pack("<BHH", 0, len(head), len(head) ^ 0xFFFF)
        content, body = head + content, quote + head + body
    directory = [
        central(name, numbers, len(tail) - packed - _LOCAL.size - len(name)) for name, numbers, packed in heads
    ]
    return closed(tail, list(reversed(directory)))


def nested(levels: int, copies: int, core: bytes) -> bytes:
    content = core
    for _ in range(levels):
        content = zipped({f"{number}.zip": content for number in range(copies)})
    return content


def linked() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return target.getvalue()


def twice() -> bytes:
    heads = [local(b"a.txt", 1, 1, zlib.crc32(content), 0) + content for content in (b"1", b"2")]
    entries = [
        central(b"a.txt", (1, 1, zlib.crc32(content)), number * len(heads[0]), 0)
        for number, content in enumerate((b"1", b"2"))
    ]
    return closed(b"".join(heads), entries)


def single(name: bytes, listed: bytes | None = None, method: int = 0, flags: int = 0, size: int = 4) -> bytes:
    crc = zlib.crc32(b"text")
    body = local(name, 4, 4, crc, method, flags) + b"text"
    return closed(body, [central(listed or name, (4, size, crc), 0, method, flags)])


def crowded() -> bytes:
    return zipped({f"{number}": b"" for number in range(20_000)}, zipfile.ZIP_STORED)


def tar(*members: tuple[str, bytes, str]) -> bytes:
    """A tar of (name, type, target of the link)."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, sort, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = sort, link
            archive.addfile(info)
    return target.getvalue()


def endless_tar() -> bytes:
    info = tarfile.TarInfo("a.bin")
    info.size = 8 << 30
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)


def gzip_bomb(mebibytes: int = 1_024) -> bytes:
    tail = struct.pack("<LL", crc_of_zeros(mebibytes), (mebibytes << 20) & 0xFFFFFFFF)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + deflated_zeros(mebibytes) + tail


KINDS: tuple[Kind, ...] = (
    kind("zip-bomb-flat", "方案.zip", bomb, "zip-bomb"),
    kind("zip-bomb-overlapping", "方案.zip", overlapping, "zip-lies", "zip-bomb"),
    kind("zip-bomb-nested", "方案.zip", lambda: nested(4, 12, bomb(10)), "archive-inside", "zip-bomb"),
    kind("zip-nested-deep", "方案.zip", lambda: nested(10, 1, zipped({"a.txt": b"a"})), "archive-inside"),
    kind("zip-traversal", "附件.zip", lambda: zipped({"../../etc/cron.d/x": b"x"}), "zip-unsafe-name"),
    kind("zip-absolute", "附件.zip", lambda: zipped({"/etc/passwd": b"x"}), "zip-unsafe-name"),
    kind("zip-drive-letter", "附件.zip", lambda: zipped({"C:/Windows/x": b"x"}), "zip-unsafe-name"),
    kind("zip-backslash-traversal", "附件.zip", lambda: single(b"..\\..\\x"), "zip-unsafe-name"),
    kind("zip-symbolic-link", "附件.zip", linked, "zip-unsafe-name"),
    kind("zip-name-twice", "附件.zip", twice, "zip-lies"),
    kind("zip-names-differ", "附件.zip", lambda: single(b"a.txt", b"b.txt"), "zip-lies"),
    kind("zip-sizes-differ", "附件.zip", lambda: single(b"a.txt", size=9), "zip-lies"),
    kind("zip-encrypted", "附件.zip", lambda: single(b"a.txt", flags=1), "file-encrypted"),
    kind("zip-unknown-method", "附件.zip", lambda: single(b"a.txt", method=99), "zip-method"),
    kind("zip-crowded", "附件.zip", crowded, "zip-bomb"),
    kind("tar-hard-link", "附件.tar", lambda: tar(("a", tarfile.LNKTYPE, "/etc/passwd")), "archive-link"),
    kind("tar-symbolic-link", "附件.tar", lambda: tar(("a", tarfile.SYMTYPE, "../../etc")), "archive-link"),
    kind("tar-traversal", "附件.tar", lambda: tar(("../../a", tarfile.REGTYPE, "")), "archive-unsafe-name"),
    kind("tar-endless", "附件.tar", endless_tar, "archive-bomb", "file-truncated"),
    kind("gzip-bomb", "附件.gz", gzip_bomb, "archive-bomb"),
    kind(
        "tar-gzip-link",
        "附件.tar.gz",
        lambda: gzip.compress(tar(("a", tarfile.LNKTYPE, "/etc/x")), 9, mtime=0),
        "archive-link",
    ),
    kind("7z-magic", "附件.7z", lambda: b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64), "archive-not-opened"),
    kind("rar-magic", "附件.rar", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(64), "archive-not-opened"),
)
