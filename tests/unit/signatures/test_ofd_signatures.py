"""Signed OFD files made here: what holds, and every kind of damage that has to be found."""

import zipfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from archive.errors import InvalidInput
from ingest.signatures.ofd import verify
from ingest.signatures.seals import read_seal_signature
from ingest.signatures.sm2_paths import TIME_STAMPING
from ingest.signatures.types import NOBODY, Coverage, Integrity, Kind, Signature, Trust, TrustList
from tests.unit.signatures.sealing import (
    ATTACHMENT,
    ENDS,
    NOW,
    PAGE,
    SEALED_AT,
    SHEET,
    VALUE,
    SealWish,
    Wish,
    document,
    holder,
    listing,
    packed,
    seal,
    sealed_value,
    sheet,
    signed,
    signed_data,
    sm3,
    time_stamp,
)

ROOT = holder("root", None, Wish(authority=True))
MAKER, USER, OTHER = (holder(name, ROOT) for name in ("maker", "user", "other"))
TRUST = TrustList("tests", (ROOT.certificate,))
SEAL, OLD_SEAL = seal(MAKER, [USER]), seal(MAKER, [USER], SealWish(old=True))
LISTS = "Doc_0/Signs/Signatures.xml"
KINDS: dict[str, Callable[[bytes], bytes]] = {
    "GB/T 38540": lambda content: sealed_value(content, USER, SEAL),
    "GM/T 0031": lambda content: sealed_value(content, USER, OLD_SEAL, old=True),
    "GB/T 35275 beside": lambda content: signed_data(content, USER),
    "GB/T 35275 digest": lambda content: signed_data(content, USER, held=sm3(content), attributes=False),
}


def only(parts: dict[str, bytes], trust: TrustList = TRUST) -> Signature:
    (found,) = verify(packed(parts), trust, NOW)
    return found


def codes(found: Signature) -> set[str]:
    return {each.code for each in found.observations}


def places(found: Signature, code: str) -> set[str]:
    return {each.place for each in found.observations if each.code == code}


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_document_is_valid_trusted_and_covered(kind: str) -> None:
    found = only(signed(KINDS[kind]))
    assert (found.kind, found.place) == (Kind.OFD, SHEET)
    assert (found.integrity, found.coverage, found.trust) == (Integrity.VALID, Coverage.ENTIRE_FILE, Trust.TRUSTED)
    assert (found.signer, found.time_proved) == ("Common Name: user", False)
    assert found.time == (None if kind == "GB/T 35275 digest" else SEALED_AT)
    assert found.algorithm == "SM2 with SM3"
    assert codes(found) == {"path-revocation-unknown"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_signer_nobody_vouches_for_is_unknown_and_the_signature_holds(kind: str) -> None:
    found = only(signed(KINDS[kind]), NOBODY)
    assert (found.integrity, found.trust) == (Integrity.VALID, Trust.UNKNOWN)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [*document()])
def test_a_flipped_byte_in_any_signed_file_is_found(kind: str, part: str) -> None:
    parts = signed(KINDS[kind])
    parts[part] = parts[part].replace(b"Content", b"content") if b"Content" in parts[part] else parts[part] + b" "
    found = only(parts)
    assert found.integrity is Integrity.INVALID
    assert places(found, "ofd-file-changed") == {part}


@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_description_is_found_even_where_its_digests_agree(kind: str) -> None:
    parts = signed(KINDS[kind])
    parts[ATTACHMENT] = b"<other/>"
    parts[SHEET] = sheet(parts, [*document()])
    found = only(parts)
    assert found.integrity is Integrity.INVALID
    assert "seal-content-differs" in codes(found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_added_after_signing_is_named(kind: str) -> None:
    added = "Doc_0/Pages/Page_1/Content.xml"
    found = only({**signed(KINDS[kind]), added: b"<page/>"})
    assert (found.integrity, found.coverage) == (Integrity.VALID, Coverage.PARTIAL)
    assert places(found, "ofd-not-covered") == {added}


def test_files_left_out_of_a_signature_are_named() -> None:
    found = only(signed(KINDS["GB/T 38540"], [PAGE]))
    assert found.coverage is Coverage.PARTIAL
    assert places(found, "ofd-not-covered") == {"OFD.xml", "Doc_0/Document.xml", ATTACHMENT}


def test_a_signed_file_that_is_gone_is_found() -> None:
    parts = signed(KINDS["GB/T 38540"])
    del parts[ATTACHMENT]
    found = only(parts)
    assert found.integrity is Integrity.INVALID
    assert places(found, "ofd-file-missing") == {ATTACHMENT}


@pytest.mark.parametrize("old", [True, False])
def test_a_signature_of_somebody_elses_key_is_invalid(*, old: bool) -> None:
    used = seal(MAKER, [USER, OTHER], SealWish(old=old))

    def swapped(content: bytes) -> bytes:
        made = sealed_value(content, USER, used, old=old)
        return made.replace(USER.key, OTHER.key)

    found = only(signed(swapped))
    assert found.integrity is Integrity.INVALID
    assert "seal-signature-wrong" in codes(found)


def test_a_signer_whose_certificate_had_expired_is_invalid_and_the_content_is_not() -> None:
    expired = holder("expired", ROOT, Wish(ends=SEALED_AT - timedelta(days=1)))
    used = seal(MAKER, [expired])
    found = only(signed(lambda content: sealed_value(content, expired, used)))
    assert (found.integrity, found.trust) == (Integrity.VALID, Trust.INVALID)
    assert "path-outside-validity" in codes(found)


def test_a_seal_that_had_expired_or_was_made_for_others_is_invalid() -> None:
    wishes = {"seal-outside-validity": (USER, SEALED_AT - timedelta(days=1)), "seal-not-for-signer": (OTHER, ENDS)}
    for code, (user, ends) in wishes.items():
        used = seal(MAKER, [user], SealWish(ends=ends))
        found = only(signed(partial(sealed_value, signer=USER, sealed_with=used)))
        assert (found.integrity, found.trust) == (Integrity.VALID, Trust.INVALID)
        assert code in codes(found)


def test_an_unknown_digest_method_leaves_the_signature_unchecked() -> None:
    found = only(signed(KINDS["GB/T 38540"], method="1.2.3.4"))
    assert found.integrity is Integrity.NOT_CHECKED
    assert "seal-digest-unknown" in codes(found)


@pytest.mark.parametrize("method", ["MD5", "SHA1"])
def test_a_weak_digest_is_named(method: str) -> None:
    found = only(signed(KINDS["GB/T 38540"], method=method))
    assert found.integrity is Integrity.VALID
    assert "seal-digest-weak" in codes(found)


@pytest.mark.parametrize("value", [b"", b"noise", b"\x30\x00", b"\x30\x03\2\1\1", b"\x30\x80"])
def test_a_value_that_is_not_understood_is_neither_valid_nor_invalid(value: bytes) -> None:
    found = only({**signed(KINDS["GB/T 38540"]), VALUE: value})
    assert (found.integrity, found.trust) == (Integrity.NOT_CHECKED, Trust.NOT_CHECKED)
    assert "seal-structure-unknown" in codes(found)


def test_a_changed_file_is_told_even_where_the_value_is_not_understood() -> None:
    found = only({**signed(KINDS["GB/T 38540"]), VALUE: b"noise", PAGE: b"<other/>"})
    assert found.integrity is Integrity.INVALID


def test_a_missing_value_leaves_the_signature_unchecked() -> None:
    parts = signed(KINDS["GB/T 38540"])
    del parts[VALUE]
    assert only(parts).integrity is Integrity.NOT_CHECKED


@pytest.mark.parametrize("covers_first", [True, False])
def test_a_later_signature_is_no_damage_to_the_first(*, covers_first: bool) -> None:
    parts = signed(KINDS["GB/T 38540"])
    place, value = "Doc_0/Signs/Sign_1/Signature.xml", "Doc_0/Signs/Sign_1/SignedValue.dat"
    content = sheet(parts, [*document(), *((SHEET, VALUE) if covers_first else ())], value=value)
    parts |= {LISTS: listing(SHEET, place), place: content, value: signed_data(content, OTHER)}
    first, second = verify(packed(parts), TRUST, NOW)
    assert (first.integrity, first.coverage) == (Integrity.VALID, Coverage.ENTIRE_REVISION)
    assert codes(first) == {"path-revocation-unknown", "ofd-signed-later"}
    assert second.integrity is Integrity.VALID
    assert second.coverage is (Coverage.ENTIRE_FILE if covers_first else Coverage.ENTIRE_REVISION)


def test_what_only_a_later_signature_covers_is_told_apart() -> None:
    parts = signed(KINDS["GB/T 38540"], [PAGE, "OFD.xml", "Doc_0/Document.xml"])
    place, value = "Doc_0/Signs/Sign_1/Signature.xml", "Doc_0/Signs/Sign_1/SignedValue.dat"
    content = sheet(parts, [*document(), SHEET, VALUE], value=value)
    parts |= {LISTS: listing(SHEET, place), place: content, value: signed_data(content, OTHER)}
    first, _ = verify(packed(parts), TRUST, NOW)
    assert first.coverage is Coverage.PARTIAL
    assert places(first, "ofd-covered-by-other") == {ATTACHMENT}


def test_a_signature_taken_off_the_list_is_still_seen() -> None:
    found = only({**signed(KINDS["GB/T 38540"]), LISTS: listing()})
    assert found.integrity is Integrity.VALID
    assert "ofd-signature-unlisted" in codes(found)


@pytest.mark.parametrize("part", ["OFD.xml", LISTS])
@pytest.mark.parametrize("content", [b"<broken", b"<other/>"])
def test_a_broken_list_does_not_hide_what_it_listed(part: str, content: bytes) -> None:
    found = only({**signed(KINDS["GB/T 38540"]), part: content})
    assert found.integrity is (Integrity.INVALID if part == "OFD.xml" else Integrity.VALID)
    assert "ofd-signature-unlisted" in codes(found)
    assert ("file-damaged" in codes(found)) is (content == b"<broken")


def test_a_broken_file_without_signatures_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        verify(packed({"OFD.xml": b"<broken"}), TRUST, NOW)
    assert refused.value.code == "file-damaged"


def test_an_integrity_list_is_told_and_proves_nothing() -> None:
    parts = {**document(), LISTS: listing(), "OFDEntries.xml": b"<entries/>"}
    found = only(parts)
    assert (found.integrity, found.coverage) == (Integrity.NOT_CHECKED, Coverage.UNCLEAR)


def test_a_file_without_signatures_has_none() -> None:
    assert (
        verify(packed({**document(), "OFD.xml": document()["OFD.xml"].replace(b"Signatures", b"Others")}), TRUST, NOW)
        == ()
    )


def test_two_descriptions_in_one_are_not_chosen_between() -> None:
    parts = signed(KINDS["GB/T 38540"])
    parts[SHEET] = parts[SHEET].replace(b"<ofd:SignedInfo>", b"<ofd:SignedInfo/><ofd:SignedInfo>")
    found = only(parts)
    assert (found.integrity, codes(found)) == (Integrity.NOT_CHECKED, {"seal-structure-unknown"})


def test_another_seal_beside_the_signature_is_told() -> None:
    def described(used: bytes) -> dict[str, bytes]:
        parts = document()
        named = b"<ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal><ofd:References"
        content = sheet(parts, list(parts)).replace(b"<ofd:References", named, 1)
        value = sealed_value(content, USER, SEAL)
        return {**parts, LISTS: listing(SHEET), SHEET: content, VALUE: value, "Doc_0/Signs/Sign_0/Seal.esl": used}

    assert only(described(SEAL)).coverage is Coverage.ENTIRE_FILE
    for other in (OLD_SEAL, b"", SEAL[:1]):
        found = only(described(other))
        assert "ofd-seal-differs" in codes(found)
        assert found.coverage is Coverage.PARTIAL


@pytest.mark.parametrize("old", [True, False])
def test_a_time_stamp_proves_the_moment_of_sealing(*, old: bool) -> None:
    authority = holder("stamps", ROOT, Wish(purpose=TIME_STAMPING))
    stamped_at = SEALED_AT + timedelta(minutes=5)

    def value(content: bytes) -> bytes:
        used = OLD_SEAL if old else SEAL
        # The old form stamps the digest of what is sealed, the new one the signature.
        bare = read_seal_signature(sealed_value(content, USER, used, old=old))
        stamp = time_stamp(bare.digest if old else bare.signature, authority, stamped_at)
        return sealed_value(content, USER, used, old=old, stamp=stamp)

    found = only(signed(value))
    assert (found.integrity, found.trust) == (Integrity.VALID, Trust.TRUSTED)
    assert (found.time, found.time_proved) == (stamped_at, True)


def test_signers_with_keys_of_rsa_are_verified_too() -> None:
    signer = holder("rsa", ROOT, with_rsa=True)
    used = seal(MAKER, [signer])
    found = only(signed(lambda content: sealed_value(content, signer, used)))
    assert (found.integrity, found.trust, found.algorithm) == (Integrity.VALID, Trust.TRUSTED, "RSA with SHA256")


def test_too_many_signatures_or_references_are_refused_by_name() -> None:
    parts = {**document(), LISTS: listing(*(f"Doc_0/Signs/Sign_{at}/Signature.xml" for at in range(201)))}
    with pytest.raises(InvalidInput) as refused:
        verify(packed(parts), TRUST, NOW)
    assert refused.value.code == "ofd-signatures-too-many"
    many = sheet(document(), [PAGE] * 20_001)
    stream = packed({**document(), LISTS: listing(SHEET), SHEET: many, VALUE: b"noise"}, zipfile.ZIP_STORED)
    (found,) = verify(stream, TRUST, NOW)
    assert codes(found) == {"ofd-references-too-many"}


def test_an_entity_in_a_description_is_not_followed() -> None:
    parts = signed(KINDS["GB/T 38540"])
    parts[SHEET] = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + parts[SHEET]
    found = only(parts)
    assert (found.integrity, codes(found)) == (Integrity.NOT_CHECKED, {"file-damaged"})


def test_what_a_later_signature_only_calls_its_seal_is_not_excused() -> None:
    added, second = "Doc_0/Annots/Page_0/Annot.xml", "Doc_0/Signs/Sign_1/"
    parts = {**signed(KINDS["GB/T 38540"]), added: b"<note>9000000</note>"}
    covered = [part for part in parts if part != LISTS]
    described = sheet(parts, covered, value=f"{second}SignedValue.dat").replace(
        b"</ofd:SignedInfo>", f"<ofd:Seal><ofd:BaseLoc>/{added}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>".encode()
    )
    parts |= {
        LISTS: listing(SHEET, f"{second}Signature.xml"),
        f"{second}Signature.xml": described,
        f"{second}SignedValue.dat": sealed_value(described, OTHER, seal(MAKER, [OTHER])),
    }
    first, last = verify(packed(parts), TRUST, NOW)
    assert first.coverage is Coverage.PARTIAL
    assert places(first, "ofd-covered-by-other") == {added}
    assert (last.integrity, last.coverage) == (Integrity.VALID, Coverage.ENTIRE_FILE)
