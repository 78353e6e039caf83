"""XML signatures: what they cover is told, and nothing that they do not cover passes for signed."""

import base64
import io

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod
from signxml.signer import XMLSigner

from archive.errors import InvalidInput
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust
from ingest.signatures.xml import verify
from ingest.signatures.xml_verifier import DSIG
from tests.unit.signatures.authority import NOW, Holder, issue, trusting

ROOT = issue("测试根", is_authority=True)
SIGNER = issue("测试招标人", ROOT, rsa_bits=2048)
TRUST = trusting(ROOT)
NOTICE = "<notice><title>中标公告</title><amount Id='amount'>1000000</amount></notice>"


def made(
    content: str = NOTICE,
    reference: str | None = None,
    method: SignatureConstructionMethod = SignatureConstructionMethod.enveloped,
    holder: Holder = SIGNER,
) -> bytes:
    signer = XMLSigner(method=method, digest_algorithm=DigestAlgorithm.SHA256)
    key = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = holder.certificate.public_bytes(Encoding.PEM).decode()
    signed = signer.sign(etree.fromstring(content), key=key, cert=certificate, reference_uri=reference)
    return etree.tostring(signed)


ENVELOPED = made()


def verified(content: bytes) -> tuple[Signature, ...]:
    return verify(io.BytesIO(content), TRUST, NOW)


def only(content: bytes) -> Signature:
    (signature,) = verified(content)
    return signature


def codes(signature: Signature) -> set[str]:
    return {each.code for each in signature.observations}


def test_an_enveloped_signature_covers_the_whole_file() -> None:
    signature = only(ENVELOPED)
    assert signature.kind is Kind.XML
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_FILE
    assert signature.trust is Trust.TRUSTED
    assert "测试招标人" in signature.signer
    assert signature.algorithm == "RSA with SHA-256"


def test_an_enveloping_signature_covers_what_it_holds() -> None:
    signature = only(made(method=SignatureConstructionMethod.enveloping))
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_FILE


def test_a_changed_element_is_found() -> None:
    signature = only(ENVELOPED.replace(b"1000000", b"9000000"))
    assert signature.integrity is Integrity.INVALID
    assert "signature-altered" in codes(signature)


def test_a_changed_signature_is_found() -> None:
    root = etree.fromstring(ENVELOPED)
    value = root.find(".//{*}SignatureValue")
    assert value is not None
    assert value.text
    value.text = value.text.replace(value.text[10:14], "AAAA")
    assert only(etree.tostring(root)).integrity is Integrity.INVALID


def test_a_signature_over_one_element_leaves_the_rest_uncovered() -> None:
    signed = made(reference="amount")
    signature = only(signed)
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.PARTIAL
    assert [each.params["element"] for each in signature.observations if each.code == "signature-covers-element"] == [
        "/notice/amount"
    ]
    assert only(signed.replace("中标".encode(), "废标".encode())).coverage is Coverage.PARTIAL


def test_a_signature_wrapped_around_a_forgery_does_not_hold() -> None:
    signed = made(reference="amount")
    wrapped = signed.replace(b"<amount", b"<amount Id='amount'>9000000</amount><amount", 1)
    signature = only(wrapped)
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signature-reference-ambiguous" in codes(signature)


def test_a_signature_moved_away_from_what_it_covers_is_ambiguous() -> None:
    signed = made(reference="amount").replace(b'Id="amount"', b'Id="other"').replace(b"Id='amount'", b"Id='other'")
    assert "signature-reference-ambiguous" in codes(only(signed))


def test_nothing_outside_the_file_is_fetched() -> None:
    signed = ENVELOPED.replace(b'URI=""', b'URI="http://example.invalid/notice.xml"')
    signature = only(signed)
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signature-reference-outside" in codes(signature)


def test_a_transformation_that_nobody_knows_is_not_checked() -> None:
    known = b"http://www.w3.org/2000/09/xmldsig#enveloped-signature"
    assert known in ENVELOPED
    signature = only(ENVELOPED.replace(known, b"http://www.w3.org/TR/1999/REC-xslt-19991116"))
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signature-method-unknown" in codes(signature)


def test_an_algorithm_that_nobody_knows_is_not_checked() -> None:
    known = b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    signature = only(ENVELOPED.replace(known, b"urn:oid:1.2.156.10197.1.501"))
    assert signature.integrity is Integrity.NOT_CHECKED


def test_entities_and_document_types_are_refused() -> None:
    entities = b"<!DOCTYPE notice [<!ENTITY a 'x'>]>" + ENVELOPED
    signature = only(entities)
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signature-xml-doctype" in codes(signature)


def test_each_of_several_signatures_is_judged_by_itself() -> None:
    two = f"<all>{made(reference='amount').decode()}{made(NOTICE.replace('amount', 'sum'), 'sum').decode()}</all>"
    first, second = verified(two.encode())
    assert first.integrity is second.integrity is Integrity.VALID
    first, second = verified(two.replace("<sum", "<sum x='1'").encode())
    assert (first.integrity, second.integrity) == (Integrity.VALID, Integrity.INVALID)


def test_a_signature_without_a_certificate_is_not_checked() -> None:
    root = etree.fromstring(ENVELOPED)
    keys = root.find(".//{*}KeyInfo")
    assert keys is not None
    keys.clear()
    signature = only(etree.tostring(root))
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signature-without-certificate" in codes(signature)


def test_a_signer_nobody_vouches_for_is_unknown() -> None:
    assert only(made(holder=issue("外人", rsa_bits=2048))).trust is Trust.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"no xml", b"<notice/>", b"<notice>&unknown;</notice>", b"<a><b></a>"])
def test_files_without_signatures_have_none(content: bytes) -> None:
    assert verified(content) == ()


def test_traces_of_a_signature_in_broken_xml_are_told() -> None:
    with pytest.raises(InvalidInput) as told:
        verified(ENVELOPED[:-5])
    assert told.value.code == "signatures-unreadable"


@pytest.mark.parametrize("instruction", [b'<?xml-stylesheet href="other.xsl"?>%s', b"%s<?print other?>"])
def test_instructions_beside_the_root_are_not_taken_for_signed(instruction: bytes) -> None:
    signature = only(instruction % ENVELOPED)
    assert (signature.integrity, signature.coverage) == (Integrity.NOT_CHECKED, Coverage.UNCLEAR)
    assert codes(signature) == {"signature-xml-instruction"}


@pytest.mark.parametrize("name", ["Id", "ID", "id"])
def test_a_forgery_wrapped_around_an_element_with_an_identifier_in_a_namespace_is_not_signed(name: str) -> None:
    content = "<all xmlns:w='urn:w'><notice w:Id='n'>1000000</notice></all>"
    signer = XMLSigner(
        method=SignatureConstructionMethod.detached,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    key = SIGNER.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = SIGNER.certificate.public_bytes(Encoding.PEM).decode()
    element = signer.sign(etree.fromstring(content), key=key, cert=certificate, reference_uri="#n")
    signed = content.replace("</all>", f"{etree.tostring(element).decode()}</all>")
    assert (only(signed.encode()).integrity, only(signed.encode()).coverage) == (Integrity.VALID, Coverage.PARTIAL)
    forged = only(signed.replace("<all ", f"<all {name}='n' amount='9000000' ").encode())
    assert forged.integrity is not Integrity.VALID
    assert forged.coverage is not Coverage.ENTIRE_FILE


def test_a_signature_over_the_text_of_an_element_covers_none_of_its_elements() -> None:
    transform = f"<Transform xmlns='{DSIG}' Algorithm='{DSIG}base64'/>"
    root = etree.fromstring(ENVELOPED)
    transforms = root.find(".//{*}Transforms")
    assert transforms is not None
    transforms.append(etree.fromstring(transform))
    assert only(etree.tostring(root)).coverage is Coverage.PARTIAL


def test_the_certificates_of_a_path_may_come_in_any_order() -> None:
    root = etree.fromstring(ENVELOPED)
    data = root.find(".//{*}X509Data")
    assert data is not None
    first = etree.fromstring(f"<X509Certificate xmlns='{DSIG}'>{base64.b64encode(ROOT.der).decode()}</X509Certificate>")
    data.insert(0, first)
    signature = only(etree.tostring(root))
    assert (signature.integrity, signature.trust) == (Integrity.VALID, Trust.TRUSTED)
