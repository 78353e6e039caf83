"""A volume as it was processed and as it is complete: the history of its items, the filing scope, its items again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from ingest.checks.subjects import CheckedMember, CheckedVolume
from ingest.checks.types import Check, Finding, Nature, failed, not_applicable, not_checked, passed, seen
from ingest.outcomes import Outcome

_LISTED = 50
# What has to have happened to an item before it is filed, each with who and when (DA/T 46: 业务行为, 时间, 责任者).
_STEPS = ("record.captured", "record.checked", "record.classified", "record.placed")
_FILED = "record.filed"
_WORST = (Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.PASS, Outcome.NOT_APPLICABLE)


class ProcessHistory:
    """GD-2-5: of every item it is known who took it in, checked, classified, placed and filed it, and when.

    While a volume is being closed its items are not filed yet. An item that its source took back ends as what it was
    then; how it came in has to be known of it too.
    """

    code = "GD-2-5"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        if not volume.members:
            yield not_applicable(None, "volume-empty")
            return
        lacking = {member.id: gap for member in volume.members if (gap := _gap(member))}
        evidence = {"items": len(volume.members), "lacking": dict(list(lacking.items())[:_LISTED])}
        if lacking:
            steps = ", ".join(sorted({step for gap in lacking.values() for step in gap}))
            yield seen(failed("history-incomplete", items=len(lacking), steps=steps), evidence)
        else:
            yield seen(passed(), evidence)


class FilingScope:
    """GD-2-9: every class that the plan demands of such a volume is there, or its absence was declared by a person.

    Where the plan has no rule for it nobody can say what is demanded, unless a person declared it complete.
    """

    code = "GD-2-9"
    nature = Nature.INTEGRITY
    version = "1"

    def __init__(self, no_rule: str) -> None:
        self._no_rule = no_rule

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        if volume.required is None:
            declared = self._no_rule in volume.declared
            yield seen(passed() if declared else not_checked("scope-without-rule"), {"declared": declared})
            return
        missing = [code for code in volume.required if code not in volume.present | volume.declared]
        evidence = {
            "required": list(volume.required),
            "declared": sorted(volume.declared),
            "missing": missing,
        }
        yield seen(failed("scope-incomplete", classes="、".join(missing)) if missing else passed(), evidence)


class EveryItem:
    """A check of an item, made of every item of a volume, as one finding: the worst, with how often each came out.

    `of_items` is the check that is made of each.
    """

    def __init__(self, check: Check) -> None:
        self.code = check.code
        self.nature: Nature = check.nature
        self.version = check.version
        self.of_items = check

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        yield from self.over(volume.members)

    def over(self, members: Sequence[CheckedMember]) -> Iterator[Finding]:
        """The finding over these members."""
        counts: Counter[Outcome] = Counter()
        worst: list[tuple[str, Finding]] = []
        tools: set[str] = set()
        for member in members:
            for finding in self._of(member):
                counts[finding.outcome] += 1
                tools.add(finding.tool)
                if finding.outcome in {Outcome.FAIL, Outcome.NOT_CHECKED}:
                    worst.append((member.id, finding))
        outcome = next((each for each in _WORST if counts[each]), None)
        if outcome is None:
            yield not_applicable(None, "volume-empty")
            return
        first = next((finding for _, finding in worst if finding.outcome is outcome), None)
        yield Finding(
            outcome=outcome,
            reason_code=first.reason_code if first else _reason(outcome),
            params=dict(first.params) if first else {},
            evidence={
                "outcomes": {str(each): counts[each] for each in Outcome},
                "worst": [_told(member, finding) for member, finding in worst[:_LISTED]],
            },
            tool=", ".join(sorted(filter(None, tools))),
        )

    def _of(self, member: CheckedMember) -> list[Finding]:
        if member.item is None:
            return [not_checked("item-not-loaded")]
        return list(member.item(self.of_items)) or [not_applicable(None, "nothing-to-check")]


def _reason(outcome: Outcome) -> str | None:
    return "nothing-to-check" if outcome is Outcome.NOT_APPLICABLE else None


def _gap(member: CheckedMember) -> list[str]:
    """The acts that an item's history has not, or has without who and when."""
    told = {act.event for act in member.history if act.actor and _dated(act.at)}
    wanted = (*_STEPS, _FILED) if member.filed else _STEPS
    # What its source took back may have been taken back at any time after it came in.
    return [step for step in (wanted[:1] if member.withdrawn else wanted) if step not in told]


def _dated(moment: datetime | None) -> bool:
    return moment is not None and moment.tzinfo is not None


def _told(member: str, finding: Finding) -> dict[str, object]:
    return {
        "record": member,
        "component": finding.component,
        "outcome": str(finding.outcome),
        "reason": finding.reason_code,
    }
