"""Signatures of kinds that nothing verifies are told, and documents without any stay without."""

import io
import zipfile

import pytest

from ingest.signatures.finding import find
from ingest.signatures.types import NOBODY, Coverage, Integrity, Signature, Trust
from tests.unit.signatures.authority import NOW

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MACROS = "application/vnd.ms-word.document.macroenabled.12"
OPEN = "application/vnd.oasis.opendocument.text"
BOOK = "application/epub+zip"


def container(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"<Signature/>")
    return stream.getvalue()


def compound(name: str, place: int = 1024) -> bytes:
    return b"\xd0\xcf\x11\xe0".ljust(place, b"\1") + name.encode("utf-16-le").ljust(128, b"\0")


def found(content: bytes, mime: str) -> tuple[Signature, ...]:
    return tuple(find(io.BytesIO(content), mime, NOBODY, NOW).signatures)


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (container("word/document.xml", "_xmlsignatures/sig1.xml", "_xmlsignatures/_rels/origin.sigs.rels"), WORD),
        (container("word/document.xml", "_XmlSignatures/sig1.xml"), MACROS),
        (container("content.xml", "META-INF/documentsignatures.xml", "META-INF/manifest.xml"), OPEN),
        (container("mimetype", "META-INF/signatures.xml"), BOOK),
        (compound("_xmlsignatures"), "application/msword"),
        (compound("_signatures"), "application/vnd.ms-excel"),
        (compound("_xmlsignatures", (1 << 20) - 128), "application/vnd.ms-powerpoint"),
        (b"Subject: x\nContent-Type: multipart/signed; boundary=a\n\n--a\n", "message/rfc822"),
    ],
)
def test_a_signature_that_nothing_verifies_is_told(content: bytes, mime: str) -> None:
    (signature,) = found(content, mime)
    assert (signature.integrity, signature.trust) == (Integrity.NOT_CHECKED, Trust.NOT_CHECKED)
    assert signature.coverage is Coverage.UNCLEAR
    assert [each.code for each in signature.observations] == ["signature-method-unknown"]


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (container("word/document.xml", "word/_xmlsignatures/sig1.xml"), WORD),
        (container("content.xml", "META-INF/manifest.xml"), OPEN),
        (compound("Workbook"), "application/vnd.ms-excel"),
        (compound("about _signatures in a sentence"), "application/msword"),
        (compound("_signatures", 1000), "application/msword"),
        (b"Subject: multipart/signed\nContent-Type: text/plain\n\nx", "message/rfc822"),
    ],
)
def test_a_document_without_signatures_has_none(content: bytes, mime: str) -> None:
    assert found(content, mime) == ()
