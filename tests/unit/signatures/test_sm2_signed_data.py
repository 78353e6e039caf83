"""Signed data of GB/T 35275 and CMS with keys of SM2: what it binds, and when it is time-stamped."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest

from archive.errors import InvalidInput
from ingest.signatures.gm_cms import verify_gm_cms, verify_stamp
from ingest.signatures.sm2_paths import TIME_STAMPING, Vouching
from ingest.signatures.types import Integrity, Judged, Trust, TrustList
from tests.unit.signatures.sealing import (
    NOW,
    SEALED_AT,
    Wish,
    holder,
    signed_data,
    sm3,
    time_stamp,
)

ROOT = holder("root", None, Wish(authority=True))
SIGNER = holder("signer", ROOT)
TRUST = TrustList("tests", (ROOT.certificate,))
CONTENT = b"content " * 10_000


def verified(encoded: bytes, content: bytes | None = CONTENT) -> Judged:
    stream = None if content is None else io.BytesIO(content)
    (signer,) = verify_gm_cms(encoded, stream, TRUST, NOW)
    return signer


@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("held", [None, sm3(CONTENT), CONTENT])
def test_every_way_of_signing_content_holds_for_it_and_for_nothing_else(
    held: bytes | None, *, attributes: bool
) -> None:
    encoded = signed_data(CONTENT, SIGNER, held=held, attributes=attributes)
    signer = verified(encoded)
    assert (signer.integrity, signer.trust) == (Integrity.VALID, Trust.TRUSTED)
    assert signer.algorithm == "SM2 with SM3"
    assert signer.signer == "Common Name: signer"
    assert verified(encoded, CONTENT[:-1]).integrity is Integrity.INVALID


def test_signatures_over_the_digest_of_the_content_hold() -> None:
    assert verified(signed_data(sm3(CONTENT), SIGNER, attributes=False)).integrity is Integrity.VALID


def test_content_within_is_enough() -> None:
    encoded = signed_data(CONTENT, SIGNER, held=CONTENT)
    assert verified(encoded, None).integrity is Integrity.VALID
    with pytest.raises(InvalidInput) as refused:
        verified(signed_data(CONTENT, SIGNER), None)
    assert refused.value.code == "seal-content-missing"


def test_the_time_the_signer_claims_is_told_and_not_proved() -> None:
    signer = verified(signed_data(CONTENT, SIGNER))
    assert (signer.time, signer.time_proved) == (SEALED_AT, False)
    assert verified(signed_data(CONTENT, SIGNER, at=None)).time is None


def test_the_certificate_of_another_does_not_fit() -> None:
    other = holder("other", ROOT)
    encoded = signed_data(CONTENT, SIGNER).replace(SIGNER.certificate, other.certificate)
    with pytest.raises(InvalidInput):
        verified(encoded)
    swapped = signed_data(CONTENT, SIGNER).replace(SIGNER.key, holder("thief", ROOT).key)
    assert verified(swapped).integrity is Integrity.INVALID
    assert verified(swapped).trust is Trust.INVALID


def every_flip(encoded: bytes) -> Iterator[bytes]:
    for at in range(0, len(encoded), 7):
        changed = bytearray(encoded)
        changed[at] ^= 1 << at % 8
        yield bytes(changed)


def test_no_flipped_byte_ends_otherwise_than_in_an_answer_or_a_named_error() -> None:
    encoded = signed_data(CONTENT, SIGNER, held=sm3(CONTENT))
    for changed in every_flip(encoded):
        try:
            signers = verify_gm_cms(changed, io.BytesIO(b"changed"), TRUST, NOW)
        except InvalidInput:
            continue
        assert all(signer.integrity is not Integrity.VALID for signer in signers)


@pytest.mark.parametrize("encoded", [b"", b"\x30\x80", b"\x30\x00", b"text", b"\x30\x84\xff\xff\xff\xff"])
def test_what_is_no_signed_data_is_refused_by_name(encoded: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        verified(encoded)
    assert refused.value.code == "seal-structure-unknown"


def test_a_time_stamp_proves_the_time_only_where_everything_about_it_holds() -> None:
    authority = holder("stamps", ROOT, Wish(purpose=TIME_STAMPING))
    vouching = Vouching(TRUST)
    token = time_stamp(b"signature", authority, SEALED_AT)
    good = verify_stamp(token, lambda: (b"signature",), vouching, NOW)
    assert (good.time, good.proved, good.observations) == (SEALED_AT, True, ())
    other = verify_stamp(token, lambda: (b"another",), vouching, NOW)
    assert [each.code for each in other.observations] == ["seal-stamp-differs"]
    plain = verify_stamp(time_stamp(b"signature", SIGNER, SEALED_AT), lambda: (b"signature",), vouching, NOW)
    assert [each.code for each in plain.observations] == ["seal-stamp-untrusted"]
    nobody = verify_stamp(token, lambda: (b"signature",), Vouching(TrustList("none")), NOW)
    assert [each.code for each in nobody.observations] == ["seal-stamp-untrusted"]
    noise = verify_stamp(b"\1\2\3", lambda: (b"signature",), vouching, NOW)
    assert [each.code for each in noise.observations] == ["seal-stamp-unknown"]
    assert not any(each.proved for each in (other, plain, nobody, noise))


def test_an_altered_time_in_a_stamp_is_found() -> None:
    authority = holder("stamps", ROOT, Wish(purpose=TIME_STAMPING))
    token = time_stamp(b"signature", authority, SEALED_AT)
    year = SEALED_AT.strftime("%Y%m%d").encode()
    later = (SEALED_AT + timedelta(days=1)).strftime("%Y%m%d").encode()
    changed = verify_stamp(token.replace(year, later), lambda: (b"signature",), Vouching(TRUST), NOW)
    assert not changed.proved
    assert [each.code for each in changed.observations] == ["seal-stamp-differs"]
