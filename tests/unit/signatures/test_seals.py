"""Seals of both standards: taken apart, made by their maker, valid, and for whom."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from archive.errors import InvalidInput
from ingest.signatures.seals import judge_seal, read_seal, read_seal_signature
from ingest.signatures.sm2_certificates import read_certificate
from ingest.signatures.sm2_paths import Moment, Standing, Vouching
from ingest.signatures.types import NOBODY, Trust, TrustList
from tests.unit.signatures.sealing import (
    BEGINS,
    ENDS,
    NOW,
    SEALED_AT,
    Holder,
    SealWish,
    Wish,
    holder,
    seal,
    sealed_value,
    short_time,
)

ROOT = holder("root", None, Wish(authority=True))
MAKER, USER, OTHER = (holder(name, ROOT) for name in ("maker", "user", "other"))
TRUST = TrustList("tests", (ROOT.certificate,))
DAY = timedelta(days=1)


def judged(encoded: bytes, user: Holder = USER, trust: TrustList = TRUST, *, proved: bool = False) -> Standing:
    moment = Moment(SEALED_AT, NOW, proved)
    return judge_seal(read_seal(encoded), read_certificate(user.certificate), Vouching(trust), moment)


def codes(found: Standing) -> set[str]:
    return {each.code for each in found.observations}


@pytest.mark.parametrize("old", [True, False])
def test_a_seal_of_either_standard_is_read_and_holds(*, old: bool) -> None:
    encoded = seal(MAKER, [OTHER, USER], SealWish(old=old))
    read = read_seal(encoded)
    assert (read.begins, read.ends) == (BEGINS, ENDS)
    assert read.made().held
    assert judged(encoded).trust is Trust.TRUSTED


def test_users_may_be_named_by_digest() -> None:
    encoded = seal(MAKER, [USER], SealWish(by_digest=True))
    assert judged(encoded).trust is Trust.TRUSTED
    assert "seal-not-for-signer" in codes(judged(encoded, OTHER))


@pytest.mark.parametrize("old", [True, False])
def test_a_seal_made_for_others_is_invalid(*, old: bool) -> None:
    found = judged(seal(MAKER, [OTHER], SealWish(old=old)))
    assert found.trust is Trust.INVALID
    assert "seal-not-for-signer" in codes(found)


@pytest.mark.parametrize("wish", [SealWish(ends=SEALED_AT - DAY), SealWish(begins=SEALED_AT + 2 * DAY)])
def test_a_seal_outside_its_validity_when_it_was_used_is_invalid(wish: SealWish) -> None:
    found = judged(seal(MAKER, [USER], wish))
    assert found.trust is Trust.INVALID
    assert "seal-outside-validity" in codes(found)


def test_a_seal_that_has_expired_since_is_trusted_only_where_the_time_is_proved() -> None:
    encoded = seal(MAKER, [USER], SealWish(ends=SEALED_AT + DAY))
    assert judged(encoded, proved=True).trust is Trust.TRUSTED
    claimed = judged(encoded)
    assert claimed.trust is Trust.UNKNOWN
    assert "path-time-unproved" in codes(claimed)


def test_a_seal_whose_maker_nobody_knows_is_unknown() -> None:
    assert judged(seal(MAKER, [USER]), trust=NOBODY).trust is Trust.UNKNOWN


def test_a_seal_whose_maker_did_not_sign_it_is_forged() -> None:
    encoded = seal(MAKER, [OTHER]).replace(OTHER.certificate, USER.certificate)
    if len(USER.certificate) != len(OTHER.certificate):
        encoded = seal(MAKER, [USER]).replace("测试印章".encode(), "假的印章".encode())
    found = judged(encoded)
    assert found.trust is Trust.INVALID
    assert "seal-forged" in codes(found)


def test_the_moment_in_old_signatures_may_be_plain_text_or_a_time() -> None:
    used = seal(MAKER, [USER], SealWish(old=True))
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    for stamp in (short_time(moment), b"240506070809Z", b"20240506070809Z"):
        read = read_seal_signature(sealed_value(b"content", USER, used, old=True, stamp=stamp))
        assert (read.time, read.token) == (moment, b"")
    token = read_seal_signature(sealed_value(b"content", USER, used, old=True, stamp=b"\x30\x03\2\1\1"))
    assert (token.time, token.token) == (None, b"\x30\x03\2\1\1")


@pytest.mark.parametrize("read", [read_seal, read_seal_signature])
def test_what_is_no_seal_is_refused_by_name(read: Callable[[bytes], object]) -> None:
    whole = sealed_value(b"content", USER, seal(MAKER, [USER])) if read is read_seal_signature else seal(MAKER, [USER])
    broken = [b"", b"\x30\x00", b"\x30\x80\0\0", b"\x1f\x81\1\0", b"\x30\x84\xff\xff\xff\xff", whole + b"\0"]
    for encoded in (*broken, *(whole[:length] for length in range(1, len(whole), 97))):
        with pytest.raises(InvalidInput) as refused:
            read(encoded)
        assert refused.value.code == "seal-structure-unknown"


def test_a_flipped_byte_never_leaves_a_seal_trusted() -> None:
    encoded = seal(MAKER, [USER])
    for at in range(0, len(encoded), 5):
        changed = bytearray(encoded)
        changed[at] ^= 1 << at % 8
        try:
            found = judged(bytes(changed))
        except InvalidInput:
            continue
        assert found.trust is not Trust.TRUSTED
