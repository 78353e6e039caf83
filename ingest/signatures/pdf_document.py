"""A PDF file opened for the sake of its signatures: fields, what the file brings along for validation, revisions."""

import bisect
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from ingest.signatures.byte_ranges import ByteRange, stretch
from ingest.signatures.certificates import Evidence, loaded_evidence
from ingest.signatures.cms import BROKEN

BROKEN_PDF = (PdfError, SignatureValidationError, NotImplementedError, AssertionError, OSError, zlib.error, *BROKEN)
"""What the library raises on files that are no sound PDF. It asserts what files of the world do not always keep."""

STAMPING = "/ETSI.RFC3161"
"""What the dictionary of a document time stamp calls its kind."""

_FIELDS = 1_000
_STREAMS = 200
_STREAM_BYTES = 8 << 20
_LOOK_BACK = 1 << 16
_OBJECT = re.compile(rb"(?:^|[\s\0])([0-9]{1,10})[\s\0]+([0-9]{1,5})[\s\0]+obj")


@dataclass(frozen=True)
class Field:
    """A field that is signed. `byte_range` is None where the signature declares none that can be used.

    `embedded` is the library's own view of it, None where the library cannot make sense of it. `claimed` is the time of
    signing that the dictionary names.
    """

    name: str
    sub_filter: str
    is_time_stamp: bool
    contents: bytes
    byte_range: ByteRange | None
    embedded: EmbeddedPdfSignature | None
    claimed: datetime | None = None

    @property
    def end(self) -> int:
        """Where the signed part ends, 0 where it is not known."""
        return self.byte_range.end if self.byte_range else 0


class Document:
    """An opened file. `is_whole` tells whether its fields could be gone through to the end.

    `seconds` is what of the processor has been spent on comparing its revisions.
    """

    def __init__(self, stream: BinaryIO, reader: PdfFileReader) -> None:
        self._stream = stream
        self.reader = reader
        self.is_whole = True
        self.seconds = 0.0
        self.fields = sorted(self._fields(), key=lambda field: field.end)
        self._offsets: dict[int, generic.Reference] | None = None

    def evidence(self) -> Evidence:
        """What the document security store holds (ISO 32000-2, 12.8.4.3)."""
        certificates, lists, answers = (tuple(self._stored(kind)) for kind in ("/Certs", "/CRLs", "/OCSPs"))
        return loaded_evidence(certificates, lists, answers)

    def object_at(self, place: int) -> str | None:
        """The object of the file in whose bytes `place` lies, such as `12 0`; None where it lies in none.

        Only what a table of the file points at counts: bytes that merely look like an object are part of another.
        """
        if self._offsets is None:
            self._offsets = dict(self._listed())
        start = max(0, place - _LOOK_BACK)
        starts = sorted(self._offsets)
        position = bisect.bisect_right(starts, place) - 1
        if position < 0 or starts[position] < start:
            return None
        between = b"".join(stretch(self._stream, starts[position], place - starts[position]))
        if not _OBJECT.match(b" " + between) or re.search(rb"\bstream\b|\bendobj\b", between):
            return None
        reference = self._offsets[starts[position]]
        return f"{reference.idnum} {reference.generation}"

    def _listed(self) -> Iterator[tuple[int, generic.Reference]]:
        """Every object of every revision, by its place in the file."""
        tables = self.reader.xrefs
        for revision in range(tables.total_revisions):
            for reference in tables.explicit_refs_in_revision(revision):
                place = tables.get_historical_ref(reference, revision)
                if isinstance(place, int):
                    yield place, reference

    def _fields(self) -> Iterator[Field]:
        try:
            for count, (name, value, field) in enumerate(enumerate_sig_fields(self.reader, filled_status=True)):
                if count >= _FIELDS:
                    return
                yield _field(self.reader, str(name), value, field)
            yield from self._usage_rights()
        except BROKEN_PDF:
            self.is_whole = False

    def _usage_rights(self) -> Iterator[Field]:
        """Signatures of usage rights: no field leads to them, and none has to (ISO 32000-1, 12.8.2.3)."""
        root: Any = self.reader.root
        if "/Perms" not in root:
            return
        rights = root["/Perms"]
        for name in ("/UR3", "/UR"):
            if name in rights:
                made: Any = generic.DictionaryObject
                holder = made({generic.NameObject("/V"): rights.raw_get(name)})
                yield _field(self.reader, name, rights.raw_get(name), holder)

    def _stored(self, kind: str) -> Iterator[bytes]:
        try:
            stored = self.reader.root["/DSS"][kind]
            for number in range(len(stored)):
                item = stored[number]
                if number >= _STREAMS or not isinstance(item, generic.StreamObject):
                    return
                if len(item.encoded_data) <= _STREAM_BYTES:
                    yield bytes(item.data)
        except BROKEN_PDF:
            return


def open_document(stream: BinaryIO) -> Document | None:
    """Open a file, also one that is encrypted with an empty password; None where that cannot be done."""
    try:
        reader = PdfFileReader(stream, strict=False)
        if reader.encrypted and not _decrypted(reader):
            return None
        _ = reader.root
        return Document(stream, reader)
    except BROKEN_PDF:
        return None


def _decrypted(reader: PdfFileReader) -> bool:
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return False
    return reader.decrypt("").status is not AuthStatus.FAILED


def _field(reader: PdfFileReader, name: str, value: Any, field: Any) -> Field:
    signature = value.get_object()
    if not isinstance(signature, generic.DictionaryObject):
        return Field(name, "", is_time_stamp=False, contents=b"", byte_range=None, embedded=None)
    try:
        contents = bytes(extract_contents(signature))
    except BROKEN_PDF:
        contents = b""
    try:
        holder = field.get_object()
        embedded = EmbeddedPdfSignature(reader, holder, name) if isinstance(holder, generic.DictionaryObject) else None
    except BROKEN_PDF:
        embedded = None
    return Field(
        name,
        str(signature.get("/SubFilter", "")),
        signature.get("/Type") == "/DocTimeStamp" or signature.get("/SubFilter") == STAMPING,
        contents,
        _byte_range(signature),
        embedded,
        _claimed(signature),
    )


def _claimed(signature: generic.DictionaryObject) -> datetime | None:
    """The entry `/M`; a time without a zone says nothing that could be compared."""
    try:
        moment = generic.parse_pdf_date(str(signature["/M"]), strict=False)
    except BROKEN_PDF:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _byte_range(signature: generic.DictionaryObject) -> ByteRange | None:
    try:
        numbers = [int(number) for number in signature["/ByteRange"]]
    except BROKEN_PDF:
        return None
    return ByteRange(*numbers) if len(numbers) == 4 and min(numbers) >= 0 else None
