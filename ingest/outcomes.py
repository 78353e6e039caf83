"""How anything that is checked can end, and what was seen on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended. Not checked is never passed."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Observation:
    """One thing seen in a file.

    `code` is one of the message catalogue, `params` what its sentence needs, as JSON. `place` says where in the file,
    in the words of its format (`page 3`, `object 12 0`, `Doc_0/Document.xml`, `file:///payload`), "" for the whole.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    place: str = ""
