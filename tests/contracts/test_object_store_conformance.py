"""The suite for object stores says of each what is so: of a real server, of one that lacks much, of one that lies."""

import secrets

import pytest

from archive.blobs.conformance.suite import CHECKS, examine
from archive.blobs.conformance.types import Finding, Report
from archive.blobs.s3.address import parse_address
from archive.clock import SystemClock
from archive.errors import ArchiveError, InvalidInput, Unavailable
from archive.messages import catalogue
from tests.buckets import library
from tests.services import service_url
from tests.small_store import LyingStore, PoorStore, SmallRightsStore

LOCKS = {
    "store-versioning",
    "store-lock-bucket",
    "store-retention",
    "store-retention-in-parts",
    "store-retention-refuses",
    "store-retention-firm",
    "store-hold-refuses",
}


@pytest.fixture(autouse=True)
def _no_waiting_for_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("services") is None:
        # A stand-in locks nothing.
        monkeypatch.setattr("archive.blobs.conformance.suite.LONGEST_SECONDS", -1)


def examined(url: str, retention_days: int = 0) -> tuple[Report, dict[str, Finding]]:
    seen: list[Finding] = []
    report = examine(url, retention_days, SystemClock(), seen.append)
    assert tuple(seen) == report.findings
    assert [finding.code for finding in seen] == [check.code for check in CHECKS]
    return report, {finding.code: finding for finding in seen}


def buckets(url: str) -> list[str]:
    return [bucket.name for bucket in library(f"{url}/given").list_buckets()]


def results(findings: dict[str, Finding]) -> dict[str, str]:
    return {code: str(finding.result) for code, finding in findings.items()}


@pytest.mark.services
def test_the_real_server_passes_in_everything_and_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    url = service_url("minio")
    mark = secrets.token_hex(8)
    monkeypatch.setattr("archive.blobs.conformance.suite.secrets.token_hex", lambda size: mark[: 2 * size])
    report, findings = examined(f"{url}/given", retention_days=1)
    assert results(findings) == {check.code: "pass" for check in CHECKS}
    assert report.sound
    assert report.left == ()
    # Others may be at work on the same server: only what bears the mark is the suite's.
    assert [name for name in buckets(url) if mark[:12] in name or name == "given"] == []
    assert "1100 keys in 2 pages, in order" in findings["store-listing"].evidence
    assert "the object is still there" in findings["store-retention-refuses"].evidence


def test_every_check_has_its_words() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes)) > 25
    assert {check.code for check in CHECKS} | {check.instead for check in CHECKS} <= set(catalogue())


@pytest.mark.slow
def test_what_a_poor_service_lacks_is_absent_and_what_it_does_wrong_fails() -> None:
    with PoorStore() as store:
        report, findings = examined(store.url)
        assert list(store.buckets) == ["given"]
    assert results(findings) == {
        "store-round-trip": "pass",
        "store-empty-object": "pass",
        "store-range-read": "absent",
        "store-head": "pass",
        "store-missing": "fail",
        "store-error-shape": "absent",
        "store-listing": "fail",
        "store-read-after-write": "pass",
        "store-list-after-write": "pass",
        "store-delete": "fail",
        "store-utf8-keys": "pass",
        "store-overwrite": "pass",
        "store-concurrent-puts": "pass",
        "store-checksum": "fail",
        "store-checksum-header": "absent",
        "store-write-once": "absent",
        "store-private": "fail",
        "store-presigned": "pass",
        "store-multipart": "absent",
        "store-multipart-abort": "absent",
        "store-multipart-listing": "absent",
        "store-multipart-once": "absent",
        "store-part-copy": "absent",
        "store-copy": "fail",
        "store-versioning": "absent",
        "store-lock-bucket": "absent",
        "store-retention": "absent",
        "store-retention-in-parts": "absent",
        "store-retention-refuses": "fail",
        "store-retention-firm": "absent",
        "store-hold-refuses": "absent",
    }
    assert not any(findings[code].required for code in LOCKS)
    assert not report.sound
    assert findings["store-missing"].evidence == "HEAD: HTTP 500; GET: HTTP 500; HTTP 404 expected"
    assert "not in order" in findings["store-listing"].evidence
    assert "no answer" in findings["store-copy"].evidence


@pytest.mark.slow
def test_a_service_that_says_it_locks_and_removes_all_the_same_is_found_out() -> None:
    with LyingStore() as store:
        report, findings = examined(store.url, retention_days=1)
    assert {code: result for code, result in results(findings).items() if code in LOCKS} == {
        "store-versioning": "fail",
        "store-lock-bucket": "pass",
        "store-retention": "pass",
        "store-retention-in-parts": "absent",
        "store-retention-refuses": "fail",
        "store-retention-firm": "fail",
        "store-hold-refuses": "fail",
    }
    assert "the lock did not hold" in findings["store-retention-refuses"].evidence
    assert "the lock did not hold" in findings["store-hold-refuses"].evidence
    assert all(findings[code].required for code in LOCKS)
    assert not report.sound


@pytest.mark.slow
def test_where_no_bucket_may_be_made_the_given_one_is_used_and_locks_are_not_called_anything() -> None:
    with SmallRightsStore() as store:
        store.buckets["given"]["ours"] = b"stays"
        report, findings = examined(store.url, retention_days=1)
        assert store.buckets == {"given": {"ours": b"stays"}}
    assert report.left == ()
    assert findings["store-round-trip"].result == "pass"
    assert {findings[code].evidence for code in LOCKS} == {"not checked: no bucket could be made for it"}
    assert {findings[code].result for code in LOCKS} == {"absent"}
    # What was not looked at does not count where it is needed.
    assert all(findings[code].required for code in LOCKS)
    assert not report.sound


def test_a_service_without_the_bucket_and_without_the_right_to_make_one_is_said() -> None:
    with SmallRightsStore() as store, pytest.raises(Unavailable) as caught:
        examined(store.url.replace("/given", "/other"))
    assert caught.value.code == "blob-store-no-bucket"


def test_keys_that_are_refused_are_said() -> None:
    with PoorStore() as store, pytest.raises(ArchiveError) as caught:
        examined(store.url.replace("archive:", "nobody:"))
    assert caught.value.code == "blob-store-refused"


def test_a_service_that_is_not_there_is_said() -> None:
    with pytest.raises(Unavailable):
        examined("s3+http://archive:unknown@127.0.0.1:9/given")


def test_a_folder_is_no_object_store() -> None:
    with pytest.raises(InvalidInput) as caught:
        examined("file:///var/lib/juanzong/blobs")
    assert caught.value.code == "store-not-s3"


@pytest.mark.services
def test_the_address_of_the_real_server_is_shown_without_its_keys() -> None:
    address = parse_address(f"{service_url('minio')}/given")
    assert address.place == f"{address.endpoint}/given"
    assert address.secret_key not in repr(address)
