"""Values of intake and pipeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class ArrivalStatus(StrEnum):
    """What became of a document of a source, as of the last time it was seen."""

    CAPTURED = "captured"
    REFUSED = "refused"
    GONE = "gone"
    WITHDRAWN = "withdrawn"


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
    """A registered source.

    `location` is a URL or path, `position` what its connector goes on from, `options` what else its connector is told;
    credentials stand there by name only. `draft` are options that are being tried, `previewed` the digest of the draft
    that was last previewed. `region` is whose documents these are where they do not say so themselves. `minutes` lie
    between two readings, None as the settings say. `clock_skew` is by how many seconds the source's own clock was ahead
    of ours when it was last read.
    """

    name: str
    connector: str
    location: str
    position: Mapping[str, object]
    created_at: datetime
    last_success: datetime | None = None
    last_failure: datetime | None = None
    failure_code: str | None = None
    failure_message: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    draft: Mapping[str, object] | None = None
    previewed: str | None = None
    region: str | None = None
    minutes: int | None = None
    paused_at: datetime | None = None
    last_read: datetime | None = None
    clock_skew: float | None = None


@dataclass(frozen=True)
class SeenArrival:
    """A document of a source as intake remembers it.

    `since` is when it came to stand as it does, `tries` how often it has been refused in a row. What the source stated
    of it when it was last taken: `data_set`, `day`, `revised`, `size` in bytes, `digest`. `superseded` are digests of
    older states that came after it.
    """

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
    since: datetime
    tries: int = 0
    data_set: str = ""
    day: date | None = None
    revised: datetime | None = None
    size: int | None = None
    digest: str = ""
    superseded: Sequence[str] = ()


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
    """How many documents of a source came and what became of them; the parts add up to `received`.

    `gone` are those that the source no longer gives, `superseded` older states that came after a newer one.
    """

    received: int = 0
    captured: int = 0
    new_versions: int = 0
    renamed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    gone: int = 0
    superseded: int = 0
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
            "gone": self.gone,
            "superseded": self.superseded,
            "refused": self.refused,
        }
