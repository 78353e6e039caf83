"""Values of reconciliation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

RECONCILE: Final = "reconcile"
"""The kind of job that reconciles one source; its key is the name of the source."""

REPORT: Final = "report"
"""The kind of job that files the report of one day; its key is the day."""


class RunState(StrEnum):
    """How a run ended. Only `done` compared anything; the others say why nothing was."""

    DONE = "done"
    FAILED = "failed"
    NOT_POSSIBLE = "not_possible"


class Kind(StrEnum):
    """What differs: a document is missing here, extra here, changed, or stands under another day or data set."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    MOVED = "moved"


class DifferenceState(StrEnum):
    """Where a difference stands.

    `asked`: the document was asked for again and has not come yet. `repaired`: both sides agree again. `accepted`: a
    person said why it may stay, and it stays accepted for as long as both sides say what they said then.
    """

    OPEN = "open"
    ASKED = "asked"
    REPAIRED = "repaired"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class Side:
    """What one side says of a document. `size` in bytes and `digest` are empty where it says nothing of them."""

    data_set: str
    day: date | None
    size: int | None
    digest: str

    def as_json(self) -> dict[str, object]:
        """As it is stored and reported."""
        day = self.day.isoformat() if self.day else None
        return {"data_set": self.data_set, "day": day, "size": self.size, "digest": self.digest}


@dataclass
class Counts:
    """What a run counted.

    `listed` and `held` are documents there and here. The listed ones are `same` (digests compared, and equal), `sized`
    (only sizes could be compared, and are equal), `uncompared` (neither could), missing, changed, moved, or stand here
    as refused, gone or withdrawn. `repeated` were listed more than once.
    """

    listed: int = 0
    held: int = 0
    same: int = 0
    sized: int = 0
    uncompared: int = 0
    missing: int = 0
    extra: int = 0
    changed: int = 0
    moved: int = 0
    refused: int = 0
    gone: int = 0
    withdrawn: int = 0
    repeated: int = 0

    @property
    def differences(self) -> int:
        """How many differences were found."""
        return self.missing + self.extra + self.changed + self.moved

    def add(self, what: str) -> None:
        """Count one more."""
        setattr(self, what, getattr(self, what) + 1)

    def as_json(self) -> dict[str, int]:
        """As they are stored and reported."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass
class Bucket:
    """What both sides have under one data set and day: number, bytes as far as stated, and how much differs."""

    data_set: str
    day: str
    their_count: int = 0
    their_bytes: int = 0
    our_count: int = 0
    our_bytes: int = 0
    differences: int = 0


@dataclass(frozen=True)
class Run:
    """One reconciliation of one source. `code` and `message` say why one that is not done is not."""

    id: str
    source: str
    state: RunState
    started: datetime
    ended: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Found:
    """A difference as the comparison finds it; None is a side that does not have the document."""

    external_id: str
    kind: Kind
    theirs: Side | None
    ours: Side | None

    @property
    def counted_under(self) -> tuple[str, date | None]:
        """The data set and day under which it counts."""
        side = self.ours or self.theirs
        assert side is not None
        return side.data_set, side.day


@dataclass(frozen=True)
class Difference:
    """A difference as it is kept. `run` found it last, `found` is when it was found first, `at` when it became so."""

    id: str
    source: str
    external_id: str
    kind: Kind
    run: str
    data_set: str
    day: date | None
    theirs: Mapping[str, object] | None
    ours: Mapping[str, object] | None
    found: datetime
    state: DifferenceState
    reason: str | None
    actor: str | None
    at: datetime
