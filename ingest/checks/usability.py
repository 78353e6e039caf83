"""Usability (可用性): the format is known and accepted, the file opens and can be read or played."""

from collections.abc import Iterator
from dataclasses import replace

from ingest.checks.inspected import NOT_LOOKED_INTO, inspected
from ingest.checks.types import Checked, CheckedComponent, Finding, Nature, failed, not_checked, passed, seen
from ingest.extractors.port import HTML_UNCLOSED, RESTRICTED, UNREADABLE_PAGES
from ingest.extractors.reading import UNSUPPORTED
from ingest.formats.inspection import Aspect
from ingest.formats.policy import FormatAction, FormatPolicy
from ingest.outcomes import Outcome

_TAKEN = frozenset({FormatAction.PRESERVE, FormatAction.DERIVE})
_NOBODY_LOOKED = frozenset({NOT_LOOKED_INTO, "format-not-inspected"})
_DOUBTFUL = (UNREADABLE_PAGES, HTML_UNCLOSED)
_LOCKED = frozenset({"file-encrypted", "zip-lies", "zip-bomb", "zip-unsafe-name", "zip-method", "pdf-bomb"})


class AcceptedFormat:
    """GD-3-3: the format is known, and the centre's policy of formats takes it in (GB/T 18894, GB/T 33190)."""

    code = "GD-3-3"
    nature = Nature.USABILITY
    version = "2"

    def __init__(self, formats: FormatPolicy) -> None:
        self._formats = formats

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            decision = self._formats.decide(component.identified)
            evidence = {"rule": decision.rule, "policy": decision.version, "risk": str(decision.risk)}
            if decision.action in _TAKEN:
                yield seen(passed(component.id), evidence | {"action": str(decision.action)})
            else:
                code = decision.code or "format-not-accepted"
                yield seen(failed(code, component.id, format=component.identified.label), evidence)


class Readable:
    """GD-3-4: documents open and give their pages, recordings decode, and the file is what its format demands.

    A format that nothing here can open is not checked; it does not pass.
    """

    code = "GD-3-4"
    nature = Nature.USABILITY
    version = "2"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        reading = component.reading
        if reading is None:
            return not_checked("not-read", component.id)
        if reading.problem is not None:
            return failed(reading.problem.code, component.id, **reading.problem.params)
        structure = inspected(component, Aspect.STRUCTURE)
        if structure.outcome is Outcome.FAIL:
            return structure
        if reading.extraction is not None:
            doubtful = next((code for code in _DOUBTFUL if code in reading.extraction.warnings), None)
            return failed(doubtful, component.id) if doubtful else replace(structure, tool=reading.extractor)
        if structure.outcome is Outcome.PASS or structure.reason_code not in _NOBODY_LOOKED:
            return structure
        # Neither a reader nor an inspector knows it.
        return not_checked(UNSUPPORTED, component.id, format=component.identified.label)


class NothingLocked:
    """GD-3-8: no encryption, no compression that lies or is not public, in files or in the containers they are."""

    code = "GD-3-8"
    nature = Nature.USABILITY
    version = "2"

    def run(self, item: Checked) -> Iterator[Finding]:
        for component in item.components:
            yield self._one(component)

    def _one(self, component: CheckedComponent) -> Finding:
        reading = component.reading
        if reading is None:
            return not_checked("not-read", component.id)
        if reading.problem is not None and reading.problem.code in _LOCKED:
            return failed(reading.problem.code, component.id, **reading.problem.params)
        if reading.extraction is not None and RESTRICTED in reading.extraction.warnings:
            return failed(RESTRICTED, component.id)
        return inspected(component, Aspect.LOCKED)
