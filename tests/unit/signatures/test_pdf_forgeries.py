"""What forgers do to signed PDF files without breaking a signature, and what of it is told."""

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms, tsp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ingest.checks.signed import judge
from ingest.outcomes import Outcome
from ingest.signatures import pdf_signature
from ingest.signatures.pdf import verify
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust
from tests.unit.signatures import signing
from tests.unit.signatures.authority import NOW, YEAR, issue, stamper, trusting
from tests.unit.signatures.signing import Stamped, document, signed, signed_anew

ROOT = issue("测试根", is_authority=True)
SIGNER = issue("测试招标人", ROOT)
CLOCK = stamper(ROOT)
TRUST = trusting(ROOT)
PLAIN = signed(document(), SIGNER)
DAY = timedelta(days=1)


class Dated(SimpleSigner):
    """Signs with a time of signing of its own choice."""

    moment = NOW

    async def signed_attrs(self, *arguments: Any, **more: Any) -> cms.CMSAttributes:
        attributes = await super().signed_attrs(*arguments, **more)
        for each in attributes:
            if each["type"].native == "signing_time":
                each["values"] = [cms.Time({"utc_time": self.moment})]
        return cms.CMSAttributes(list(attributes))


def with_room(moment: datetime = NOW) -> bytes:
    """A file signed with a claimed time, with room for a larger signature in place of its own."""
    made: Any = SimpleCertificateStore
    signer = Dated(SIGNER.asn1, SIGNER.asn1_key, made())
    signer.moment = moment
    meta = PdfSignatureMetadata(field_name="S", md_algorithm="sha256", subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED)
    writer = IncrementalPdfFileWriter(io.BytesIO(document()))
    return bytes(PdfSigner(meta, signer).sign_pdf(writer, bytes_reserved=16_384).getvalue())


def token(content: bytes) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(content).digest()}
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    answer = DummyTimeStamper(CLOCK.asn1, CLOCK.asn1_key).request_tsa_response(request)
    return bytes(answer["time_stamp_token"].dump())


def with_field_over_the_page(pdf: bytes) -> bytes:
    """Add a field to be signed whose picture hides the sum on the page and shows another."""
    objects: Any = generic
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec("Empty", box=(70, 700, 500, 760)))
    box = objects.ArrayObject([objects.NumberObject(each) for each in (0, 0, 430, 60)])
    entries = {"/Type": "/XObject", "/Subtype": "/Form"}
    form = {objects.NameObject(key): objects.NameObject(value) for key, value in entries.items()}
    form[objects.NameObject("/BBox")] = box
    shown = b"1 g 0 0 430 60 re f 0 g BT /F1 12 Tf 0 20 Td (9 000 000) Tj ET"
    picture = writer.add_object(objects.StreamObject(dict_data=form, stream_data=shown))
    field = writer.root["/AcroForm"]["/Fields"][1]
    field["/AP"] = objects.DictionaryObject({objects.NameObject("/N"): picture})
    writer.update_container(field)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def verified(pdf: bytes) -> tuple[Signature, ...]:
    return verify(io.BytesIO(pdf), TRUST, NOW)


def only(pdf: bytes) -> Signature:
    (signature,) = verified(pdf)
    return signature


def codes(signature: Signature) -> set[str]:
    return {each.code for each in signature.observations}


def test_a_picture_laid_over_the_page_after_the_last_signature_does_not_pass() -> None:
    signature = only(with_field_over_the_page(PLAIN))
    assert (signature.integrity, signature.coverage) == (Integrity.VALID, Coverage.ENTIRE_REVISION)
    assert codes(signature) >= {"signature-changes-fields", "signature-unsigned-changes"}
    assert judge([signature], "cmp_1").outcome is Outcome.NOT_CHECKED


def test_what_is_signed_in_turn_or_only_stamped_is_no_unsigned_change() -> None:
    again = verified(signed(with_field_over_the_page(PLAIN), SIGNER, field="Empty"))
    stamped = verified(signing.stamped(PLAIN, Stamped(CLOCK)))
    for found in (again, stamped):
        assert len(found) == 2
        assert all("signature-unsigned-changes" not in codes(each) for each in found)
        assert judge(found, "cmp_1").outcome is Outcome.PASS


def test_a_time_stamp_in_place_of_a_signature_is_nobodys_signature() -> None:
    signature = only(signed_anew(with_room(), token))
    assert signature.integrity is Integrity.INVALID
    assert signature.signer == ""


def test_a_signature_in_place_of_a_time_stamp_stamps_nothing() -> None:
    marked = with_room().replace(b"/adbe.pkcs7.detached", b"/ETSI.RFC3161       ")
    signature = only(signed_anew(marked, _signed_over))
    assert signature.kind is Kind.TIME_STAMP
    assert (signature.integrity, signature.signer) == (Integrity.INVALID, "")


def _signed_over(content: bytes) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(SIGNER.certificate, SIGNER.key, SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.DetachedSignature])


def test_a_stamp_that_does_not_hold_proves_no_time() -> None:
    stamped = signing.stamped(PLAIN, Stamped(CLOCK))
    place = stamped.index(b"Zhongbiao")
    first, second = verified(stamped[:place] + b"z" + stamped[place + 1 :])
    assert second.integrity is Integrity.INVALID
    assert not first.time_proved


@pytest.mark.parametrize("moment", [NOW - YEAR - 2 * DAY, NOW + 2 * DAY])
def test_a_time_of_signing_that_cannot_be_is_told(moment: datetime) -> None:
    signature = only(with_room(moment))
    assert signature.integrity is Integrity.VALID
    assert "signature-time-impossible" in codes(signature)
    assert judge([signature], "cmp_1").outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("moment", [NOW - YEAR - DAY / 2, NOW + DAY / 2])
def test_a_clock_that_is_a_little_wrong_does_no_harm(moment: datetime) -> None:
    signature = only(with_room(moment))
    assert signature.trust is Trust.TRUSTED
    assert "signature-time-impossible" not in codes(signature)


def packed_away(pdf: bytes) -> bytes:
    """The same with its signature in a stream of objects, where no byte range could leave it out."""
    plain: Any = io.BytesIO(pdf.replace(b"/ByteRange", b"/ByteRanqe"))
    with pikepdf.open(plain) as opened:
        out = io.BytesIO()
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


@pytest.mark.parametrize("damage", [packed_away, lambda pdf: pdf.replace(b"/ByteRange", b"/ByteRanqe")])
def test_a_signature_without_a_byte_range_is_broken_and_not_absent(damage: Callable[[bytes], bytes]) -> None:
    signature = only(damage(PLAIN))
    assert signature.integrity is Integrity.INVALID
    assert codes(signature) == {"signature-malformed", "signature-range-odd"}


def test_packed_objects_that_are_damaged_are_no_signature_and_no_crash() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signing.with_empty_field(document()))) as opened:
        opened.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    pdf = out.getvalue()
    start = pdf.index(b"stream\n", pdf.index(b"/ObjStm")) + len(b"stream\n")
    assert verified(pdf[:start] + b"\xff" * 20 + pdf[start + 20 :]) == ()


def test_changes_are_judged_from_the_last_back_as_long_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = PLAIN
    for number in range(3):
        pdf = signed(pdf, SIGNER, field=f"Further{number}")
    monkeypatch.setattr(pdf_signature, "_DIFFERENCE_SECONDS", 0.0)
    first, second, third, last = verified(pdf)
    assert "signature-changes-fields" in codes(third)
    assert "signature-changes-unjudged" in codes(first) & codes(second)
    assert last.coverage is Coverage.ENTIRE_FILE
    assert {each.integrity for each in (first, second, third, last)} == {Integrity.VALID}
