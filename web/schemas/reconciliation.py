"""Reconciliation as programs see it: runs, what differs, what is to be done about it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from ingest.reconciliation.repairing import Repaired
from ingest.reconciliation.types import Bucket, Difference, Kind, Run, RunState


class RunAnswer(BaseModel):
    """One run. Only one that is `done` compared anything; `code` says why another did not."""

    id: str
    source: str
    state: RunState
    started: datetime
    ended: datetime
    counts: Mapping[str, int]
    code: str | None
    message: str | None

    @classmethod
    def of(cls, run: Run) -> Self:
        """From a run."""
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class BucketAnswer(BaseModel):
    """What both sides have under one data set and day; an empty day is one that the source does not name."""

    data_set: str
    day: str
    their_count: int
    their_bytes: int
    our_count: int
    our_bytes: int
    differences: int

    @classmethod
    def of(cls, bucket: Bucket) -> Self:
        """From what a run counted."""
        return cls(**{name: getattr(bucket, name) for name in cls.model_fields})


class ReconciliationAnswer(BaseModel):
    """The last run of a source, None where there was none, and where both sides differ."""

    run: RunAnswer | None
    differing: list[BucketAnswer]


class DifferenceAnswer(BaseModel):
    """A document on which both sides do not agree; null is a side that does not have it."""

    id: str
    source: str
    external_id: str
    kind: Kind
    state: str
    data_set: str
    day: date | None
    theirs: Mapping[str, Any] | None
    ours: Mapping[str, Any] | None
    found: datetime
    at: datetime
    actor: str | None
    reason: str | None

    @classmethod
    def of(cls, difference: Difference) -> Self:
        """From a difference."""
        return cls(**{name: getattr(difference, name) for name in cls.model_fields})


class DifferencesAnswer(BaseModel):
    """A page of differences; `next` asks for the following one, null at the end."""

    items: list[DifferenceAnswer]
    next: str | None


class RepairRequest(BaseModel):
    """Which differences to repair: one by its id, or all, narrowed by source and kind."""

    model_config = ConfigDict(extra="forbid")

    id: str | None = Field(default=None, max_length=32)
    all: bool = False
    source: str | None = Field(default=None, max_length=64)
    kind: Kind | None = None


class RepairAnswer(BaseModel):
    """How many are fetched again, were flagged as gone, or have to be sent again by their sender."""

    asked: int
    flagged: int
    sender: int

    @classmethod
    def of(cls, repaired: Repaired) -> Self:
        """From what was done."""
        return cls(**repaired.as_json())


class AcceptRequest(BaseModel):
    """Why a difference may stay."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=2_000)
