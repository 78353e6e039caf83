"""Values of dead letters."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """What it is: a document that could not be taken in, work that was given up, a message that waits for others."""

    ARRIVAL = "arrival"
    JOB = "job"
    MESSAGE = "message"


@dataclass(frozen=True)
class DeadLetter:
    """One of them. `key` is the external id of a document, or what a job of `kind` is about.

    `first` and `last` are when it was tried first and last as far as that is known, `tries` how often in a row. `step`
    is where it goes on. `by_us` says whether the archive can try again by itself; otherwise whoever sent it has to send
    it again. `raw_sha256` names the bytes that came, where they are kept.
    """

    what: What
    source: str | None
    key: str
    kind: str
    step: str
    code: str
    message: str
    first: datetime | None
    last: datetime | None
    tries: int
    by_us: bool
    raw_sha256: str | None = None


@dataclass
class Resumed:
    """What came of going on: jobs that wait again, documents that are fetched again, those somebody has to send."""

    jobs: int = 0
    arrivals: int = 0
    sender: int = 0

    def as_json(self) -> dict[str, int]:
        """As programs get it."""
        return {"jobs": self.jobs, "arrivals": self.arrivals, "sender": self.sender}


@dataclass(frozen=True)
class Orphans:
    """What belongs to nothing, by id. Each can only exist through a defect or a hand in the database.

    `arrivals` count as captured and have no record: both are written in one transaction. `records` have no registered
    source: sources are never removed. `unremembered` are records of which intake remembers no arrival: again one
    transaction. Bytes that no component names are not listed here: they are what a stop between bytes and rows leaves,
    harmless, and the store sweeps them; `juanzong fsck` compares bytes and components.
    """

    arrivals: tuple[tuple[str, str], ...] = field(default=())
    records: tuple[str, ...] = field(default=())
    unremembered: tuple[str, ...] = field(default=())

    @property
    def none(self) -> bool:
        """Whether there are none."""
        return not (self.arrivals or self.records or self.unremembered)
