"""Checks of a whole volume: numbers, amounts, history, scope, and its items once more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from archive.messages import catalogue
from ingest.checks.authenticity import Consistency
from ingest.checks.engine import build_checks, run_checks
from ingest.checks.gate import default_policy
from ingest.checks.registry import Means, checks_of
from ingest.checks.subjects import Act, CheckedVolume
from ingest.checks.types import CheckOf, Finding, Phase, SubjectKind
from ingest.checks.volume_contents import EveryItem, FilingScope, ProcessHistory
from ingest.checks.volume_kept import Sealed, spread
from ingest.checks.volume_numbers import NumberOfBytes, NumberOfItems, ReferenceCodes, RunningNumbers
from ingest.formats.policy import default_format_policy
from ingest.outcomes import Outcome
from tests.unit.checks.volumes import NOW, REFERENCE, SOUND, acts, said, volume

PASS, FAIL, NOT_CHECKED, NOT_APPLICABLE = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.NOT_APPLICABLE
Spoil = Callable[[CheckedVolume], CheckedVolume]


def only(check: CheckOf[CheckedVolume], checked: CheckedVolume) -> Finding:
    (finding,) = check.run(checked)
    assert finding.reason_code is None or finding.reason_code in catalogue()
    return finding


def spoilt(place: int, /, **values: Any) -> Spoil:
    """One member changed."""

    def change(checked: CheckedVolume) -> CheckedVolume:
        members = list(checked.members)
        members[place] = replace(members[place], **values)
        return replace(checked, members=tuple(members))

    return change


def changed(**values: Any) -> Spoil:
    return lambda checked: replace(checked, **values)


def every(phase: Phase) -> tuple[CheckOf[CheckedVolume], ...]:
    return checks_of(phase, SubjectKind.VOLUME, Means(build_checks(default_policy(), default_format_policy()), "*"))


def test_a_sound_volume_passes_everything_at_filing() -> None:
    results = run_checks(every(Phase.FILING), volume())
    assert [(one.code, one.outcome) for one in results] == [
        (code, PASS) for code in ("GD-1-7", "GD-2-1", "GD-2-2", "GD-2-5", "GD-2-6", "GD-2-9")
    ]
    assert all(one.evidence and one.phase is Phase.FILING for one in results)


def test_a_sound_volume_fails_nothing_at_transfer_and_in_keeping() -> None:
    for phase in (Phase.TRANSFER, Phase.KEEPING):
        results = run_checks(every(phase), volume())
        failing = {one.code for one in results if one.outcome is FAIL}
        assert failing == set(), failing
        assert {one.phase for one in results} == {phase}


def test_no_check_of_ours_answers_for_a_number_of_the_standard() -> None:
    results = {one.code: one for one in run_checks(every(Phase.TRANSFER), volume())}
    # JZ-4-2 finds nothing concealed; whether there is a virus nobody has looked.
    assert (results["YJ-4-2"].outcome, results["YJ-4-2"].reason_code) == (NOT_CHECKED, "no-virus-scanner")


@pytest.mark.parametrize(
    ("check", "spoil", "outcome", "reason"),
    [
        (ReferenceCodes(), changed(reference_code=None), NOT_CHECKED, "not-numbered"),
        (ReferenceCodes(), changed(reference_code="Z002-ZY-1"), FAIL, "reference-malformed"),
        (ReferenceCodes(), changed(reference_code=f"{REFERENCE}-0001"), FAIL, "reference-malformed"),
        (ReferenceCodes(), changed(expected={"region": "370200"}), FAIL, "reference-segment"),
        (ReferenceCodes(), spoilt(1, reference_code=f"{REFERENCE}-0009"), FAIL, "reference-malformed"),
        (ReferenceCodes(), spoilt(1, reference_code=None), NOT_CHECKED, "not-numbered"),
        (ReferenceCodes(), spoilt(1, number=0), FAIL, "reference-malformed"),
        (RunningNumbers(), spoilt(1, number=3), FAIL, "numbers-not-continuous"),
        (RunningNumbers(), spoilt(0, number=7), FAIL, "numbers-not-continuous"),
        (RunningNumbers(), spoilt(2, number=None), FAIL, "numbers-not-continuous"),
        (RunningNumbers(), changed(members=()), FAIL, "volume-empty"),
        (NumberOfItems(), changed(registered_items=4), FAIL, "items-differ"),
        (NumberOfItems(), changed(registered_items=None), NOT_CHECKED, "nothing-registered"),
        (NumberOfBytes(), changed(registered_bytes=1), FAIL, "bytes-differ"),
        (NumberOfBytes(), changed(registered_bytes=None), NOT_CHECKED, "nothing-registered"),
        (NumberOfBytes(), spoilt(1, stored=0), FAIL, "bytes-differ"),
        (NumberOfBytes(), spoilt(1, stored=None), NOT_CHECKED, "bytes-not-counted"),
        (ProcessHistory(), spoilt(1, history=acts("record.captured")), FAIL, "history-incomplete"),
        (ProcessHistory(), spoilt(1, history=()), FAIL, "history-incomplete"),
        (ProcessHistory(), spoilt(1, filed=True), FAIL, "history-incomplete"),
        (ProcessHistory(), changed(members=()), NOT_APPLICABLE, "volume-empty"),
        (FilingScope("*"), changed(present=frozenset()), FAIL, "scope-incomplete"),
        (FilingScope("*"), changed(required=None), NOT_CHECKED, "scope-without-rule"),
        (Sealed("CQ-1-5", ReferenceCodes.nature, with_content=False), changed(sealed=None), NOT_CHECKED, "not-sealed"),
        (Sealed("CQ-1-5", ReferenceCodes.nature, with_content=False), changed(sealed=("x",)), FAIL, "seal-differs"),
        (
            Sealed("CQ-2-4", NumberOfItems.nature, with_content=True),
            spoilt(0, files=0),
            FAIL,
            "items-without-content",
        ),
        (
            Sealed("CQ-2-4", NumberOfItems.nature, with_content=True),
            spoilt(0, stored=None),
            NOT_CHECKED,
            "bytes-not-counted",
        ),
    ],
)
def test_what_is_wrong_with_a_volume_is_told(
    check: CheckOf[CheckedVolume], spoil: Spoil, outcome: Outcome, reason: str
) -> None:
    finding = only(check, spoil(volume()))
    assert (finding.outcome, finding.reason_code) == (outcome, reason)


def test_bytes_that_outweigh_each_other_are_still_found() -> None:
    swapped = spoilt(0, stored=200)(spoilt(1, stored=100)(volume()))
    assert only(NumberOfBytes(), swapped).reason_code == "bytes-differ"


def test_an_act_without_a_name_or_a_moment_does_not_count() -> None:
    for broken in (Act("record.checked", "", NOW), Act("record.checked", "system", None)):
        history = (*acts("record.captured", "record.classified", "record.placed"), broken)
        assert only(ProcessHistory(), spoilt(0, history=history)(volume())).outcome is FAIL


def test_what_the_source_took_back_may_end_early_but_must_have_come_in() -> None:
    assert only(ProcessHistory(), spoilt(0, withdrawn=True, history=acts("record.captured"))(volume())).outcome is PASS
    assert only(ProcessHistory(), spoilt(0, withdrawn=True, history=())(volume())).outcome is FAIL


def test_a_gap_that_a_person_declared_is_no_gap() -> None:
    declared = changed(present=frozenset(), declared=frozenset({"ZC.02.01"}))(volume())
    assert only(FilingScope("*"), declared).outcome is PASS
    without_rule = changed(required=None, declared=frozenset({"*"}))(volume())
    assert only(FilingScope("*"), without_rule).outcome is PASS


def test_items_that_were_not_loaded_are_not_checked_even_beside_good_ones() -> None:
    finding = only(EveryItem(Consistency()), spoilt(1, item=None)(volume()))
    assert (finding.outcome, finding.reason_code) == (NOT_CHECKED, "item-not-loaded")
    assert finding.evidence["outcomes"] == {"pass": 4, "fail": 0, "not_applicable": 0, "not_checked": 1}


def test_one_bad_item_spoils_the_whole_and_is_named() -> None:
    broken = said(replace(SOUND, components=(replace(SOUND.components[0], sha256="0" * 64),)))
    finding = only(EveryItem(Consistency()), spoilt(2, item=broken)(spoilt(1, item=None)(volume())))
    assert (finding.outcome, finding.reason_code) == (FAIL, "digest-differs")
    told = finding.evidence["worst"]
    assert isinstance(told, list)
    assert [dict(one)["record"] for one in told] == ["rec_2", "rec_3"]


def test_a_sample_holds_both_ends_and_no_more_than_asked() -> None:
    members = volume(50).members
    sample = spread(members, 20)
    assert len({one.id for one in sample}) == len(sample) == 20
    assert (sample[0], sample[-1]) == (members[0], members[-1])
    assert spread(members[:3], 20) == members[:3]
