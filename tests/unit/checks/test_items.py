"""The items of the standard: all of them are there, and each has somebody who answers it."""

import pytest

from archive.errors import NotFound
from archive.messages import catalogue, render
from ingest.checks.engine import build_checks
from ingest.checks.gate import default_policy
from ingest.checks.items import Way, _read, item_of, items, items_of
from ingest.checks.registry import Means, checks_of
from ingest.checks.types import Nature, Phase, SubjectKind
from ingest.formats.policy import default_format_policy

COUNTS = {"GD": (14, 11, 8, 7), "YJ": (14, 11, 8, 7)}
KEEPING = ("1-1", "1-2", "1-3", "1-4", "1-5", "2-1", "2-2", "2-3", "2-4", "3-1", "3-2", "3-3", "3-4", "3-5")
SECURED = ("4-1", "4-2", "4-3", "4-4", "4-5")
NATURES = dict(zip("1234", Nature, strict=True))


def means() -> Means:
    return Means(build_checks(default_policy(), default_format_policy()), "*")


def answering(phase: Phase, subject: SubjectKind) -> list[tuple[str, Nature]]:
    """What answers in one phase; told apart by kind because each kind has checks of its own type."""
    if subject is SubjectKind.ITEM:
        return [(check.code, check.nature) for check in checks_of(phase, SubjectKind.ITEM, means())]
    if subject is SubjectKind.VOLUME:
        return [(check.code, check.nature) for check in checks_of(phase, SubjectKind.VOLUME, means())]
    if subject is SubjectKind.PACKAGE:
        return [(check.code, check.nature) for check in checks_of(phase, SubjectKind.PACKAGE, means())]
    return [(check.code, check.nature) for check in checks_of(phase, SubjectKind.SYSTEM, means())]


def test_all_ninety_nine_items_of_the_standard_exist() -> None:
    expected = {
        f"{prefix}-{group}-{number}"
        for prefix, counts in COUNTS.items()
        for group, count in enumerate(counts, start=1)
        for number in range(1, count + 1)
    } | {f"CQ-{number}" for number in (*KEEPING, *SECURED)}
    assert len(expected) == 99
    assert {code for code in items() if not code.startswith("JZ-")} == expected


def test_every_item_says_what_it_is_for_and_has_a_name_in_both_languages() -> None:
    for code, item in items().items():
        assert all((item.group, item.object, item.purpose, item.basis, item.certainty, item.subjects)), code
        assert item.nature is NATURES[code.split("-")[1]]
        assert (item.service != "") is (item.way is Way.SERVICE)
        assert render(code, {}, "zh") != code
        assert render(code, {}, "en") != code


def test_every_item_is_answered_in_every_subject_that_it_is_looked_for_in() -> None:
    for phase in Phase:
        for subject in SubjectKind:
            found = {code for code, _ in answering(phase, subject)}
            wanted = {item.code for item in items_of(phase, subject)}
            assert wanted <= found, (phase, subject, wanted - found)


def test_nothing_answers_for_an_item_that_is_not_on_the_list_or_of_another_nature() -> None:
    for phase in Phase:
        for subject in SubjectKind:
            found = answering(phase, subject)
            assert all(item_of(code).nature is nature for code, nature in found)
            assert all(item_of(code).phase is phase for code, _ in found)
            assert len({code for code, _ in found}) == len(found)


def test_items_of_persons_and_services_are_known_as_such() -> None:
    manual = {code for code, item in items().items() if item.way is not Way.AUTOMATIC}
    carriers = {f"{prefix}-4-{number}" for prefix in ("GD", "YJ") for number in (4, 5, 6, 7)}
    assert manual == carriers | {"CQ-3-5", "CQ-4-2", "CQ-4-3", "CQ-4-4", "CQ-4-5"}
    assert {item_of(code).service for code in ("CQ-3-5", "CQ-4-2")} == {"backup-drill", "vulnerability-scan"}


def test_what_is_not_known_for_certain_says_so() -> None:
    assert item_of("GD-1-2").certainty == "seen high"
    assert item_of("GD-1-9").certainty == "known low"
    assert {item.certainty for code, item in items().items() if code.startswith("YJ-")} == {"carried over"}
    assert {item.certainty for code, item in items().items() if code.startswith("CQ-")} == {
        "content medium, number low"
    }


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(NotFound) as caught:
        item_of("GD-9-9")
    assert caught.value.code == "check-unknown"
    assert "check-unknown" in catalogue()


def test_no_item_is_written_down_twice() -> None:
    rows = [item.code for item in _read()]
    assert len(rows) == len(set(rows)) == len(items())
