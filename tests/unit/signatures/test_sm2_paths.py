"""Who vouches for a certificate with a key of SM2: paths, their defects, and the moment that counts."""

import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.signatures.sm2_certificates import read_certificate, read_revocations
from ingest.signatures.sm2_paths import TIME_STAMPING, Moment, Standing, Vouching
from ingest.signatures.types import NOBODY, Trust, TrustList
from tests.unit.signatures.sealing import (
    BEGINS,
    ENDS,
    NOW,
    SEALED_AT,
    Holder,
    Wish,
    holder,
    revocations,
    rooted_in_md5,
)

ROOT = holder("root", None, Wish(authority=True))
MIDDLE = holder("middle", ROOT, Wish(authority=True, path_length=0))
LEAF = holder("leaf", MIDDLE)
DAY = timedelta(days=1)


def standing(
    leaf: Holder,
    *helpers: Holder,
    trust: TrustList | None = None,
    moment: Moment = Moment(SEALED_AT, NOW),  # noqa: B008 - a frozen value
    purpose: str = "",
) -> Standing:
    listed = trust or TrustList("tests", anchors=(ROOT.certificate,))
    read = [read_certificate(each.certificate) for each in helpers]
    return Vouching(listed).standing(read_certificate(leaf.certificate), read, moment, purpose)


def codes(found: Standing) -> set[str]:
    return {each.code for each in found.observations}


def test_a_path_over_a_certificate_that_comes_with_the_signature_is_trusted() -> None:
    found = standing(LEAF, MIDDLE)
    assert found.trust is Trust.TRUSTED
    assert codes(found) == {"path-revocation-unknown"}


def test_an_intermediate_of_the_list_leads_to_the_root_too() -> None:
    trust = TrustList("tests", (ROOT.certificate,), (MIDDLE.certificate,))
    assert standing(LEAF, trust=trust).trust is Trust.TRUSTED


def test_nobody_vouches_where_the_list_is_empty_or_the_path_has_a_hole() -> None:
    for found in (standing(LEAF, MIDDLE, trust=NOBODY), standing(LEAF)):
        assert found.trust is Trust.UNKNOWN
        assert codes(found) == {"path-issuer-unknown"}


def test_a_root_that_comes_with_the_signature_is_no_anchor() -> None:
    stranger = holder("stranger", None, Wish(authority=True))
    assert standing(holder("victim", stranger), stranger).trust is Trust.UNKNOWN


def test_a_certificate_that_only_names_a_listed_issuer_is_forged() -> None:
    impostor = holder("impostor", None, Wish(authority=True))
    forged = holder("forged", Holder("root", impostor.certificate, impostor.algorithm, impostor.key, impostor.sign))
    found = standing(forged)
    assert found.trust is Trust.INVALID
    assert "path-signature-wrong" in codes(found)


@pytest.mark.parametrize("moment", [BEGINS - 2 * DAY, ENDS + DAY])
def test_outside_its_validity_a_certificate_is_invalid(moment: datetime) -> None:
    found = standing(LEAF, MIDDLE, moment=Moment(moment, moment))
    assert found.trust is Trust.INVALID
    assert "path-outside-validity" in codes(found)


def test_what_has_expired_since_is_trusted_only_where_a_time_stamp_proves_when_it_was_signed() -> None:
    assert standing(LEAF, MIDDLE, moment=Moment(SEALED_AT, ENDS + DAY, proved=True)).trust is Trust.TRUSTED
    claimed = standing(LEAF, MIDDLE, moment=Moment(SEALED_AT, ENDS + DAY))
    assert claimed.trust is Trust.UNKNOWN
    assert "path-time-unproved" in codes(claimed)


def test_where_nothing_tells_the_moment_an_expired_certificate_is_not_called_invalid() -> None:
    assert standing(LEAF, MIDDLE, moment=Moment(None, ENDS + DAY)).trust is Trust.UNKNOWN
    assert standing(LEAF, MIDDLE, moment=Moment(None, NOW)).trust is Trust.TRUSTED


def test_one_who_is_no_authority_cannot_issue() -> None:
    found = standing(holder("below", LEAF), LEAF, MIDDLE)
    assert found.trust is Trust.INVALID
    assert "path-no-authority" in codes(found)


def test_a_path_longer_than_an_authority_allows_is_invalid() -> None:
    lower = holder("lower", MIDDLE, Wish(authority=True))
    found = standing(holder("below", lower), lower, MIDDLE)
    assert found.trust is Trust.INVALID
    assert "path-no-authority" in codes(found)


def test_a_key_for_encryption_does_not_sign() -> None:
    found = standing(holder("encrypts", MIDDLE, Wish(usage=("key_encipherment",))), MIDDLE)
    assert found.trust is Trust.INVALID
    assert "path-usage-wrong" in codes(found)


def test_a_time_stamp_takes_a_certificate_for_time_stamps() -> None:
    assert standing(LEAF, MIDDLE, purpose=TIME_STAMPING).trust is Trust.INVALID
    stamper = holder("stamps", MIDDLE, Wish(purpose=TIME_STAMPING))
    assert standing(stamper, MIDDLE, purpose=TIME_STAMPING).trust is Trust.TRUSTED


@pytest.mark.parametrize(
    ("revoked", "proved", "trust"),
    [
        (SEALED_AT - DAY, False, Trust.INVALID),
        (SEALED_AT - DAY, True, Trust.INVALID),
        (SEALED_AT + DAY, True, Trust.TRUSTED),
        (SEALED_AT + DAY, False, Trust.UNKNOWN),
    ],
)
def test_a_revoked_certificate_counts_by_when_it_was_revoked(revoked: datetime, trust: Trust, *, proved: bool) -> None:
    lists = (revocations(MIDDLE, {LEAF.serial: revoked}, NOW), revocations(ROOT, {}, NOW))
    trusted = TrustList("tests", (ROOT.certificate,), revocations=lists)
    found = standing(LEAF, MIDDLE, trust=trusted, moment=Moment(SEALED_AT, NOW, proved))
    assert found.trust is trust
    assert "path-revocation-unknown" not in codes(found)


def test_a_list_out_of_date_still_revokes_and_clears_nobody() -> None:
    clear = (revocations(MIDDLE, {}, SEALED_AT), revocations(ROOT, {}, NOW))
    assert "path-revocation-unknown" in codes(standing(LEAF, MIDDLE, trust=_with_lists(*clear)))
    revoking = (revocations(MIDDLE, {LEAF.serial: BEGINS}), revocations(ROOT, {}, NOW))
    assert standing(LEAF, MIDDLE, trust=_with_lists(*revoking)).trust is Trust.INVALID


def _with_lists(*lists: bytes) -> TrustList:
    return TrustList("tests", (ROOT.certificate,), revocations=lists)


def test_a_certificate_signed_over_a_digest_that_collides_is_not_trusted() -> None:
    root = rooted_in_md5()
    found = standing(holder("victim", root), trust=TrustList("tests", (root.certificate,)))
    assert found.trust is Trust.UNKNOWN
    assert codes(found) == {"certificate-weak-algorithm"}


def test_the_key_of_a_server_signs_no_documents() -> None:
    server = holder("server", MIDDLE, Wish(purpose="1.3.6.1.5.5.7.3.1"))
    assert standing(server, MIDDLE).trust is Trust.INVALID
    assert codes(standing(server, MIDDLE)) >= {"certificate-wrong-use"}


def test_a_moment_that_has_not_come_is_not_trusted_and_a_clock_a_little_slow_does_no_harm() -> None:
    ahead = standing(LEAF, MIDDLE, moment=Moment(NOW + 2 * DAY, NOW))
    assert ahead.trust is Trust.UNKNOWN
    assert "signature-time-impossible" in codes(ahead)
    slow = standing(LEAF, MIDDLE, moment=Moment(BEGINS - timedelta(seconds=30), NOW))
    assert slow.trust is Trust.TRUSTED


def test_a_list_of_revocations_that_its_issuer_did_not_sign_says_nothing() -> None:
    other = Holder("middle", LEAF.certificate, LEAF.algorithm, LEAF.key, LEAF.sign)
    lists = (revocations(other, {LEAF.serial: BEGINS}),)
    found = standing(LEAF, MIDDLE, trust=TrustList("tests", (ROOT.certificate,), revocations=lists))
    assert found.trust is Trust.TRUSTED
    assert "path-revocation-unknown" in codes(found)


def test_a_root_with_a_key_of_rsa_vouches_for_keys_of_sm2() -> None:
    root = holder("rsa root", None, Wish(authority=True), with_rsa=True)
    leaf = holder("sm2 leaf", root)
    trust = TrustList("tests", (root.certificate,))
    assert standing(leaf, trust=trust).trust is Trust.TRUSTED
    damaged = bytearray(leaf.certificate)
    damaged[-1] ^= 1
    broken = Holder(leaf.name, bytes(damaged), leaf.algorithm, leaf.key, leaf.sign)
    assert standing(broken, trust=trust).trust is Trust.INVALID


def test_a_certificate_signed_with_an_empty_identifier_holds_and_is_told() -> None:
    root = holder("careless", None, Wish(authority=True, identifier=b""))
    found = standing(holder("leaf of it", root), trust=TrustList("tests", (root.certificate,)))
    assert found.trust is Trust.TRUSTED
    assert "path-identifier-empty" in codes(found)


def test_certificates_that_issued_each_other_do_not_go_round_for_ever() -> None:
    one = holder("one", holder("two", None, Wish(authority=True)), Wish(authority=True))
    two = holder("two", holder("one", None, Wish(authority=True)), Wish(authority=True))
    assert standing(holder("end", one), one, two).trust is Trust.UNKNOWN


@pytest.mark.parametrize(
    "encoded", [b"", b"\x30\x00", b"no certificate", LEAF.certificate[:-1], LEAF.certificate + b"\0"]
)
def test_what_is_no_certificate_is_refused_by_name(encoded: bytes) -> None:
    for read in (read_certificate, read_revocations):
        with pytest.raises(InvalidInput) as refused:
            read(encoded)
        assert refused.value.code == "seal-certificate-unreadable"


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command line")
@pytest.mark.parametrize(("options", "empty"), [((), True), (("-sigopt", "distid:1234567812345678"), False)])
def test_openssl_signs_certificates_with_an_empty_identifier_unless_told(
    tmp_path: Path, options: tuple[str, ...], *, empty: bool
) -> None:
    command = shutil.which("openssl") or ""
    subprocess.run(
        [command, "genpkey", "-algorithm", "SM2", "-out", "k"], cwd=tmp_path, check=True, capture_output=True
    )
    request = (
        "req",
        "-x509",
        "-new",
        "-key",
        "k",
        "-sm3",
        "-subj",
        "/CN=own",
        "-days",
        "30",
        *options,
        "-outform",
        "DER",
    )
    made = subprocess.run([command, *request], cwd=tmp_path, check=True, capture_output=True).stdout
    own = read_certificate(made)
    fit = own.signed_by(own)
    assert fit.held
    assert [each.code for each in fit.observations] == (["sm2-identifier-empty"] if empty else [])


def test_a_crowd_of_possible_issuers_is_not_tried_without_end() -> None:
    many = [holder("crowd", None, Wish(authority=True, path_length=at)) for at in range(70)]
    stranger = holder("stranger to them", holder("elsewhere", None, Wish(authority=True)))
    leaf = Holder(stranger.name, stranger.certificate, stranger.algorithm, stranger.key, stranger.sign)
    forged = holder("of the crowd", Holder("crowd", leaf.certificate, leaf.algorithm, leaf.key, leaf.sign))
    found = standing(forged, *many)
    assert found.trust is Trust.UNKNOWN
    assert "path-too-long" in codes(found)
