"""Checks of packages and of the system, and the items that persons and services answer."""

import tomllib
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources

import pytest

from archive.messages import catalogue
from ingest.checks.engine import run_checks
from ingest.checks.package import number_of
from ingest.checks.registry import Means, checks_of
from ingest.checks.subjects import Answer, CheckedPackage, CheckedSystem, DatabaseState, RestoreDrill, ScannerState
from ingest.checks.types import CheckResult, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.packages.types import Finding, Kind, PackageReport, Severity
from tests.unit.checks.volumes import NOW

PASS, FAIL, NOT_CHECKED, NOT_APPLICABLE = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.NOT_APPLICABLE
NOTHING = Means((), "*")
SYSTEM = CheckedSystem(
    now=NOW,
    database=DatabaseState(reachable=True, version="sqlite 3", rows=1),
    scanner=ScannerState(answers=True, engine="试验引擎", definitions="7", definitions_date=NOW.date()),
    environment={"operating-system": "x", "machine": "x", "python": "3.11", "database": "3"},
    restore_drill=RestoreDrill(NOW, succeeded=True),
)


def package(*findings: tuple[str, Severity], kind: Kind = Kind.BAGIT) -> CheckedPackage:
    report = PackageReport(kind, "1.0", tuple(Finding(code, severity, "data/x") for code, severity in findings))
    return CheckedPackage("pkg_1", report, NOW, 2, 20, 2, 20)


def of_package(checked: CheckedPackage, phase: Phase = Phase.FILING) -> dict[str, CheckResult]:
    results = run_checks(checks_of(phase, SubjectKind.PACKAGE, NOTHING), checked)
    return {one.code: _spoken(one) for one in results}


def of_system(checked: CheckedSystem, phase: Phase = Phase.FILING) -> dict[str, CheckResult]:
    results = run_checks(checks_of(phase, SubjectKind.SYSTEM, NOTHING), checked)
    return {one.code: _spoken(one) for one in results}


def _spoken(result: CheckResult) -> CheckResult:
    assert (result.reason_code is None) is (result.outcome is PASS)
    assert result.reason_code is None or result.reason_code in catalogue()
    return result


def codes(results: dict[str, CheckResult], outcome: Outcome) -> set[str]:
    return {code for code, one in results.items() if one.outcome is outcome}


@pytest.mark.parametrize(("phase", "prefix"), [(Phase.FILING, "GD"), (Phase.TRANSFER, "YJ")])
def test_a_sound_package_passes_and_has_no_carrier(phase: Phase, prefix: str) -> None:
    found = of_package(package(), phase)
    numbers = ("1-12", "1-13", "1-14", "2-1", "2-2", "2-10", "2-11", "3-1", "3-7", "3-8")
    assert codes(found, PASS) == {f"{prefix}-{number}" for number in numbers}
    assert codes(found, NOT_APPLICABLE) == {f"{prefix}-4-{number}" for number in (3, 4, 5, 6)}


@pytest.mark.parametrize(
    ("code", "failing"),
    [
        ("bag-declaration", "GD-1-12"),
        ("manifest-path-unsafe", "GD-1-13"),
        ("manifest-digest-differs", "GD-1-14"),
        ("package-count-differs", "GD-2-1"),
        ("bag-oxum", "GD-2-2"),
        ("mets-element-missing", "GD-2-10"),
        ("bag-incomplete", "GD-2-11"),
        ("package-xml", "GD-3-1"),
    ],
)
def test_a_finding_fails_the_item_that_it_speaks_to_and_no_other(code: str, failing: str) -> None:
    found = of_package(package((code, Severity.ERROR)))
    assert codes(found, FAIL) == {failing}
    assert found[failing].params["codes"] == code
    assert codes(of_package(package((code, Severity.WARNING))), FAIL) == set()


@pytest.mark.parametrize(("code", "failing"), [("file-damaged", "GD-3-7"), ("zip-bomb", "GD-3-8"), ("new", "GD-3-7")])
def test_nothing_passes_on_the_strength_of_a_package_that_did_not_open(code: str, failing: str) -> None:
    found = of_package(package((code, Severity.ERROR)))
    assert codes(found, FAIL) == {failing}
    assert codes(found, PASS) <= {"GD-3-7", "GD-3-8"}


def test_what_was_not_validated_or_is_of_no_known_kind_passes_nothing() -> None:
    assert codes(of_package(replace(package(), report=None)), PASS) == set()
    unknown = of_package(package(("package-kind-unknown", Severity.ERROR), kind=Kind.UNKNOWN))
    assert codes(unknown, PASS) == set()
    assert codes(unknown, FAIL) == {"GD-3-7"}


def test_what_the_validation_left_out_is_not_checked() -> None:
    found = of_package(package(("eep-signature-not-checked", Severity.INFO)))
    assert codes(found, NOT_CHECKED) == {"GD-1-14"}


def test_announced_amounts_are_compared_and_missing_ones_are_not_made_up() -> None:
    assert codes(of_package(replace(package(), received_items=1, received_bytes=19)), FAIL) == {"GD-2-1", "GD-2-2"}
    unknown = replace(package(), registered_items=None, registered_bytes=None)
    assert codes(of_package(unknown), NOT_CHECKED) == {"GD-2-1", "GD-2-2"}


def test_a_carrier_is_looked_at_by_a_person_and_listed() -> None:
    carried = replace(package(), carrier="光盘", surplus=("Thumbs.db",))
    found = of_package(carried)
    assert codes(found, FAIL) == {"GD-4-3"}
    assert codes(found, NOT_CHECKED) == {"GD-4-4", "GD-4-5", "GD-4-6"}
    assert codes(of_package(replace(carried, surplus=())), FAIL) == set()
    assert of_package(replace(carried, surplus=None))["GD-4-3"].reason_code == "carrier-not-listed"


def test_every_code_that_is_sorted_is_one_of_the_catalogue() -> None:
    text = resources.files("ingest.checks.data").joinpath("package_codes.toml").read_text(encoding="utf-8")
    listed = [code for codes in tomllib.loads(text)["codes"].values() for code in codes]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(catalogue())
    assert {number_of(code) for code in listed} <= {
        *("1-12", "1-13", "1-14", "2-1", "2-2", "2-10", "2-11", "3-1", "3-7", "3-8"),
    }


def test_a_sound_system_waits_only_for_persons_and_services() -> None:
    assert codes(of_system(SYSTEM), NOT_CHECKED) == {"GD-4-7"}
    assert codes(of_system(SYSTEM), PASS) == {"GD-3-2", "GD-3-6", "GD-4-1"}
    kept = of_system(SYSTEM, Phase.KEEPING)
    assert codes(kept, PASS) == {"CQ-3-4", "CQ-3-5"}
    assert {code: kept[code].reason_code for code in sorted(codes(kept, NOT_CHECKED))} == {
        "CQ-4-2": "awaits-service",
        "CQ-4-3": "awaits-person",
        "CQ-4-4": "awaits-person",
        "CQ-4-5": "awaits-person",
    }


@pytest.mark.parametrize(
    ("changes", "code", "outcome", "reason"),
    [
        ({"database": None}, "GD-3-2", NOT_CHECKED, "database-not-asked"),
        ({"database": DatabaseState(reachable=False)}, "GD-3-2", FAIL, "database-silent"),
        ({"environment": {}}, "GD-3-6", NOT_CHECKED, "environment-not-recorded"),
        ({"environment": {**SYSTEM.environment, "av": ""}}, "GD-3-6", FAIL, "environment-missing"),
        ({"scanner": None}, "GD-4-1", FAIL, "virus-scanner-absent"),
        ({"scanner": ScannerState(answers=False)}, "GD-4-1", NOT_CHECKED, "virus-scanner-no-answer"),
        ({"scanner": ScannerState(answers=True)}, "GD-4-1", NOT_CHECKED, "virus-definitions-undated"),
        (
            {"scanner": ScannerState(answers=True, definitions_date=date(2031, 3, 24))},
            "GD-4-1",
            FAIL,
            "virus-definitions-old",
        ),
    ],
)
def test_what_is_wrong_with_the_system_is_told(
    changes: dict[str, object], code: str, outcome: Outcome, reason: str
) -> None:
    found = of_system(replace(SYSTEM, **changes))[code]  # type: ignore[arg-type]  # fields by name
    assert (found.outcome, found.reason_code) == (outcome, reason)


@pytest.mark.parametrize(
    ("drill", "reason"),
    [
        (None, "awaits-service"),
        (RestoreDrill(NOW, succeeded=False), "restore-drill-failed"),
        (RestoreDrill(NOW - timedelta(days=367), succeeded=True), "restore-drill-old"),
    ],
)
def test_a_backup_counts_only_when_it_was_restored_lately(drill: RestoreDrill | None, reason: str) -> None:
    assert of_system(replace(SYSTEM, restore_drill=drill), Phase.KEEPING)["CQ-3-5"].reason_code == reason


@pytest.mark.parametrize(
    ("outcome", "reason"), [(PASS, None), (FAIL, "answered-no"), (NOT_APPLICABLE, "answered-not-applicable")]
)
def test_an_answer_becomes_the_outcome_with_who_gave_it(outcome: Outcome, reason: str | None) -> None:
    answers = {code: Answer(outcome, "acc_1", NOW, "见记录") for code in ("GD-4-7",)}
    found = of_system(replace(SYSTEM, answers=answers))["GD-4-7"]
    assert (found.outcome, found.reason_code) == (outcome, reason)
    assert found.evidence == {"actor": "acc_1", "at": NOW.isoformat(), "note": "见记录"}


def test_an_answer_that_says_nothing_is_no_answer() -> None:
    answers = {"GD-4-7": Answer(NOT_CHECKED, "acc_1", NOW)}
    assert of_system(replace(SYSTEM, answers=answers))["GD-4-7"].reason_code == "awaits-person"


def test_checks_come_in_the_order_of_their_numbers() -> None:
    for phase in Phase:
        for found in (list(of_system(SYSTEM, phase)), list(of_package(package(), phase))):
            assert found == sorted(found, key=_place)


def _place(code: str) -> list[int]:
    return [int(part) for part in code.split("-")[1:]]
