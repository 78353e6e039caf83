"""Values of intake and pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ArrivalStatus(StrEnum):
    """What became of a document of a source, as of the last time it was seen."""

    CAPTURED = "captured"
    REFUSED = "refused"
    GONE = "gone"


class Status(StrEnum):
    """How a step ended for one version of one record.

    `done` lets the next step run; `waiting` asks a person; `returned` sends it back to its source with reasons. A step
    that could not run at all has no outcome: the job is tried again.
    """

    DONE = "done"
    WAITING = "waiting"
    RETURNED = "returned"


@dataclass(frozen=True)
class Source:
    """A registered source. `location` is a URL or path, `position` what its connector goes on from."""

    name: str
    connector: str
    location: str
    position: Mapping[str, object]
    created_at: datetime
    last_success: datetime | None
    last_failure: datetime | None
    failure_code: str | None
    failure_message: str | None


@dataclass(frozen=True)
class SeenArrival:
    """A document of a source as intake remembers it."""

    source: str
    external_id: str
    status: ArrivalStatus
    record_id: str | None
    fingerprint: str
    code: str | None
    message: str | None
    raw_sha256: str | None
    first_seen: datetime
    last_seen: datetime
    checked_at: datetime


@dataclass(frozen=True)
class StepOutcome:
    """The one stored outcome of a step for a version of a record. `detail` is the step's own evidence as JSON."""

    record_id: str
    version: int
    step: str
    step_version: int
    status: Status
    code: str | None
    params: Mapping[str, object]
    detail: Mapping[str, object]
    milliseconds: float
    at: datetime


@dataclass(frozen=True)
class PersonDecision:
    """What a person decided for a step that asked. `choice` is read by that step alone."""

    id: str
    record_id: str
    version: int
    step: str
    choice: Mapping[str, object]
    reason: str
    actor: str
    at: datetime


@dataclass
class Summary:
    """How many documents of a source came and what became of them; the parts add up to `received`."""

    received: int = 0
    captured: int = 0
    new_versions: int = 0
    renamed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The summary as the command line prints it."""
        return {
            "received": self.received,
            "captured": self.captured,
            "new_versions": self.new_versions,
            "renamed": self.renamed,
            "unchanged": self.unchanged,
            "withdrawn": self.withdrawn,
            "refused": self.refused,
        }
