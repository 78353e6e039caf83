"""Tasks of the four-nature checks as programs see and answer them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from archive.messages import Language, render
from ingest.checks.types import Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.types import Task, TaskState


class CheckTaskAnswer(BaseModel):
    """What a person or a named service decides of one volume or of the system. `name` is that of the check."""

    id: str
    kind: SubjectKind
    subject: str
    phase: Phase
    code: str
    name: str
    state: TaskState
    outcome: Outcome | None
    note: str
    actor: str | None
    asked_at: datetime
    answered_at: datetime | None

    @classmethod
    def of(cls, task: Task, language: Language) -> Self:
        """From a task."""
        return cls(
            id=task.id,
            kind=task.subject.kind,
            subject=task.subject.id,
            phase=task.phase,
            code=task.code,
            name=render(task.code, {}, language),
            state=task.state,
            outcome=task.outcome,
            note=task.note,
            actor=task.actor,
            asked_at=task.asked_at,
            answered_at=task.answered_at,
        )


class CheckTasksAnswer(BaseModel):
    """Tasks, those asked first before the others."""

    items: list[CheckTaskAnswer]


class CheckTaskRequest(BaseModel):
    """An answer: what holds, and what that rests on."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["pass", "fail", "not_applicable"]
    note: str = Field(max_length=2_000)
