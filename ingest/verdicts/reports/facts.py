"""What a report says, as plain JSON: the volume, its own checks, every item with what was found, who was asked.

Everything that the page and the printed document show is taken from here, so that the three forms cannot differ.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from archive.ledger.canonical import moment_text
from archive.messages import render
from archive.records.types import Component
from archive.volumes.types import Project, Volume
from ingest.checks.types import CheckResult, Nature
from ingest.outcomes import Outcome
from ingest.verdicts.closing import NEVER_CHECKED, MemberVerdict
from ingest.verdicts.types import ReportFont, Run, Task

FORMAT: Final = "juanzong-check-report"
VERSION: Final = 1
MOST_TROUBLES: Final = 200
"""Findings listed of one item; of what is left out the number is told, and the database has all of them."""

_GOOD = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True)
class ReportedMember:
    """An item with its verdict and its files."""

    found: MemberVerdict
    files: Sequence[Component]


@dataclass(frozen=True)
class Reported:
    """Everything that goes into one report. `font` is what the printed form is set in."""

    volume: Volume
    project: Project
    run: Run
    results: Sequence[CheckResult]
    members: Sequence[ReportedMember]
    tasks: Sequence[Task]
    font: ReportFont


def facts_of(reported: Reported) -> dict[str, Any]:
    """The report as JSON."""
    run = reported.run
    return {
        "format": FORMAT,
        "version": VERSION,
        "volume": _volume(reported.volume, reported.project),
        "run": {
            "id": run.id,
            "phase": str(run.phase),
            "number": run.number,
            "at": moment_text(run.at),
            "policy": run.policy,
            "fingerprint": run.fingerprint,
            "tools": _tools(reported),
        },
        "ruling": str(run.ruling),
        "natures": _natures(reported),
        "checks": [_result(result, {}) for result in reported.results],
        "items": [_member(member) for member in reported.members],
        "tasks": [_task(task) for task in reported.tasks],
        "font": _sentence(reported.font.code, {"font": reported.font.file}),
    }


def _volume(volume: Volume, project: Project) -> dict[str, Any]:
    return {
        "id": volume.id,
        "reference_code": volume.reference_code,
        "project": project.name,
        "project_code": project.code,
        "section": volume.section_name or volume.section,
        "outcome": volume.outcome,
        "ended_on": volume.ended_on.isoformat() if volume.ended_on else None,
        "closed_at": moment_text(volume.closed_at) if volume.closed_at else None,
        "retention": volume.retention,
        "items": volume.item_count,
        "declared": list(volume.declared),
    }


def _tools(reported: Reported) -> dict[str, list[str]]:
    """What looked, by the check that it looked for, at the volume and at its items."""
    found: dict[str, set[str]] = {}
    for result in (*reported.results, *(each for member in reported.members for each in member.found.results)):
        if result.tool:
            found.setdefault(result.code, set()).add(result.tool)
    return {code: sorted(found[code]) for code in sorted(found)}


def _natures(reported: Reported) -> dict[str, dict[str, int]]:
    """How many results of each outcome there are under each nature, of the volume and its items together."""
    counted: Counter[tuple[Nature, Outcome]] = Counter()
    for result in (*reported.results, *(each for member in reported.members for each in member.found.results)):
        counted[result.nature, result.outcome] += 1
    return {str(nature): {str(outcome): counted[nature, outcome] for outcome in Outcome} for nature in Nature}


def _member(member: ReportedMember) -> dict[str, Any]:
    record, found = member.found.record, member.found
    names = {file.id: file.name for file in member.files}
    counts = Counter(str(result.outcome) for result in found.results)
    troubles = [result for result in found.results if result.outcome not in _GOOD]
    return {
        "number": record.item_number,
        "reference_code": record.reference_code,
        "record": record.id,
        "version": record.version,
        "title": record.title,
        "class_code": record.class_code,
        "state": str(record.state),
        "files": [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in member.files],
        "run": found.run,
        "ruling": str(found.ruling),
        "holding": sorted(found.codes),
        "outcomes": {str(outcome): counts[str(outcome)] for outcome in Outcome},
        "findings": [_result(result, names) for result in troubles[:MOST_TROUBLES]],
        "findings_left_out": max(0, len(troubles) - MOST_TROUBLES),
        "reason": None if found.run else _sentence(NEVER_CHECKED, {}),
    }


def _result(result: CheckResult, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "code": result.code,
        "name": _sentence(result.code, {}),
        "nature": str(result.nature),
        "outcome": str(result.outcome),
        "file": names.get(result.component or "", result.component),
        "reason": result.reason_code,
        "sentence": _sentence(result.reason_code, result.params) if result.reason_code else None,
        "evidence": dict(result.evidence),
        "rule_version": result.rule_version,
        "tool": result.tool,
        "milliseconds": round(result.milliseconds, 3),
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "code": task.code,
        "name": _sentence(task.code, {}),
        "state": str(task.state),
        "outcome": str(task.outcome) if task.outcome else None,
        "actor": task.actor,
        "note": task.note,
        "asked_at": moment_text(task.asked_at),
        "answered_at": moment_text(task.answered_at) if task.answered_at else None,
    }


def _sentence(code: str, params: Mapping[str, object]) -> dict[str, str]:
    return {"zh": render(code, params, "zh"), "en": render(code, params, "en")}
