"""Take any check away, break it, make it unavailable or silent: nothing passes the gate that needed it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from archive.errors import Unavailable
from ingest.checks.engine import build_checks, run_checks
from ingest.checks.gate import Action, Cover, Ruling, default_policy, gate
from ingest.checks.registry import Means, checks_of
from ingest.checks.types import Checked, CheckOf, CheckResult, Finding, Nature, Phase, SubjectKind, not_checked
from ingest.formats.policy import default_format_policy
from tests.unit.checks.items import item
from tests.unit.checks.volumes import volume

SubjectT = TypeVar("SubjectT")


@dataclass(frozen=True)
class Broken:
    """A check that was disabled: it has the number and says nothing good."""

    code: str
    nature: Nature
    fault: str
    version: str = "1"

    def run(self, subject: object, /) -> Iterator[Finding]:
        if self.fault == "crashed":
            raise RuntimeError
        if self.fault == "unavailable":
            raise Unavailable("blob-store-unavailable", path="x", detail="x")
        if self.fault == "not checked":
            parts = subject.components if isinstance(subject, Checked) else ()
            yield from (not_checked("not-read", part) for part in (None, *(one.id for one in parts)))


ITEM = item()
FILING = build_checks(default_policy(), default_format_policy())
VOLUME = checks_of(Phase.FILING, SubjectKind.VOLUME, Means(FILING, "*"))
FAULTS = ("removed", "crashed", "unavailable", "not checked", "silent")
# What follows from a single reason is a choice of the centre; the question here is what the rule itself demands.
STRICT = replace(
    default_policy(),
    rules={code: replace(rule, reasons={}, not_checked=None) for code, rule in default_policy().rules.items()},
)


def needed(*covers: Cover) -> list[str]:
    """The checks that the shipped policy blocks or asks upon at filing, for one kind of subject."""
    return [
        code
        for code, rule in default_policy().rules.items()
        if rule.phase is Phase.FILING and rule.covers & set(covers) and rule.action is not Action.WARN
    ]


def disabled(checks: Sequence[CheckOf[SubjectT]], code: str, fault: str) -> list[CheckOf[SubjectT]]:
    """The checks with one of them disabled."""
    assert code in {check.code for check in checks}
    return [
        Broken(check.code, check.nature, fault) if check.code == code else check
        for check in checks
        if check.code != code or fault != "removed"
    ]


def ruling(results: Sequence[CheckResult], subject: SubjectKind) -> tuple[Ruling, set[str]]:
    parts = [part.id for part in ITEM.components] if subject is SubjectKind.ITEM else []
    found = gate(results, STRICT, parts, subject)
    return found.ruling, {one.code for one in (*found.blocking, *found.asks)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("code", needed(Cover.ITEM, Cover.COMPONENT))
def test_no_item_passes_without_a_check_that_is_needed(code: str, fault: str) -> None:
    checks = disabled(FILING, code, fault)
    if fault == "unavailable":
        # The run itself ends without results: the item stays where it is and is looked at again.
        with pytest.raises(Unavailable):
            run_checks(checks, ITEM)
        return
    verdict, codes = ruling(run_checks(checks, ITEM), SubjectKind.ITEM)
    assert verdict is not Ruling.ACCEPT
    assert code in codes


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("code", needed(Cover.VOLUME))
def test_no_volume_closes_without_a_check_that_is_needed(code: str, fault: str) -> None:
    checks = disabled(VOLUME, code, fault)
    if fault == "unavailable":
        with pytest.raises(Unavailable):
            run_checks(checks, volume())
        return
    verdict, codes = ruling(run_checks(checks, volume()), SubjectKind.VOLUME)
    assert verdict is not Ruling.ACCEPT
    assert code in codes


def test_with_every_check_in_place_a_sound_item_and_a_sound_volume_pass() -> None:
    results = run_checks(FILING, ITEM)
    verdict = gate(results, default_policy(), [part.id for part in ITEM.components])
    assert verdict.open, (verdict.blocking, verdict.asks)
    closing = gate(run_checks(VOLUME, volume()), default_policy(), (), SubjectKind.VOLUME)
    assert closing.open, (closing.blocking, closing.asks)


def test_every_rule_of_the_filing_phase_has_a_check_behind_it() -> None:
    assert set(needed(Cover.ITEM, Cover.COMPONENT)) <= {check.code for check in FILING}
    assert set(needed(Cover.VOLUME)) <= {check.code for check in VOLUME}
