"""Signatures in files of their own: over the right document they hold, and over nothing else."""

import base64
import hashlib
import io

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options, PKCS7SignatureBuilder
from pyhanko.sign.timestamps import DummyTimeStamper

from ingest.signatures.detached import verify_attached, verify_detached, verify_unnamed
from ingest.signatures.twins import twins
from ingest.signatures.types import NOBODY, Coverage, Integrity, Kind, Signature, Trust, TrustList
from tests.unit.signatures import sealing
from tests.unit.signatures.authority import NOW, Holder, issue, stamper, trusting

ROOT = issue("测试根", is_authority=True)
SIGNER = issue("测试招标人", ROOT)
TRUST = trusting(ROOT)
DOCUMENT = b"\xe4\xb8\xad\xe6\xa0\x87\xe9\x80\x9a\xe7\x9f\xa5\xe4\xb9\xa6" * 300_000


def made(holder: Holder = SIGNER, *options: PKCS7Options, document: bytes = DOCUMENT) -> bytes:
    builder = PKCS7SignatureBuilder().set_data(document).add_signer(holder.certificate, holder.key, SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, *options])


TWIN = made(SIGNER, PKCS7Options.DetachedSignature)


def verified(signature: bytes, document: bytes = DOCUMENT) -> Signature:
    return verify_detached(io.BytesIO(signature), io.BytesIO(document), TRUST, NOW)


def codes(signature: Signature) -> set[str]:
    return {each.code for each in signature.observations}


@pytest.mark.parametrize(
    "written",
    [
        TWIN,
        base64.b64encode(TWIN),
        base64.encodebytes(TWIN),
        b"-----BEGIN PKCS7-----\n" + base64.encodebytes(TWIN) + b"-----END PKCS7-----\n",
        b"\n " + base64.b64encode(TWIN) + b"\r\n",
    ],
    ids=["DER", "base64", "base64 in lines", "PEM", "base64 with spaces"],
)
def test_a_twin_holds_however_it_is_written(written: bytes) -> None:
    signature = verified(written)
    assert signature.kind is Kind.CMS
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_FILE
    assert signature.trust is Trust.TRUSTED


def test_a_twin_of_another_document_does_not_hold() -> None:
    signature = verified(TWIN, DOCUMENT[:-1] + b"!")
    assert signature.integrity is Integrity.INVALID
    assert "signature-altered" in codes(signature)


def test_a_twin_with_a_copy_inside_counts_only_for_the_same_document() -> None:
    attached = made()
    assert verified(attached).integrity is Integrity.VALID
    assert verified(attached, b"something else").integrity is Integrity.INVALID


def test_a_signature_of_nobody_on_the_list_is_unknown() -> None:
    signature = verify_detached(io.BytesIO(TWIN), io.BytesIO(DOCUMENT), NOBODY, NOW)
    assert (signature.integrity, signature.trust) == (Integrity.VALID, Trust.UNKNOWN)


@pytest.mark.parametrize("wrong", [b"", b"no signature", b"\xff\xd8\xff\xe0picture", b"MII!"])
def test_what_is_no_signature_is_not_checked(wrong: bytes) -> None:
    assert verified(wrong).integrity is Integrity.NOT_CHECKED


@pytest.mark.parametrize("damaged", [TWIN[:-200], TWIN[:40], b"\x30\x03\x02\x01\x01"])
def test_a_damaged_signature_is_invalid(damaged: bytes) -> None:
    signature = verified(damaged)
    assert signature.integrity is Integrity.INVALID
    assert "signature-malformed" in codes(signature)


def test_a_signature_that_holds_its_content_is_found_by_itself() -> None:
    (signature,) = verify_attached(io.BytesIO(made(document=b"content")), TRUST, NOW)
    assert (signature.integrity, signature.trust) == (Integrity.VALID, Trust.TRUSTED)


@pytest.mark.parametrize("content", [TWIN, sealing.signed_data(b"content", sealing.holder("signer"))])
def test_a_signature_without_its_document_is_not_checked_and_not_absent(content: bytes) -> None:
    (signature,) = verify_attached(io.BytesIO(content), TRUST, NOW)
    assert (signature.integrity, signature.coverage) == (Integrity.NOT_CHECKED, Coverage.UNCLEAR)
    assert codes(signature) == {"seal-content-missing"}


def test_what_is_encrypted_or_damaged_where_signed_data_belong_is_not_checked() -> None:
    wrapped = PKCS7EnvelopeBuilder().set_data(b"x").add_recipient(issue("收件人", rsa_bits=2048).certificate)
    for content in (wrapped.encrypt(Encoding.DER, []), TWIN[:40]):
        (signature,) = verify_attached(io.BytesIO(content), TRUST, NOW)
        assert signature.integrity is Integrity.NOT_CHECKED


def test_a_time_stamp_beside_a_document_is_told_as_one_and_not_as_a_signature() -> None:
    digest = hashlib.sha256(DOCUMENT).digest()
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    authority = stamper(ROOT)
    answer = DummyTimeStamper(authority.asn1, authority.asn1_key).request_tsa_response(request)
    signature = verified(answer["time_stamp_token"].dump())
    assert (signature.kind, signature.integrity, signature.trust) == (Kind.TIME_STAMP, Integrity.VALID, Trust.TRUSTED)


def test_a_twin_of_sm2_and_sm3_holds_and_finds_changes() -> None:
    root = sealing.holder("root", None, sealing.Wish(authority=True))
    twin = sealing.signed_data(DOCUMENT, sealing.holder("signer", root))
    trust = TrustList("tests", (root.certificate,))
    held = verify_detached(io.BytesIO(twin), io.BytesIO(DOCUMENT), trust, sealing.NOW)
    assert (held.integrity, held.trust) == (Integrity.VALID, Trust.TRUSTED)
    assert held.algorithm == "SM2 with SM3"
    changed = verify_detached(io.BytesIO(base64.b64encode(twin)), io.BytesIO(DOCUMENT[1:]), trust, sealing.NOW)
    assert changed.integrity is Integrity.INVALID


def test_signed_data_of_sm2_with_content_is_found_by_itself() -> None:
    signer = sealing.holder("signer")
    (signature,) = verify_attached(io.BytesIO(sealing.signed_data(b"", signer, held=b"content")), NOBODY, sealing.NOW)
    assert (signature.integrity, signature.trust) == (Integrity.VALID, Trust.UNKNOWN)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.pdf", "a.pdf.p7s"], {"a.pdf.p7s": "a.pdf"}),
        (["a.pdf", "a_SIGN.pdf"], {"a_SIGN.pdf": "a.pdf"}),
        (["a.pdf", "a_sign.PDF"], {"a_sign.PDF": "a.pdf"}),
        (["中标通知书.pdf", "中标通知书.pdf_SIGN"], {"中标通知书.pdf_SIGN": "中标通知书.pdf"}),
        (["a.xml", "a_SIGN"], {"a_SIGN": "a.xml"}),
        (["a.xml", "a.pdf", "a_SIGN"], {}),
        (["a.pdf", "a.p7s"], {"a.p7s": "a.pdf"}),
        (["a", "a.sig"], {"a.sig": "a"}),
        (["a.pdf", "b.p7s"], {}),
        (["a_SIGN.pdf"], {}),
        (["a.p7s", "a.sig"], {}),
        ([], {}),
        (["a.pdf", "a.pdf.p7s", "a_SIGN.pdf"], {"a.pdf.p7s": "a.pdf", "a_SIGN.pdf": "a.pdf"}),
    ],
)
def test_twins_are_told_by_their_names(names: list[str], expected: dict[str, str]) -> None:
    assert twins(names) == expected


def test_signed_data_that_no_registry_of_formats_knows_is_found_all_the_same() -> None:
    commercial = sealing.signed_data(b"", sealing.holder("signer"), held=b"content")
    for content in (commercial, base64.encodebytes(made(document=b"content"))):
        (signature,) = verify_unnamed(io.BytesIO(content), TRUST, NOW)
        assert signature.integrity is Integrity.VALID


@pytest.mark.parametrize("content", [b"", b"0" * 100, b"MI6 is a service", b"\x30\x82\x01\x00garbage"])
def test_what_only_begins_like_signed_data_is_none(content: bytes) -> None:
    assert verify_unnamed(io.BytesIO(content), TRUST, NOW) == ()
