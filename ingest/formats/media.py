"""Recordings: container and streams open and decode at both ends, nothing in them is locked, nothing hides in them."""

import io
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.trickery import second_formats
from ingest.recordings.probe import probe

TOOL: Final = "PyAV"

_WINDOW = 8 << 20
# Sample entries of protected pictures and sound (ISO/IEC 14496-12, 8.12), each with its scheme beside it.
_PROTECTED = (b"encv", b"enca")
_SCHEME = b"schm"


def inspect_media(stream: BinaryIO) -> tuple[Inspection, ...]:
    """A recording of picture or sound."""
    findings = Findings(TOOL)
    if _protected(stream):
        findings.fail(Aspect.LOCKED, "file-encrypted")
        findings.leave(Aspect.STRUCTURE, "file-encrypted")
    else:
        try:
            probe(stream)
        except InvalidInput as error:
            findings.refuse(error)
    second_formats(stream, findings)
    return findings.conclude()


def _protected(stream: BinaryIO) -> bool:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    seen = stream.read(_WINDOW)
    if seen[4:8] != b"ftyp":
        return False
    if size > _WINDOW:
        stream.seek(max(_WINDOW, size - _WINDOW))
        seen += stream.read(_WINDOW)
    return _SCHEME in seen and any(mark in seen for mark in _PROTECTED)
