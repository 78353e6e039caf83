"""What only a person or a named service can say: asked of an item, a volume or the system, answered by name."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archive.authorization import Actor
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import InvalidInput, NotFound
from archive.jobs.port import JobQueue, Lane
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.ledger.types import SubjectKind as LedgerKind
from ingest.checks.gate import Verdict
from ingest.checks.types import CheckResult, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.repository import TaskRepository
from ingest.verdicts.types import CHECK_VOLUME, Subject, Task, TaskState

_AWAITING = frozenset({"awaits-person", "awaits-service"})
_LONGEST_NOTE = 2_000
_IN_LEDGER: dict[SubjectKind, LedgerKind] = {
    SubjectKind.ITEM: "record",
    SubjectKind.VOLUME: "volume",
    SubjectKind.PACKAGE: "archive",
    SubjectKind.SYSTEM: "archive",
}


@dataclass(frozen=True)
class TaskPorts:
    """What tasks need."""

    database: Database
    ledger: LedgerPort
    jobs: JobQueue
    clock: Clock


class TaskService:
    """Use cases of people who answer."""

    def __init__(self, ports: TaskPorts) -> None:
        self._ports = ports

    def page(self, state: TaskState, limit: int) -> list[Task]:
        """Tasks in a state, those asked first before the others."""
        with self._ports.database.reading() as connection:
            return TaskRepository(connection).page(state, limit)

    def answer(self, actor: Actor, task_id: str, outcome: Outcome, note: str) -> Task:
        """Answer a task; an answer given before gives way, and both are in the ledger. The next run counts it.

        Raises:
            NotFound: there is no such task (`check-task-unknown`).
            InvalidInput: no note was given, a note is too long, or not checked was given for an answer.
        """
        if outcome is Outcome.NOT_CHECKED:
            raise InvalidInput("check-task-no-answer", task=task_id)
        if not note.strip() or len(note) > _LONGEST_NOTE:
            raise InvalidInput("check-task-note", task=task_id, most=_LONGEST_NOTE)
        with self._ports.database.writing() as uow:
            repository = TaskRepository(uow.connection)
            asked = repository.get(task_id)
            if asked is None:
                raise NotFound("check-task-unknown", task=task_id)
            answered = replace(
                asked,
                state=TaskState.ANSWERED,
                outcome=outcome,
                note=note.strip(),
                actor=actor.id,
                answered_at=self._ports.clock.now(),
            )
            repository.answer(answered)
            self._tell(uow, answered, actor)
            if asked.subject.kind is SubjectKind.VOLUME and asked.phase is Phase.FILING:
                self._ports.jobs.enqueue(uow, CHECK_VOLUME, asked.subject.id, lane=Lane.HEAVY)
        return answered

    def _tell(self, uow: UnitOfWork, task: Task, actor: Actor) -> None:
        body: dict[str, JSON] = {
            "decision": "answer-check",
            "check": task.code,
            "phase": str(task.phase),
            "outcome": str(task.outcome),
            "reason": task.note,
        }
        kind = _IN_LEDGER[task.subject.kind]
        self._ports.ledger.append(uow, Event(EventType.DECISION_MADE, actor.id, kind, task.subject.id, body))


def ask(
    uow: UnitOfWork,
    subject: Subject,
    phase: Phase,
    verdict: Verdict,
    results: Sequence[CheckResult],
    now: datetime,
) -> None:
    """Put before people what awaits them, and what the policy leaves to them.

    What waits already stays as it is. What was answered stands among `results` or `verdict` as open only if the answer
    was to another question or counts no longer: it is put anew.
    """
    codes = {result.code for result in results if result.reason_code in _AWAITING}
    codes |= {result.code for result in verdict.asks}
    repository = TaskRepository(uow.connection)
    for code in sorted(codes):
        repository.ask(Task(_task_id(subject, phase, code), subject, phase, code, now))


def _task_id(subject: Subject, phase: Phase, code: str) -> str:
    named = f"{subject.kind}\n{subject.id}\n{phase}\n{code}"
    return f"tsk_{hashlib.sha256(named.encode()).hexdigest()[:16]}"
