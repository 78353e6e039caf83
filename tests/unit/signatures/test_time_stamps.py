"""Time stamps of RFC 3161: the good ones prove a moment, and none of the bad ones does."""

from pathlib import Path

import pytest
from asn1crypto import pem

from archive.errors import InvalidInput
from ingest.signatures.cms import Judging, embedded_digests
from ingest.signatures.stamps import judge_answer
from ingest.signatures.types import Integrity, Judged, Trust, TrustList
from tests.unit.signatures.authority import NOW

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "files" / "rfc3161-fixtures"


def stamped(answer: str, content: bytes, chain: str | None) -> Judged:
    if not FOLDER.is_dir():
        pytest.skip("needs ../shared/data/files/rfc3161-fixtures")
    certificates: list[bytes] = []
    if chain is not None:
        certificates = [der for _, _, der in pem.unarmor((FOLDER / chain).read_bytes(), multiple=True)]
    trust = TrustList("fixtures", tuple(certificates[-1:]), tuple(certificates))
    return judge_answer((FOLDER / answer).read_bytes(), embedded_digests(content), Judging(trust, NOW))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_of_an_authority_on_the_list_proves_its_moment(digest: str) -> None:
    judged = stamped(f"sigstage/response-{digest}.tsr", b"hello", "sigstage/ts_chain.pem")
    assert judged.integrity is Integrity.VALID
    assert judged.trust is Trust.TRUSTED
    assert judged.time_proved
    assert judged.time is not None


def test_the_same_stamp_proves_nothing_where_nobody_knows_the_authority() -> None:
    judged = stamped("sigstage/response-sha256.tsr", b"hello", None)
    assert judged.integrity is Integrity.VALID
    assert judged.trust is Trust.UNKNOWN
    assert not judged.time_proved


def test_a_stamp_of_something_else_is_invalid() -> None:
    judged = stamped("sigstage/response-sha256.tsr", b"hallo", "sigstage/ts_chain.pem")
    assert judged.integrity is Integrity.INVALID
    assert not judged.time_proved


def test_a_stamp_whose_signature_was_changed_is_invalid() -> None:
    judged = stamped("sigstage/response-invalid-signature.tsr", b"hello", "sigstage/ts_chain.pem")
    assert judged.integrity is Integrity.INVALID
    assert not judged.time_proved


def test_a_stamp_without_the_certificate_of_its_maker_is_not_checked() -> None:
    judged = stamped("sigstage/response-no-embedded-cert.tsr", b"hello", None)
    assert judged.integrity is Integrity.NOT_CHECKED
    assert not judged.time_proved


def test_the_certificate_of_its_maker_may_come_from_the_list() -> None:
    judged = stamped("sigstage/response-no-embedded-cert.tsr", b"hello", "sigstage/ts_chain.pem")
    assert judged.integrity is Integrity.VALID
    assert judged.time_proved


def test_a_stamp_outlives_the_certificate_of_its_maker() -> None:
    payload = (FOLDER / "sigstore.mock" / "payload").read_bytes() if FOLDER.is_dir() else b""
    judged = stamped("sigstore.mock/response-expired.tsr", payload, "sigstore.mock/ts_chain.pem")
    assert judged.trust is Trust.TRUSTED
    assert judged.time_proved


def test_certificates_pushed_into_a_stamp_vouch_for_nobody() -> None:
    judged = stamped("test_tsa/response-injected-certs.tsr", b"hello", None)
    assert judged.trust is not Trust.TRUSTED
    assert not judged.time_proved


@pytest.mark.parametrize("answer", [b"", b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x02", b"no answer"])
def test_an_answer_without_a_stamp_is_told(answer: bytes) -> None:
    with pytest.raises(InvalidInput) as told:
        judge_answer(answer, embedded_digests(b""), Judging(TrustList("none"), NOW))
    assert told.value.code == "time-stamp-unverified"
