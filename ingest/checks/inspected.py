"""From what an examination found to what a check says of it."""

from ingest.checks.types import CheckedComponent, Finding
from ingest.examining.types import Stage
from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome

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
    if inspection.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE} or not inspection.observations:
        reason = None if inspection.outcome is not Outcome.NOT_CHECKED else NOT_LOOKED_INTO
        params = {"format": component.identified.label} if reason else {}
        return Finding(inspection.outcome, component.id, reason, params, evidence, inspection.tool)
    first = inspection.observations[0]
    return Finding(inspection.outcome, component.id, first.code, first.params, evidence, inspection.tool)
