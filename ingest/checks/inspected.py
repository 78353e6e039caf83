"""From what an examination found to what a check says of it."""

from collections.abc import Iterator
from dataclasses import replace

from ingest.checks.types import CheckedComponent, Finding
from ingest.examining.types import Stage
from ingest.formats.inspection import Aspect
from ingest.outcomes import Observation, Outcome

NOT_LOOKED_INTO = "not-looked-into"


def inspected(component: CheckedComponent, aspect: Aspect) -> Finding:
    """The outcome of one aspect. What nobody looked into, or what broke whoever did, is not checked."""
    examination = component.examination
    if examination is None:
        return Finding(Outcome.NOT_CHECKED, component.id, "not-read")
    problem = examination.problems.get(Stage.INSPECT)
    if problem is not None:
        return Finding(Outcome.NOT_CHECKED, component.id, problem.code, problem.params)
    inspection = examination.inspection(aspect)
    if inspection is None:
        params = {"format": component.identified.label}
        return Finding(Outcome.NOT_CHECKED, component.id, NOT_LOOKED_INTO, params)
    evidence = {"observations": [[seen.code, seen.place] for seen in inspection.observations]}
    if inspection.outcome is Outcome.PASS:
        return Finding(Outcome.PASS, component.id, evidence=evidence, tool=inspection.tool)
    unsaid = Observation(NOT_LOOKED_INTO, {"format": component.identified.label})
    if inspection.outcome is Outcome.NOT_APPLICABLE:
        unsaid = Observation("nothing-to-check")
    why = next(iter(inspection.observations), unsaid)
    return Finding(inspection.outcome, component.id, why.code, why.params, evidence, inspection.tool)


def all_seen(component: CheckedComponent, aspect: Aspect) -> Iterator[Finding]:
    """The same, with a finding for every kind of thing that fails: what follows differs, and the gravest counts."""
    found = inspected(component, aspect)
    yield found
    examination = component.examination
    inspection = examination.inspection(aspect) if examination is not None else None
    if inspection is None or found.outcome is not Outcome.FAIL:
        return
    told = {found.reason_code}
    for seen in inspection.observations[: inspection.failing]:
        if seen.code not in told:
            told.add(seen.code)
            yield replace(found, reason_code=seen.code, params=seen.params, evidence={})
