"""The people's queue: what waits for a decision, and what happens when somebody decides."""

from collections.abc import Mapping
from dataclasses import dataclass

from archive.authorization import Actor, Authorizer, Permission
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, InvalidInput
from archive.ids import Ids
from archive.jobs.port import JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.records.repository import RecordRepository
from archive.records.service import Act, RecordService, existing
from archive.records.types import Record, RecordState
from ingest.checks.types import Phase, SubjectKind
from ingest.pipeline.graph import Graph
from ingest.repository import OutcomeRepository
from ingest.sources.repository import SourceRepository
from ingest.types import PersonDecision, SeenArrival, Status, StepOutcome
from ingest.verdicts.repository import RunRepository
from ingest.verdicts.types import Subject
from ingest.waking import wake_records

CHOICES: Mapping[str, frozenset[str]] = {
    "check": frozenset({"accept", "retry", "return"}),
    "classify": frozenset({"class_code", "retry", "return"}),
    "place": frozenset({"project", "new_project", "retry", "return"}),
    "extract": frozenset({"retry", "return"}),
    "identify": frozenset({"retry", "return"}),
}
"""What a person can decide for each step that asks: the key of the choice."""


@dataclass(frozen=True)
class ReviewItem:
    """A record that stopped, with the outcome that says why."""

    record: Record
    outcome: StepOutcome


@dataclass(frozen=True)
class ReviewPorts:
    """What the queue needs."""

    database: Database
    records: RecordService
    ledger: LedgerPort
    jobs: JobQueue
    clock: Clock
    ids: Ids
    authorizer: Authorizer


class ReviewService:
    """Use cases of the queue."""

    def __init__(self, ports: ReviewPorts, graph: Graph) -> None:
        self._ports = ports
        self._graph = graph

    def waiting(self, actor: Actor, limit: int = 100, offset: int = 0) -> list[ReviewItem]:
        """What waits for a person, of what the actor may see, oldest first."""
        return self._stopped(actor, Status.WAITING, limit, offset)

    def returned(self, actor: Actor, limit: int = 100, offset: int = 0) -> list[ReviewItem]:
        """What was returned to its source with reasons, of what the actor may see."""
        return self._stopped(actor, Status.RETURNED, limit, offset)

    def _stopped(self, actor: Actor, status: Status, limit: int, offset: int) -> list[ReviewItem]:
        scope = self._ports.authorizer.scope(actor, Permission.REVIEW_LIST)
        with self._ports.database.reading() as connection:
            records = RecordRepository(connection)
            outcomes = OutcomeRepository(connection).stopped(scope, status, limit, offset)
            return [ReviewItem(existing(records, outcome.record_id), outcome) for outcome in outcomes]

    def count_waiting(self, actor: Actor) -> int:
        """How much waits for a person, of what the actor may see."""
        scope = self._ports.authorizer.scope(actor, Permission.REVIEW_LIST)
        with self._ports.database.reading() as connection:
            return OutcomeRepository(connection).count_stopped(scope, Status.WAITING)

    def refused(self, actor: Actor) -> list[SeenArrival]:
        """Documents that could not be taken in at all."""
        self._ports.authorizer.require(actor, Permission.SOURCE_READ)
        with self._ports.database.reading() as connection:
            return SourceRepository(connection).refused()

    def outcomes(self, actor: Actor, record_id: str) -> dict[str, StepOutcome]:
        """How each step ended for the present version of a record."""
        with self._ports.database.reading() as connection:
            record = existing(RecordRepository(connection), record_id)
            self._ports.authorizer.require(actor, Permission.REVIEW_LIST, record.subject)
            return OutcomeRepository(connection).of(record_id, record.version)

    def checks(self, actor: Actor, record_id: str) -> list[dict[str, object]]:
        """The results of the latest four-nature checks of a record's present version."""
        with self._ports.database.reading() as connection:
            record = existing(RecordRepository(connection), record_id)
            self._ports.authorizer.require(actor, Permission.REVIEW_LIST, record.subject)
            runs = RunRepository(connection)
            run = runs.latest(Subject(SubjectKind.ITEM, record.id, record.version), Phase.FILING)
            return [] if run is None else runs.rows(run.id)

    def decide(self, actor: Actor, record_id: str, choice: Mapping[str, JSON], reason: str, question: str) -> None:
        """Answer the step that stopped; the pipeline goes on from there once this has committed.

        `choice` has one key, such as `{"class_code": "GC.06.01"}`, `{"accept": True}`, `{"retry": True}`. `question` is
        `question_of` the outcome that the person saw: an answer to another version or another run is no answer.
        Accepting accepts what was shown, nothing that a later run finds.

        Raises:
            NotFound, Forbidden: the actor may not decide on this record.
            Conflict: nothing asks (any more), or something else does (`decision-stale`).
            InvalidInput: the step takes no such choice, or no reason was given.
        """
        with self._ports.database.writing() as uow:
            record = existing(RecordRepository(uow.connection), record_id)
            self._ports.authorizer.require(actor, Permission.REVIEW_DECIDE, record.subject)
            outcome = self._open_question(uow, record)
            if question != question_of(outcome):
                raise Conflict("decision-stale", record=record_id)
            if len(choice) != 1 or not set(choice) <= CHOICES.get(outcome.step, frozenset()):
                raise InvalidInput("decision-choice", step=outcome.step, choice="、".join(choice))
            if not reason.strip():
                raise InvalidInput("decision-without-reason", record=record_id)
            decision = PersonDecision(
                id=self._ports.ids.new("run"),
                record_id=record.id,
                version=record.version,
                step=outcome.step,
                choice=dict(choice) | ({"accepted": _shown(outcome)} if "accept" in choice else {}),
                reason=reason.strip(),
                actor=actor.id,
                at=self._ports.clock.now(),
            )
            OutcomeRepository(uow.connection).add_decision(decision)
            body: dict[str, JSON] = {"step": outcome.step, "choice": dict(choice), "version": record.version}
            if "return" in choice:
                self._return(uow, record, outcome, decision)
            else:
                again = self._graph.from_step(outcome.step)
                OutcomeRepository(uow.connection).drop(record.id, record.version, again)
                wake_records(uow, self._ports.jobs, [record.id])
            self._ports.ledger.append(uow, Event(EventType.DECISION_MADE, actor.id, "record", record.id, body))

    @staticmethod
    def _open_question(uow: UnitOfWork, record: Record) -> StepOutcome:
        outcomes = OutcomeRepository(uow.connection).of(record.id, record.version).values()
        stopped = [outcome for outcome in outcomes if outcome.status is not Status.DONE]
        if not stopped:
            raise Conflict("decision-not-asked", record=record.id)
        return stopped[0]

    def _return(self, uow: UnitOfWork, record: Record, outcome: StepOutcome, decision: PersonDecision) -> None:
        OutcomeRepository(uow.connection).put(
            StepOutcome(
                outcome.record_id,
                outcome.version,
                outcome.step,
                outcome.step_version,
                Status.RETURNED,
                "returned-by-person",
                {"reason": decision.reason},
                outcome.detail,
                0.0,
                decision.at,
            )
        )
        act = Act(
            EventType.RECORD_RETURNED,
            Actor(decision.actor, decision.actor),
            {"step": outcome.step, "code": "returned-by-person"},
        )
        self._ports.records.move(uow, record, RecordState.RETURNED, act)


def question_of(outcome: StepOutcome) -> str:
    """What tells one question from another: which version, which step, and when it was asked."""
    return f"{outcome.version}:{outcome.step}:{outcome.at.isoformat()}"


def _shown(outcome: StepOutcome) -> list[object]:
    """The results of checks that a person had before the eyes, as the check step recognises them again."""
    found: list[object] = []
    for kind in ("blocking", "asks"):
        results = outcome.detail.get(kind)
        found += results if isinstance(results, list) else []
    return found
