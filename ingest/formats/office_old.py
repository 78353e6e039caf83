"""Office documents of before 2007: compound files (MS-CFB) and RTF. What runs, what is embedded, what is locked."""

import re
import struct
from typing import BinaryIO, Final

import olefile

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.office import DDE, FETCHING

TOOL: Final = f"olefile {olefile.__version__}"

_MOST_STREAMS = 10_000
_MOST_BYTES = 256 << 20
_ONE_STREAM = 128 << 20
_BROKEN = (
    OSError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    OverflowError,
    RecursionError,
    AttributeError,
)
_MACROS = frozenset({"macros", "vba", "_vba_project_cur", "_vba_project", "vbaproject"})
_EMBEDDED = frozenset({"\x01ole10native", "package", "\x01ole10itemname", "contents\x01"})
_LOCKED = frozenset({"encryptedpackage", "encryptioninfo", "encryptedsummary"})
_WIDE_DDE = re.compile(b"D\0D\0E\0A\0U\0T\0O\0")
_RTF_OBJECT = re.compile(rb"\\(objdata|objocx|objemb|objautlink|objlink)\b")
_RTF_TEMPLATE = re.compile(rb"\\\*\s*\\template\s+([^{}]{0,400})", re.IGNORECASE)
_RTF_BRACES = re.compile(rb"\\[\\{}]|[{}]")
_AWAY = re.compile(rb"https?:|ftp:|file:|\\\\\\\\|//", re.IGNORECASE)


def inspect_compound(stream: BinaryIO) -> tuple[Inspection, ...]:
    """Any compound file: Word, Excel, PowerPoint, and what else was kept in them."""
    findings = Findings(TOOL)
    stream.seek(0)
    try:
        with _Kept(stream) as compound:
            _look(compound, findings)
    except _BROKEN:
        findings.give_up(InvalidInput("file-damaged", detail="ole"))
    return findings.conclude()


class _Kept(olefile.OleFileIO):  # type: ignore[misc]  # the library is not typed
    """A compound file whose stream is left open: it is not ours to close."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream)

    def close(self) -> None:
        """Nothing."""


def _look(compound: olefile.OleFileIO, findings: Findings) -> None:
    listed = compound.listdir(streams=True, storages=True)
    if len(listed) > _MOST_STREAMS:
        findings.leave(Aspect.STRUCTURE, "parts-unchecked")
    if compound.parsing_issues:
        findings.note(Aspect.STRUCTURE, "file-repaired")
    for path in listed[:_MOST_STREAMS]:
        _named(path, findings)
    _read_through(compound, [path for path in listed[:_MOST_STREAMS] if compound.get_type(path) == 2], findings)


def _named(path: list[str], findings: Findings) -> None:
    words = [word.lower() for word in path]
    place = "/".join(path).replace("\x01", "").replace("\x05", "")
    if any(word in _MACROS for word in words):
        findings.fail(Aspect.ACTIVE, "office-macros", words[0])
    if words[-1] in _EMBEDDED or (words[0] == "objectpool" and len(words) == 2):
        findings.fail(Aspect.CONCEALED, "office-embedded", place)
    if words[-1] in _LOCKED:
        findings.fail(Aspect.LOCKED, "file-encrypted", place)


def _read_through(compound: olefile.OleFileIO, streams: list[list[str]], findings: Findings) -> None:
    left = _MOST_BYTES
    for path in streams:
        size = compound.get_size(path)
        left -= size
        if left < 0 or size > _ONE_STREAM:
            findings.leave(Aspect.STRUCTURE, "parts-unchecked", path[-1])
            return
        try:
            content = compound.openstream(path).read()
        except _BROKEN:
            findings.fail(Aspect.STRUCTURE, "file-damaged", path[-1], detail="ole")
            continue
        _look_at_stream(path[-1].lower(), content, findings)


def _look_at_stream(name: str, content: bytes, findings: Findings) -> None:
    if name == "worddocument":
        # FibBase, flags A to M: fEncrypted (MS-DOC 2.5.2).
        if len(content) > 12 and content[11] & 0x01:
            findings.fail(Aspect.LOCKED, "file-encrypted", "WordDocument")
        if b"DDEAUTO" in content or _WIDE_DDE.search(content):
            findings.fail(Aspect.ACTIVE, "office-dde", "WordDocument")
    elif name in {"workbook", "book"}:
        _records(content, findings)
    elif name == "current user" and content[12:16] == b"\xdf\xc4\xd1\xf3":
        # CurrentUserAtom, headerToken of an encrypted presentation (MS-PPT 2.3.2).
        findings.fail(Aspect.LOCKED, "file-encrypted", "Current User")


def _records(content: bytes, findings: Findings) -> None:
    """The records of a workbook before its first sheet (MS-XLS 2.1.7.20.1): FilePass, and sheets of macros."""
    at = 0
    while at + 4 <= len(content):
        kind, length = struct.unpack_from("<HH", content, at)
        if kind == 0x2F:
            findings.fail(Aspect.LOCKED, "file-encrypted", "Workbook")
        elif kind == 0x85 and length > 6 and content[at + 9] == 0x01:
            findings.fail(Aspect.ACTIVE, "office-macros", "Workbook")
        elif kind == 0x0A:
            return
        at += 4 + length


def inspect_rtf(stream: BinaryIO) -> tuple[Inspection, ...]:
    """Rich Text Format (version 1.9.1)."""
    findings = Findings("rtf")
    stream.seek(0)
    content = stream.read(_ONE_STREAM + 1)
    if len(content) > _ONE_STREAM:
        for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE, Aspect.CONCEALED):
            findings.leave(aspect, "parts-unchecked")
    elif b"\\bin" not in content and not _closed(content):
        findings.fail(Aspect.STRUCTURE, "file-truncated")
    kinds = {found.decode("ascii") for found in _RTF_OBJECT.findall(content)}
    if kinds:
        findings.fail(Aspect.CONCEALED, "office-embedded", ", ".join(sorted(kinds)))
    if b"\\objupdate" in content or kinds & {"objautlink", "objlink", "objocx"}:
        findings.fail(Aspect.ACTIVE, "office-object-runs")
    if any(_AWAY.search(target) for target in _RTF_TEMPLATE.findall(content)):
        findings.fail(Aspect.ACTIVE, "office-outside-template")
    if b"\\fldinst" in content and DDE.search(content):
        findings.fail(Aspect.ACTIVE, "office-dde")
    if FETCHING.search(content):
        findings.fail(Aspect.ACTIVE, "office-outside-resource", kind="field")
    return findings.conclude()


def _closed(content: bytes) -> bool:
    """Whether every group that was opened was closed."""
    depth = 0
    for found in _RTF_BRACES.finditer(content):
        mark = found.group()
        depth += 1 if mark == b"{" else -1 if mark == b"}" else 0
    return depth <= 0
