"""What looking into a file of a known format shows, beyond its text.

An inspector is a function of a stream and gives one `Inspection` for every aspect it can speak of. It runs in a bounded
process (`ingest.bounded`): whatever the file does to it, somebody else finds that out and says so. It raises
`InvalidInput` only where nothing at all can be said; every other defect is an observation.
"""

from dataclasses import dataclass
from enum import StrEnum

from ingest.outcomes import Observation, Outcome

CLAIM_NOT_VALIDATED = "pdfa-not-validated"
"""The file claims a profile, and nobody has validated the claim."""


class Aspect(StrEnum):
    """What an inspection speaks of.

    `structure`: the file is what its format demands. `conformance`: it keeps the promises of a profile for long
    keeping, such as PDF/A. `locked`: nothing is encrypted or packed in ways that are not public. `active`: nothing in
    it runs, launches or fetches. `concealed`: it is one file and shows all it holds; no second format in the same
    bytes, nothing behind its end, no file embedded in it, no container inside a container.
    """

    STRUCTURE = "structure"
    CONFORMANCE = "conformance"
    LOCKED = "locked"
    ACTIVE = "active"
    CONCEALED = "concealed"


@dataclass(frozen=True)
class Inspection:
    """What was found under one aspect.

    `fail` and `not_checked` have observations that say why; `pass` may have some that are worth knowing. The first
    `failing` of them are what fails. `tool` is the name and version of whatever looked, such as `pikepdf 10.18.0`.
    """

    aspect: Aspect
    outcome: Outcome
    tool: str
    observations: tuple[Observation, ...] = ()
    failing: int = 1
