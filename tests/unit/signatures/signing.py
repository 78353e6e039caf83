"""Signed PDF files made for tests, and what attackers do to them."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore
from reportlab.pdfgen.canvas import Canvas

from tests.unit.signatures.authority import NOW, Holder


@dataclass(frozen=True)
class Stamped:
    """Who stamps the time, and which time."""

    by: Holder
    chain: tuple[Holder, ...] = ()
    moment: datetime = NOW


def document(password: str | None = None) -> bytes:
    written = io.BytesIO()
    canvas = Canvas(written, invariant=True, pageCompression=0)
    canvas.drawString(72, 720, "Zhongbiao tongzhishu 1 000 000")
    canvas.showPage()
    canvas.save()
    if password is None:
        return written.getvalue()
    locked = io.BytesIO()
    with pikepdf.open(written) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="owner", user=password))
    return locked.getvalue()


def signed(
    pdf: bytes,
    holder: Holder,
    *chain: Holder,
    field: str = "Signature1",
    stamp: Stamped | None = None,
    password: str | None = None,
    digest: str = "sha256",
) -> bytes:
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if password is not None:
        writer.encrypt(password)
    meta = PdfSignatureMetadata(field_name=field, md_algorithm=digest, subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    signer = PdfSigner(meta, signer_of(holder, *chain), timestamper=_stamper(stamp) if stamp else None)
    return bytes(signer.sign_pdf(writer).getvalue())


def stamped(pdf: bytes, stamp: Stamped) -> bytes:
    """Add a document time stamp."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    return bytes(PdfTimeStamper(_stamper(stamp)).timestamp_pdf(writer, "sha256").getvalue())


def with_empty_field(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec("Empty"))
    return _written(writer)


def with_other_content(pdf: bytes) -> bytes:
    """Change what the page says by an incremental update."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (Zhongbiao tongzhishu 9 000 000) Tj ET")
    page["/Contents"] = writer.add_object(stream)
    writer.update_container(page)
    return _written(writer)


def with_shadowed_object(pdf: bytes) -> bytes:
    """Replace the content stream itself, leaving the page as it was."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"][0]
    reference = page.raw_get("/Contents")
    stream = generic.StreamObject(stream_data=b"BT /F1 12 Tf 72 720 Td (Zhongbiao tongzhishu 9 000 000) Tj ET")
    writer.objects[(reference.generation, reference.idnum)] = stream
    return _written(writer)


def with_orphan(pdf: bytes) -> bytes:
    """Take the fields away, and leave the signature dictionary behind."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    form = writer.root["/AcroForm"]
    form["/Fields"] = generic.ArrayObject()
    writer.update_container(form)
    return _written(writer)


def with_usage_rights(pdf: bytes) -> bytes:
    """Let the catalogue name the signature as one of usage rights, and take it out of its field."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    objects: Any = generic
    form = writer.root["/AcroForm"]
    value = form["/Fields"][0].raw_get("/V")
    kept = objects.IndirectObject(value.idnum, value.generation, writer)
    writer.root["/Perms"] = objects.DictionaryObject({generic.NameObject("/UR3"): kept})
    form["/Fields"] = objects.ArrayObject()
    writer.update_container(form)
    writer.update_root()
    return _written(writer)


def with_shared_signature(pdf: bytes) -> bytes:
    """Add a second field that shows the signature of the first."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    form = writer.root["/AcroForm"]
    first = form["/Fields"][0]
    objects: Any = generic
    second = objects.DictionaryObject(
        {
            generic.NameObject("/FT"): generic.NameObject("/Sig"),
            generic.NameObject("/T"): generic.pdf_string("Copy"),
            generic.NameObject("/V"): objects.IndirectObject(*_numbers(first.raw_get("/V")), writer),
        }
    )
    form["/Fields"].append(writer.add_object(second))
    writer.update_container(form)
    writer.update_container(form["/Fields"])
    return _written(writer)


def place_of_contents(pdf: bytes) -> tuple[int, int]:
    """Where the hexadecimal digits of the last signature begin and end."""
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def signed_anew(pdf: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Put another signature in the place of the last one, over the same bytes."""
    ranges = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf)
    start, length, resume, rest = (int(number) for number in ranges[-1])
    value = sign(pdf[start : start + length] + pdf[resume : resume + rest]).hex().encode()
    first, last = place_of_contents(pdf)
    return pdf[:first] + value.ljust(last - first, b"0") + pdf[last:]


def signer_of(holder: Holder, *chain: Holder) -> SimpleSigner:
    return SimpleSigner(holder.asn1, holder.asn1_key, _store(chain))


def _numbers(reference: generic.IndirectObject) -> tuple[int, int]:
    return reference.idnum, reference.generation


def _stamper(stamp: Stamped) -> DummyTimeStamper:
    return DummyTimeStamper(stamp.by.asn1, stamp.by.asn1_key, _store(stamp.chain), fixed_dt=stamp.moment)


def _store(chain: tuple[Holder, ...]) -> SimpleCertificateStore:
    made: Any = SimpleCertificateStore
    store: SimpleCertificateStore = made()
    for each in chain:
        store.register(each.asn1)
    return store


def _written(writer: Any) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
