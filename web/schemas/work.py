"""What people who work here ask for and send: status, queue, decisions, evidence, sessions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from archive.messages import Language, render
from archive.records.types import RecordState
from archive.volumes.types import VolumeState
from ingest.review import CHOICES, ReviewItem, question_of
from ingest.status import Overview
from ingest.watching.probing import Answer
from web.schemas.records import RecordAnswer


class LedgerAnswer(BaseModel):
    """How many entries the ledger has, and how many the last signed checkpoint covers."""

    size: int
    published: int


class IndexAnswer(BaseModel):
    """How many entries of the ledger the search index does not show yet."""

    lag: int


class StatusAnswer(BaseModel):
    """Where the archive stands."""

    records: dict[RecordState, int]
    volumes: dict[VolumeState, int]
    review: int
    returned: int
    refused: int
    ledger: LedgerAnswer
    index: IndexAnswer
    failed_jobs: int

    @classmethod
    def of(cls, overview: Overview) -> Self:
        """From the overview."""
        return cls(
            records=dict(overview.records),
            volumes=dict(overview.volumes),
            review=overview.review,
            returned=overview.returned,
            refused=overview.refused,
            ledger=LedgerAnswer(size=overview.ledger_size, published=overview.ledger_published),
            index=IndexAnswer(lag=overview.index_lag),
            failed_jobs=len(overview.failed_jobs),
        )


class WaitingAnswer(BaseModel):
    """A record that waits for a person: at which step, why, and which choices that step takes."""

    record: RecordAnswer
    step: str
    code: str | None
    reason: str
    since: datetime
    choices: list[str]
    question: str

    @classmethod
    def of(cls, item: ReviewItem, language: Language) -> Self:
        """From an item of the queue."""
        outcome = item.outcome
        return cls(
            record=RecordAnswer.of(item.record),
            step=outcome.step,
            code=outcome.code,
            reason=render(outcome.code, outcome.params, language) if outcome.code else "",
            since=outcome.at,
            choices=sorted(CHOICES.get(outcome.step, ())),
            question=question_of(outcome),
        )


class QueueAnswer(BaseModel):
    """One page of the queue out of `total`, oldest first."""

    total: int
    items: list[WaitingAnswer]


class DecisionRequest(BaseModel):
    """A decision: one choice that the step takes, such as `{"class_code": "GC.06.01"}`, and the reason for it.

    `question` is that of the queue, so that an answer meets what was asked.
    """

    model_config = ConfigDict(extra="forbid")

    choice: dict[str, str | bool] = Field(examples=[{"class_code": "GC.06.01"}, {"accept": True}])
    reason: str = Field(max_length=2_000)
    question: str = Field(max_length=200)


class EvidenceRequest(BaseModel):
    """Of what to build a bundle: the id or reference code of a record or volume, the id or code of a project."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["record", "volume", "project"]
    reference: str = Field(max_length=200)


class SessionRequest(BaseModel):
    """A login."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=200)
    password: str = Field(max_length=1_000)


class SessionAnswer(BaseModel):
    """Who is logged in; `public` is the anonymous reader."""

    name: str
    anonymous: bool


class HealthAnswer(BaseModel):
    """How the server is: each part with `ok` or the code of what is wrong with it."""

    status: Literal["ok", "failing"] = "ok"
    parts: Mapping[str, str] = {}

    @classmethod
    def of(cls, parts: Mapping[str, Answer]) -> Self:
        """From what the parts said."""
        fine = all(answer.code is None for answer in parts.values())
        return cls(
            status="ok" if fine else "failing", parts={part: answer.code or "ok" for part, answer in parts.items()}
        )
