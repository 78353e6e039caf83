"""Chooses who looks into a file of a known format."""

from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.formats import known
from ingest.formats.archives import inspect_gzip, inspect_tar, inspect_zip
from ingest.formats.containers import open_container
from ingest.formats.findings import Findings
from ingest.formats.images import FORMATS, inspect_image
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.markup import inspect_xml
from ingest.formats.ofd import inspect_ofd
from ingest.formats.office import inspect_office
from ingest.formats.office_old import inspect_compound, inspect_rtf
from ingest.formats.opendocument import inspect_opendocument
from ingest.formats.pdf import inspect as inspect_pdf
from ingest.formats.trickery import second_formats
from ingest.formats.types import Identified
from ingest.formats.web import inspect_mail, inspect_page, inspect_text

Inspector = Callable[[BinaryIO, Limits], tuple[Inspection, ...]]

_ODF = "application/vnd.oasis.opendocument."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
_SCRIPT = b"#!/"
# Packings that nothing here opens.
_CLOSED = ((b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "RAR"), (b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"))


def _inspect_packed(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A ZIP by what is in it: an Office package says so, whatever type it was given."""
    try:
        office = "[Content_Types].xml" in open_container(stream, limits.container)
    except InvalidInput:
        office = False
    return inspect_office(stream, limits) if office else inspect_zip(stream, limits)


_MIME: Final[Mapping[str, Inspector]] = {
    known.PDF: inspect_pdf,
    known.OFD: inspect_ofd,
    known.HTML: inspect_page,
    "application/xhtml+xml": inspect_page,
    known.XML: inspect_xml,
    "image/svg+xml": inspect_xml,
    known.TEXT: lambda stream, _: inspect_text(stream),
    "application/rtf": lambda stream, _: inspect_rtf(stream),
    known.ZIP: _inspect_packed,
    "application/gzip": inspect_gzip,
    "application/x-tar": inspect_tar,
    "message/rfc822": lambda stream, _: inspect_mail(stream),
    "application/x-mimearchive": lambda stream, _: inspect_mail(stream),
}


def inspect(stream: BinaryIO, identified: Identified, limits: Limits) -> tuple[Inspection, ...]:
    """What the file in `stream`, of the format `identified`, shows beyond its text, under every aspect.

    A format that nobody here looks into is not checked, and says so under every aspect. The stream is left open.

    Raises:
        InvalidInput: `file-unreadable`.
    """
    try:
        stream.seek(0)
        head = stream.read(512)
    except (OSError, ValueError) as error:
        raise InvalidInput("file-unreadable") from error
    if not head:
        empty = Findings("inspecting")
        empty.give_up(InvalidInput("file-empty"))
        return empty.conclude()
    if head.startswith(_SCRIPT) or (head.startswith(_PROGRAMS) and b"\0" in head and identified.mime != known.PDF):
        return _program()
    closed = next((name for mark, name in _CLOSED if head.startswith(mark)), None)
    if closed is not None:
        return _unchecked("archive-not-opened", stream, closed)
    inspector = _inspector(identified.mime, head)
    return inspector(stream, limits) if inspector else _unchecked("format-not-inspected", stream, identified.label)


def _inspector(mime: str, head: bytes) -> Inspector | None:
    if mime in _MIME:
        return _MIME[mime]
    if mime in FORMATS:
        return lambda stream, _: inspect_image(stream, mime)
    if head.startswith(_OLE):
        return lambda stream, _: inspect_compound(stream)
    if head.startswith(b"PK\x03\x04"):
        return inspect_opendocument if mime.startswith(_ODF) else _inspect_packed
    if head[257:262] == b"ustar":
        return inspect_tar
    if mime.startswith(("video/", "audio/")):
        return _inspect_media
    return inspect_xml if mime.endswith("+xml") else None


def _program() -> tuple[Inspection, ...]:
    findings = Findings("inspecting")
    findings.fail(Aspect.ACTIVE, "file-is-program")
    for aspect in (Aspect.STRUCTURE, Aspect.LOCKED, Aspect.CONCEALED):
        findings.leave(aspect, "file-is-program")
    return findings.conclude()


def _unchecked(code: str, stream: BinaryIO, label: str) -> tuple[Inspection, ...]:
    findings = Findings("inspecting")
    for aspect in (Aspect.STRUCTURE, Aspect.LOCKED, Aspect.ACTIVE, Aspect.CONCEALED):
        findings.leave(aspect, code, format=label[:80])
    second_formats(stream, findings, markup=False)
    return findings.conclude()


def _inspect_media(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    from ingest.formats.media import inspect_media  # noqa: PLC0415 - its libraries load long, and recordings are few

    del limits
    return inspect_media(stream)
