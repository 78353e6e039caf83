"""`juanzong package validate`: one JSON value, exit 0 for a valid package and 1 for any other."""

import re
from pathlib import Path

import pytest

from ingest.packages.bounded import validate
from ingest.packages.types import Kind
from tests.functional.command_line import called
from tests.unit.packages.making import SOUND, bag, dat93, laid, zipped


@pytest.mark.parametrize("kind", SOUND)
def test_a_valid_package_of_every_kind_ends_well(kind: str, tmp_path: Path) -> None:
    ran = called("package", "validate", zipped(SOUND[kind](), tmp_path / "package.zip"), "--json")

    assert ran.code == 0, ran.err
    assert (ran.value["kind"], ran.value["valid"]) == (kind, True)
    assert list(ran.value) == ["kind", "version", "valid", "findings", "checks"]


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_package_fails_no_check_and_passes_none_that_nothing_could_decide(kind: str, tmp_path: Path) -> None:
    ran = called("package", "validate", zipped(SOUND[kind](), tmp_path / "package.zip"), "--json")

    prefix = "YJ" if kind == "dat93" else "GD"
    outcomes = {check["code"]: (check["outcome"], check["reason"]) for check in ran.value["checks"]}
    assert all(list(check) == ["code", "nature", "outcome", "reason"] for check in ran.value["checks"])
    assert all(code.startswith(prefix) for code in outcomes)
    assert "fail" not in {outcome for outcome, _ in outcomes.values()}
    assert outcomes[f"{prefix}-2-1"] == outcomes[f"{prefix}-2-2"] == ("not_checked", "nothing-registered")
    assert outcomes[f"{prefix}-4-3"] == ("not_applicable", "no-carrier")
    assert outcomes[f"{prefix}-3-7"] == ("pass", None)


def test_what_is_found_in_a_package_fails_the_check_that_it_speaks_to(tmp_path: Path) -> None:
    files = {**bag(), "data/公告.txt": b"1", "data/more.txt": b"1"}

    ran = called("package", "validate", laid(files, tmp_path), "--json")

    failed = {check["code"] for check in ran.value["checks"] if check["outcome"] == "fail"}
    assert failed == {"GD-1-14", "GD-2-2", "GD-2-11"}


def test_no_check_passes_over_files_that_nobody_compared(tmp_path: Path) -> None:
    digests = "校验码"
    undeclared = {**bag(), "bagit.txt": b"no bag"}
    unlisted = {name: data for name, data in bag().items() if "manifest-" not in name}
    unparsed = {name: b"<" if name.endswith("元数据.xml") else data for name, data in dat93().items()}
    undigested = {name: re.sub(f"({digests}[^>]*>)[^<]*".encode(), rb"\1", data) for name, data in dat93().items()}

    for number, files in enumerate((undeclared, unlisted, unparsed, undigested)):
        ran = called("package", "validate", laid(files, tmp_path / str(number)), "--json")
        outcomes = {check["code"][3:]: check["outcome"] for check in ran.value["checks"]}
        assert outcomes["1-14"] == "not_checked"


def test_a_package_that_breaks_a_bound_is_told_of_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.packages.bounded._SECONDS", 0)

    report = validate(laid(bag(), tmp_path))

    assert (report.kind, report.valid) == (Kind.UNKNOWN, False)
    assert [finding.code for finding in report.findings] == ["reading-too-long"]


def test_every_finding_is_told_by_code_and_place(tmp_path: Path) -> None:
    files = {**bag(), "data/公告.txt": b"1", "data/more.txt": b"1"}

    ran = called("package", "validate", laid(files, tmp_path), "--json")

    assert ran.code == 1
    assert ran.value["version"] == "1.0"
    assert {(finding["code"], finding["path"]) for finding in ran.value["findings"]} == {
        ("bag-unlisted", "data/more.txt"),
        ("bag-oxum", "bag-info.txt"),
        ("manifest-digest-differs", "data/公告.txt"),
    }
    assert all(list(finding) == ["code", "severity", "message", "path"] for finding in ran.value["findings"])


def test_what_is_not_there_and_what_is_no_package_is_unknown_and_fails(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"1")
    for path, code in ((tmp_path / "nothing", "package-path-missing"), (tmp_path / "x.bin", "package-kind-unknown")):
        ran = called("package", "validate", path, "--json")
        assert (ran.code, ran.value["kind"], ran.value["valid"]) == (1, "unknown", False)
        assert [finding["code"] for finding in ran.value["findings"]] == [code]


def test_people_read_the_verdict_and_each_finding_in_both_languages(tmp_path: Path) -> None:
    ran = called("package", "validate", laid({**bag(), "data/more.txt": b"1"}, tmp_path))

    assert ran.code == 1
    assert "无效 not valid" in ran.out
    assert "bag-unlisted data/more.txt" in ran.out
    assert "没有列入载荷清单" in ran.out
    assert "is missing from a manifest" in ran.out
    assert "四性检测 checks" in ran.out
    assert "GD-2-11" in ran.out
