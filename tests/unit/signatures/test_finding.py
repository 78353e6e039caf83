"""Signatures are looked for by what a file is, and a file of a kind that carries none has none."""

import io

import pytest

from ingest.signatures.finding import find
from ingest.signatures.types import NOBODY, Kind
from tests.unit.signatures import sealing
from tests.unit.signatures.authority import NOW, issue
from tests.unit.signatures.signing import document, signed
from tests.unit.signatures.test_xml_signatures import ENVELOPED, made

SIGNER = issue("测试招标人")


@pytest.mark.parametrize(
    ("mime", "content", "kind"),
    [
        ("application/pdf", signed(document(), SIGNER), Kind.PDF),
        ("application/xml", ENVELOPED, Kind.XML),
        ("text/xml; charset=utf-8", ENVELOPED, Kind.XML),
        ("image/svg+xml", ENVELOPED, Kind.XML),
        ("application/pkcs7-mime", sealing.signed_data(b"", sealing.holder("signer"), held=b"content"), Kind.CMS),
    ],
)
def test_signatures_are_found_in_each_kind_of_file(mime: str, content: bytes, kind: Kind) -> None:
    found = find(io.BytesIO(content), mime, NOBODY, NOW)
    assert [each.kind for each in found.signatures] == [kind]
    assert found.tool.count(" ") == 1
    assert found.details["trust_list"] == "none"


@pytest.mark.parametrize("mime", ["image/png", "text/plain", "application/octet-stream", ""])
def test_kinds_that_carry_none_have_none(mime: str) -> None:
    found = find(io.BytesIO(ENVELOPED), mime, NOBODY, NOW)
    assert found.signatures == ()


def test_an_unsigned_file_has_none() -> None:
    assert find(io.BytesIO(document()), "application/pdf", NOBODY, NOW).signatures == ()


def test_the_identity_number_of_a_signer_is_kept_nowhere() -> None:
    name = "041@测试人@110101190001011234@1"
    person, sealer = issue(name, rsa_bits=2048), sealing.holder(name)
    files = {
        "application/pdf": signed(document(), person),
        "application/xml": made(holder=person),
        "application/pkcs7-mime": sealing.signed_data(b"", sealer, held=b"content"),
    }
    for mime, content in files.items():
        (signature,) = find(io.BytesIO(content), mime, NOBODY, NOW).signatures
        assert "041@测试人@110101************@1" in signature.signer
