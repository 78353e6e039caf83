"""Signed PDF files made here, whole and tampered with: every change is found, and nothing else is."""

import io
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.signatures.cms import open_signed
from ingest.signatures.pdf import verify
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust, TrustList
from tests.unit.signatures import sealing, signing
from tests.unit.signatures.authority import NOW, YEAR, Span, issue, stamper, trusting
from tests.unit.signatures.signing import Stamped, document, place_of_contents, signed

ROOT = issue("测试根", is_authority=True)
MIDDLE = issue("测试中级", ROOT, is_authority=True)
SIGNER = issue("测试招标人", MIDDLE)
TRUST = trusting(ROOT)
PLAIN = signed(document(), SIGNER, MIDDLE)
OTHER = signed(signing.with_other_content(document()), SIGNER, MIDDLE)


def verified(pdf: bytes) -> tuple[Signature, ...]:
    return verify(io.BytesIO(pdf), TRUST, NOW)


def only(pdf: bytes) -> Signature:
    (signature,) = verified(pdf)
    return signature


def codes(signature: Signature) -> set[str]:
    return {each.code for each in signature.observations}


def flipped(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes([pdf[place] ^ 0x01]) + pdf[place + 1 :]


def test_a_signed_file_is_valid_whole_and_trusted() -> None:
    signature = only(PLAIN)
    assert signature.kind is Kind.PDF
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_FILE
    assert signature.trust is Trust.TRUSTED
    assert signature.place == "Signature1"
    assert "测试招标人" in signature.signer
    assert signature.algorithm == "ECDSA with SHA-256"
    assert not signature.time_proved


def test_a_file_without_signatures_has_none_and_neither_has_an_empty_field() -> None:
    assert verified(document()) == ()
    assert verified(signing.with_empty_field(document())) == ()


def test_what_is_no_pdf_has_no_signatures() -> None:
    assert verified(b"") == ()
    assert verified(b"%PDF-1.7 broken") == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_one_flipped_bit_in_what_is_signed_is_always_found(data: st.DataObject) -> None:
    start, end = place_of_contents(PLAIN)
    place = data.draw(st.integers(0, start - 2) | st.integers(end + 1, len(PLAIN) - 1))
    found = verified(flipped(PLAIN, place))
    assert all(each.integrity is not Integrity.VALID or each.coverage is Coverage.UNCLEAR for each in found)
    # The only way to lose a signature is to spoil its own entry in the dictionary; then the file has no byte range.
    assert found or b"/ByteRange" not in flipped(PLAIN, place)


def test_a_flipped_bit_in_the_signature_is_found() -> None:
    start, _ = place_of_contents(PLAIN)
    contents = bytes.fromhex(PLAIN[start : place_of_contents(PLAIN)[1]].decode())
    content = open_signed(contents)
    assert content is not None
    value = content["signer_infos"][0]["signature"].native
    place = start + 2 * contents.index(value) + 2 * (len(value) // 2)
    broken = only(PLAIN[:place] + (b"0" if PLAIN[place : place + 1] != b"0" else b"1") + PLAIN[place + 1 :])
    assert broken.integrity is Integrity.INVALID
    assert codes(broken) & {"signature-forged", "signature-malformed"}


def test_a_signature_that_is_no_signature_is_invalid() -> None:
    start, end = place_of_contents(PLAIN)
    emptied = PLAIN[:start] + b"0" * (end - start) + PLAIN[end:]
    assert only(emptied).integrity is Integrity.INVALID
    assert "signature-malformed" in codes(only(emptied))


def test_the_signature_of_another_file_is_invalid() -> None:
    start, end = place_of_contents(PLAIN)
    other_start, other_end = place_of_contents(OTHER)
    foreign = OTHER[other_start:other_end]
    width = end - start
    swapped = PLAIN[:start] + foreign[:width].ljust(width, b"0") + PLAIN[end:]
    assert only(swapped).integrity is Integrity.INVALID
    assert "signature-altered" in codes(only(swapped))


def test_bytes_hidden_in_the_padding_of_the_signature_are_named() -> None:
    _, end = place_of_contents(PLAIN)
    assert "signature-padding" in codes(only(PLAIN[: end - 8] + b"deadbeef" + PLAIN[end:]))


def test_bytes_after_the_end_are_named() -> None:
    signature = only(PLAIN + b"hidden behind the end")
    assert signature.coverage is Coverage.ENTIRE_REVISION
    assert "signature-tail" in codes(signature)


def test_a_line_end_after_the_end_is_nothing() -> None:
    assert "signature-tail" not in codes(only(PLAIN + b"\r\n"))


@pytest.mark.parametrize("change", [signing.with_other_content, signing.with_shadowed_object])
def test_content_changed_after_signing_is_named(change: object) -> None:
    assert callable(change)
    signature = only(change(PLAIN))
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_REVISION
    assert "signature-changes-content" in codes(signature)


def test_signing_again_is_no_change_of_content() -> None:
    first, second = verified(signed(PLAIN, SIGNER, MIDDLE, field="Signature2"))
    assert (first.coverage, second.coverage) == (Coverage.ENTIRE_REVISION, Coverage.ENTIRE_FILE)
    assert first.integrity is second.integrity is Integrity.VALID
    assert "signature-changes-fields" in codes(first)


def test_a_hole_in_the_signed_range_is_named() -> None:
    range_start = PLAIN.rindex(b"/ByteRange [")
    range_end = PLAIN.index(b"]", range_start)
    numbers = [int(number) for number in PLAIN[range_start + 12 : range_end].split()]
    numbers[1] -= 40
    written = b"/ByteRange [" + b" ".join(b"%d" % number for number in numbers)
    holed = PLAIN[:range_start] + written.ljust(range_end - range_start) + PLAIN[range_end:]
    signature = only(holed)
    assert signature.coverage is Coverage.UNCLEAR
    assert "signature-gap" in codes(signature)
    assert signature.integrity is Integrity.INVALID


@pytest.mark.parametrize("written", [b"[0 1 2", b"[5 9 99999 9]", b"[0 0 0 0]", b"[9 1 2 3 4 5]", b"null"])
def test_a_range_out_of_order_covers_nothing_for_certain(written: bytes) -> None:
    start = PLAIN.rindex(b"/ByteRange [") + len(b"/ByteRange ")
    end = PLAIN.index(b"]", start) + 1
    signatures = verified(PLAIN[:start] + written.ljust(end - start) + PLAIN[end:])
    assert signatures
    assert all(each.coverage is Coverage.UNCLEAR for each in signatures)
    assert all(each.integrity is not Integrity.VALID for each in signatures)


def test_a_signature_that_no_field_leads_to_is_still_one() -> None:
    signature = only(signing.with_orphan(PLAIN))
    assert signature.coverage is Coverage.UNCLEAR
    assert "signature-outside-fields" in codes(signature)


def test_a_signature_of_usage_rights_needs_no_field() -> None:
    signature = only(signing.with_usage_rights(PLAIN))
    assert signature.place == "/UR3"
    assert signature.integrity is Integrity.VALID
    assert "signature-outside-fields" not in codes(signature)


def test_two_fields_that_show_one_signature_are_named() -> None:
    signatures = verified(signing.with_shared_signature(PLAIN))
    assert [each.place for each in signatures] == ["Signature1", "Copy"]
    assert all("signature-shared" in codes(each) for each in signatures)


def test_a_file_whose_structure_is_gone_still_shows_its_signature() -> None:
    broken = PLAIN.replace(b"/Root", b"/Rood").replace(b"startxref", b"startxxxx")
    signature = only(broken)
    assert signature.integrity is Integrity.INVALID
    assert "signature-file-unreadable" in codes(signature)


def test_traces_of_a_signature_in_what_cannot_be_read_are_not_nothing() -> None:
    signature = only(b"%PDF-1.7\n1 0 obj << /Type /Sig /B#79teRange [0 1 ...")
    assert signature.integrity is Integrity.NOT_CHECKED
    assert "signatures-unreadable" in codes(signature)


def test_a_file_encrypted_with_an_empty_password_is_verified() -> None:
    locked = signed(document(""), SIGNER, MIDDLE, password="")
    assert only(locked).integrity is Integrity.VALID
    assert only(locked).coverage is Coverage.ENTIRE_FILE
    assert only(flipped(locked, 40)).integrity is Integrity.INVALID


def test_a_file_encrypted_with_a_password_is_verified_by_its_byte_range() -> None:
    signature = only(signed(document("open"), SIGNER, MIDDLE, password="open"))
    assert signature.integrity is Integrity.VALID
    assert "signature-file-unreadable" in codes(signature)


def test_an_algorithm_that_no_longer_protects_is_named() -> None:
    signature = only(signed(document(), SIGNER, MIDDLE, digest="sha1"))
    assert signature.integrity is Integrity.VALID
    assert "signature-weak-algorithm" in codes(signature)
    short = issue("短密钥", MIDDLE, rsa_bits=1024)
    assert "signature-weak-algorithm" in codes(only(signed(document(), short, MIDDLE)))


def test_a_file_signed_with_sm2_is_verified() -> None:
    root = sealing.holder("root", None, sealing.Wish(authority=True))
    signer = sealing.holder("signer", root)
    pdf = signing.signed_anew(PLAIN, lambda covered: sealing.signed_data(covered, signer))
    trust = TrustList("tests", (root.certificate, ROOT.der))
    (signature,) = verify(io.BytesIO(pdf), trust, sealing.NOW)
    assert signature.integrity is Integrity.VALID
    assert signature.coverage is Coverage.ENTIRE_FILE
    assert signature.trust is Trust.TRUSTED
    assert signature.algorithm == "SM2 with SM3"
    (changed,) = verify(io.BytesIO(flipped(pdf, 60)), trust, sealing.NOW)
    assert changed.integrity is Integrity.INVALID


def test_a_signer_nobody_vouches_for_is_unknown_and_not_invalid() -> None:
    stranger = issue("外人", issue("外人的根", is_authority=True))
    alone = issue("自签")
    for holder in (stranger, alone):
        signature = only(signed(document(), holder))
        assert signature.integrity is Integrity.VALID
        assert signature.trust is Trust.UNKNOWN
        assert "certificate-unknown-authority" in codes(signature)


def test_an_expired_signer_is_invalid() -> None:
    expired = issue("过期", MIDDLE, Span(NOW - 2 * YEAR, NOW - YEAR))
    signature = only(signed(document(), expired, MIDDLE))
    assert signature.trust is Trust.INVALID
    assert "certificate-expired" in codes(signature)


def test_a_trusted_time_stamp_proves_the_time_of_signing() -> None:
    moment = NOW - YEAR / 2
    since = issue("后来过期", MIDDLE, Span(NOW - YEAR, NOW - YEAR / 4))
    stamp = Stamped(stamper(ROOT), (ROOT,), moment)
    signature = only(signed(document(), since, MIDDLE, stamp=stamp))
    assert signature.time_proved
    assert signature.time == moment
    assert signature.trust is Trust.TRUSTED


def test_a_certificate_expired_since_is_not_trusted_on_the_word_of_its_owner() -> None:
    judged_later = NOW + 3 * YEAR
    (signature,) = verify(io.BytesIO(PLAIN), TRUST, judged_later)
    assert signature.trust is Trust.UNKNOWN
    assert "certificate-expired-since" in codes(signature)


def test_a_time_stamp_of_an_unknown_authority_proves_nothing() -> None:
    foreign = issue("外人的根", is_authority=True)
    signature = only(signed(document(), SIGNER, MIDDLE, stamp=Stamped(stamper(foreign), (foreign,))))
    assert not signature.time_proved
    assert "time-stamp-unknown-authority" in codes(signature)
    assert signature.integrity is Integrity.VALID


def test_who_may_not_stamp_proves_nothing() -> None:
    impostor = issue("不是时间戳中心", ROOT, rsa_bits=2048)
    signature = only(signed(document(), SIGNER, MIDDLE, stamp=Stamped(impostor)))
    assert not signature.time_proved
    assert "time-stamp-invalid" in codes(signature)


def test_a_document_time_stamp_proves_what_it_encloses() -> None:
    first, second = verified(signing.stamped(PLAIN, Stamped(stamper(ROOT))))
    assert (first.kind, second.kind) == (Kind.PDF, Kind.TIME_STAMP)
    assert first.time_proved
    assert first.time == second.time == NOW
    assert "signature-changes-validation" in codes(first)
    assert second.coverage is Coverage.ENTIRE_FILE
    assert replace(second, observations=()).trust is Trust.TRUSTED
