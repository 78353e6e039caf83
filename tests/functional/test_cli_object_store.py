"""What the doctor says of an object store."""

from pathlib import Path

import pytest

from tests.functional.command_line import called
from tests.services import service_url
from tests.small_store import PoorStore


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.blobs.conformance.suite.LONGEST_SECONDS", -1)


@pytest.mark.services
def test_the_doctor_shows_each_capability_of_the_real_server(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_BLOBS_URL", f"{service_url('minio')}/doctored")
    monkeypatch.setenv("ARCHIVE_BLOBS_RETENTION_DAYS", "30")
    ran = called("doctor", "--object-store", "--home", empty_home, "--json")
    assert (ran.code, ran.value["fine"]) == (0, True), ran.err
    report = ran.value["object_store"]
    assert (report["fine"], report["left"]) == (True, [])
    assert {check["result"] for check in report["checks"]} == {"pass"}
    assert {"code", "name", "result", "required", "evidence", "instead"} == set(report["checks"][0])


@pytest.mark.slow
@pytest.mark.usefixtures("_no_waiting")
def test_the_doctor_fails_a_service_that_lacks_what_the_archive_needs(
    empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PoorStore() as store:
        monkeypatch.setenv("ARCHIVE_BLOBS_URL", store.url)
        ran = called("doctor", "--object-store", "--home", empty_home)
    assert ran.code == 1
    assert "store-multipart" in ran.out
    assert "缺少此能力，档案馆不能使用该对象存储" in ran.out
    assert "unknown" not in ran.out + ran.err


def test_the_doctor_says_of_a_folder_that_these_checks_are_not_for_it(empty_home: Path) -> None:
    ran = called("doctor", "--object-store", "--home", empty_home, "--json")
    assert (ran.code, ran.value["error"]["code"]) == (1, "store-not-s3")
