"""Looks at bytes as an examination does, and says what came of it in few words."""

import io

from ingest.formats.identify import identify
from ingest.formats.inspecting import inspect
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.outcomes import Outcome

HARMLESS = {Aspect.STRUCTURE, Aspect.LOCKED, Aspect.ACTIVE, Aspect.CONCEALED}


def looked(content: bytes, name: str = "a") -> dict[Aspect, Inspection]:
    stream = io.BytesIO(content)
    found = inspect(stream, identify(stream, name), Limits())
    assert not stream.closed
    return {each.aspect: each for each in found}


def codes(content: bytes, aspect: Aspect, outcome: Outcome = Outcome.FAIL, name: str = "a") -> set[str]:
    """The codes of what was seen under `aspect`, which must have ended as `outcome`."""
    inspection = looked(content, name)[aspect]
    assert inspection.outcome is outcome, inspection
    assert inspection.observations or outcome is Outcome.PASS
    return {each.code for each in inspection.observations}


def harmless(content: bytes, name: str = "a") -> None:
    """Nothing stands against the file, and nothing was left out."""
    found = looked(content, name)
    assert set(found) >= HARMLESS
    for aspect in HARMLESS:
        assert found[aspect].outcome is Outcome.PASS, found[aspect]
        assert found[aspect].tool
