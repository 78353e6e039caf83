"""Who vouches for a certificate: three answers kept apart, also against the collection of NIST where it is at hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import x509
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID

from ingest.signatures.certificates import Evidence, Use, Vouched, loaded_evidence, vouch
from ingest.signatures.types import NOBODY, Trust, TrustList
from tests.unit.signatures import sealing
from tests.unit.signatures.authority import NOW, YEAR, Holder, Span, answer, issue, revoking, stamper, trusting

FILES = Path(__file__).parents[4] / "shared" / "data" / "files"
PKITS = FILES / "pyhanko-signed-pdfs" / "pkgs" / "pyhanko-certvalidator" / "tests" / "fixtures"
ROOT = issue("测试根", is_authority=True)
MIDDLE = issue("测试中级", ROOT, is_authority=True)
SIGNER = issue("测试招标人", MIDDLE)
TRUST = trusting(ROOT, intermediates=(MIDDLE.der,))


def vouched(holder: Holder, trust: TrustList = TRUST, moment: datetime = NOW, *helping: Holder) -> Vouched:
    evidence = loaded_evidence(tuple(each.der for each in helping))
    return vouch(holder.asn1, evidence, trust, moment)


def codes(verdict: Vouched) -> set[str]:
    return {each.code for each in verdict.observations}


def with_lists(*lists: bytes) -> TrustList:
    return trusting(ROOT, intermediates=(MIDDLE.der,), revocations=lists)


def test_a_path_to_an_anchor_is_trusted_and_silence_on_revocation_is_told() -> None:
    assert vouched(SIGNER).trust is Trust.TRUSTED
    assert codes(vouched(SIGNER)) == {"certificate-revocation-unknown"}


def test_lists_for_the_whole_path_leave_nothing_to_tell() -> None:
    trust = with_lists(revoking(ROOT, at=NOW), revoking(MIDDLE, at=NOW))
    assert vouched(SIGNER, trust) == Vouched(Trust.TRUSTED)


def test_intermediates_may_come_with_the_file() -> None:
    assert vouched(SIGNER, trusting(ROOT)).trust is Trust.UNKNOWN
    assert vouched(SIGNER, trusting(ROOT), NOW, MIDDLE).trust is Trust.TRUSTED


def test_an_anchor_that_comes_with_the_file_vouches_for_nobody() -> None:
    foreign = issue("外人的根", is_authority=True)
    assert vouched(issue("外人", foreign), TRUST, NOW, foreign).trust is Trust.UNKNOWN


def test_nobody_on_the_list_means_unknown() -> None:
    verdict = vouched(SIGNER, NOBODY, NOW, MIDDLE, ROOT)
    assert verdict.trust is Trust.UNKNOWN
    assert verdict.observations[0].params == {"version": "none"}


@pytest.mark.parametrize("span", [Span(NOW - 2 * YEAR, NOW - YEAR), Span(NOW + YEAR, NOW + 2 * YEAR)])
def test_a_certificate_out_of_its_time_is_invalid(span: Span) -> None:
    verdict = vouched(issue("过期", MIDDLE, span))
    assert verdict.trust is Trust.INVALID
    assert codes(verdict) == {"certificate-expired"}


def test_an_anchor_that_signs_itself_has_its_time_too() -> None:
    old = issue("旧根", span=Span(NOW - 2 * YEAR, NOW - YEAR))
    assert vouched(old, trusting(old)).trust is Trust.INVALID
    assert vouched(old, trusting(old), NOW - YEAR * 3 / 2).trust is Trust.TRUSTED


def test_a_revoked_certificate_is_invalid_from_then_on() -> None:
    trust = with_lists(revoking(MIDDLE, SIGNER, at=NOW - YEAR / 2))
    assert vouched(SIGNER, trust).trust is Trust.INVALID
    assert codes(vouched(SIGNER, trust)) == {"certificate-revoked"}
    assert vouched(SIGNER, trust, NOW - YEAR * 3 / 4).trust is Trust.TRUSTED


def test_a_revoked_intermediate_is_invalid_for_all_below_it() -> None:
    trust = with_lists(revoking(ROOT, MIDDLE, at=NOW - YEAR / 2), revoking(MIDDLE, at=NOW))
    assert codes(vouched(SIGNER, trust)) == {"certificate-revoked"}


def test_a_list_out_of_date_still_revokes() -> None:
    stale = revoking(MIDDLE, SIGNER, at=NOW - YEAR / 2, until=NOW - timedelta(hours=1))
    assert codes(vouched(SIGNER, with_lists(stale))) == {"certificate-revoked"}


def test_a_list_out_of_date_does_not_clear_anybody() -> None:
    stale = revoking(MIDDLE, at=NOW, until=NOW - timedelta(hours=1))
    assert codes(vouched(SIGNER, with_lists(stale))) == {"certificate-revocation-unknown"}


def test_a_list_made_by_somebody_else_revokes_nobody() -> None:
    namesake = issue("测试中级", is_authority=True)
    forged = revoking(namesake, SIGNER, at=NOW - YEAR / 2)
    assert vouched(SIGNER, with_lists(forged)).trust is Trust.TRUSTED


def test_an_answer_of_the_responder_revokes_and_clears() -> None:
    holder = issue("应答", MIDDLE, answered=True)
    good = trusting(ROOT, intermediates=(MIDDLE.der,), answers=(answer(MIDDLE, holder),))
    bad = trusting(ROOT, intermediates=(MIDDLE.der,), answers=(answer(MIDDLE, holder, NOW - YEAR / 2),))
    assert vouched(holder, good).trust is Trust.TRUSTED
    assert codes(vouched(holder, bad)) == {"certificate-revoked"}


@pytest.mark.parametrize("revoked", [SIGNER, MIDDLE])
def test_an_answer_revokes_also_who_names_no_responder(revoked: Holder) -> None:
    by = MIDDLE if revoked is SIGNER else ROOT
    trust = trusting(ROOT, intermediates=(MIDDLE.der,), answers=(answer(by, revoked, NOW - YEAR / 2),))
    assert vouched(SIGNER, trust).trust is Trust.INVALID
    assert codes(vouched(SIGNER, trust)) == {"certificate-revoked"}


@pytest.mark.parametrize("use", [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.TIME_STAMPING])
def test_the_key_of_a_server_or_a_clock_signs_no_documents(use: ObjectIdentifier) -> None:
    assert codes(vouched(issue("网站", MIDDLE, uses=(use,)))) == {"certificate-wrong-use"}
    person = issue("个人", MIDDLE, uses=(use, ExtendedKeyUsageOID.EMAIL_PROTECTION))
    assert vouched(person).trust is Trust.TRUSTED


def test_a_certificate_for_another_use_is_invalid() -> None:
    verdict = vouched(issue("加密证书", MIDDLE, may_sign=False))
    assert verdict.trust is Trust.INVALID
    assert codes(verdict) == {"certificate-wrong-use"}


def test_only_who_is_meant_to_stamp_the_time_may() -> None:
    assert vouch(stamper(ROOT).asn1, Evidence(), TRUST, NOW, Use.TIME_STAMPING).trust is Trust.TRUSTED
    assert vouch(SIGNER.asn1, Evidence(), TRUST, NOW, Use.TIME_STAMPING).trust is Trust.INVALID


def test_a_signer_who_is_no_authority_cannot_make_one() -> None:
    below = issue("冒充下级", SIGNER)
    verdict = vouched(below, TRUST, NOW, SIGNER)
    assert verdict.trust is Trust.INVALID
    assert codes(verdict) == {"certificate-path-broken"}


def test_a_forged_certificate_in_the_name_of_an_authority_is_never_trusted() -> None:
    namesake = issue("测试中级", is_authority=True)
    assert vouched(issue("冒名", namesake)).trust is not Trust.TRUSTED


def test_an_authority_with_a_key_of_sm2_on_the_list_disturbs_nobody() -> None:
    foreign = sealing.holder("root", None, sealing.Wish(authority=True))
    trust = TrustList("mixed", (foreign.certificate, ROOT.der), (MIDDLE.der, foreign.certificate))
    assert vouched(SIGNER, trust).trust is Trust.TRUSTED


def test_what_an_authority_with_a_key_of_sm2_issued_is_not_called_invalid_for_that() -> None:
    above = sealing.holder("root", None, sealing.Wish(authority=True))
    below = sealing.holder("signer", above, with_rsa=True)
    verdict = vouch(
        x509.Certificate.load(below.certificate), Evidence(), TrustList("sm2", (above.certificate,)), sealing.NOW
    )
    assert verdict.trust in {Trust.NOT_CHECKED, Trust.UNKNOWN}


# NIST PKITS 1.0.1. The anchor of the collection is not at hand, so the authorities right below it are the anchors here;
# what its tests expect of an authority itself cannot be asked then.
NIST = {
    "ValidDNnameConstraintsTest1EE": (Trust.TRUSTED, ""),
    "ValidDNnameConstraintsTest18EE": (Trust.TRUSTED, ""),
    "ValidpathLenConstraintTest8EE": (Trust.TRUSTED, ""),
    "ValidpathLenConstraintTest13EE": (Trust.TRUSTED, ""),
    "ValidpathLenConstraintTest14EE": (Trust.TRUSTED, ""),
    "ValidURInameConstraintsTest34EE": (Trust.TRUSTED, ""),
    "InvalidDNnameConstraintsTest13EE": (Trust.INVALID, "certificate-path-broken"),
    "InvalidDNandRFC822nameConstraintsTest28EE": (Trust.INVALID, "certificate-path-broken"),
    "InvalidDNandRFC822nameConstraintsTest29EE": (Trust.INVALID, "certificate-path-broken"),
    "InvaliddistributionPointTest2EE": (Trust.INVALID, "certificate-revoked"),
    "InvalidDSASignatureTest6EE": (Trust.UNKNOWN, "certificate-weak-algorithm"),
    "InvalidSeparateCertificateandCRLKeysTest21EE": (Trust.UNKNOWN, "certificate-unknown-authority"),
}


@pytest.mark.skipif(not PKITS.is_dir(), reason="needs ../shared/data/files/pyhanko-signed-pdfs")
def test_paths_of_the_nist_collection_are_judged_as_it_expects() -> None:
    files = {path.stem: path.read_bytes() for path in sorted((PKITS / "nist_pkits" / "certs").glob("*.crt"))}
    authorities = [der for name, der in files.items() if not name.endswith("EE")]
    top = [der for der in authorities if "Trust Anchor" in x509.Certificate.load(der).issuer.human_friendly]
    lists = tuple(path.read_bytes() for path in sorted((PKITS / "nist_pkits" / "crls").glob("*.crl")))
    trust = TrustList("nist", tuple(top), tuple(authorities), lists)
    for name, (expected, code) in NIST.items():
        verdict = vouch(x509.Certificate.load(files[name]), Evidence(), trust, datetime(2020, 1, 1, tzinfo=UTC))
        assert verdict.trust is expected, name
        assert code in codes(verdict) | {""}, name
