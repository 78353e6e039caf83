"""Takes a record as far along the graph as it will go: one stored outcome per step, one transaction per outcome."""

import time
from collections.abc import Mapping
from datetime import datetime

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from archive.authorization import SYSTEM_ACTOR
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict
from archive.ledger.types import EventType
from archive.messages import render
from archive.records.repository import RecordRepository
from archive.records.service import Act, RecordService, existing
from archive.records.types import RecordState
from archive.tracing import span
from ingest.pipeline.graph import Graph, Level, StepSpec
from ingest.repository import OutcomeRepository
from ingest.steps.port import Item, Result, Step
from ingest.types import PersonDecision, Status, StepOutcome

_STOPPED = {
    Status.WAITING: (RecordState.WAITING, EventType.RECORD_REFERRED),
    Status.RETURNED: (RecordState.RETURNED, EventType.RECORD_RETURNED),
}


_OVERTAKEN = frozenset({"project-ambiguous"})


class Runner:
    """Runs the item steps of `graph`; `steps` must have every one of them but `receive`, which intake stores."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        records: RecordService,
        clock: Clock,
        graph: Graph,
        steps: Mapping[str, Step],
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._records = records
        self._clock = clock
        self._graph = graph
        self._specs = [spec for spec in graph.of(Level.ITEM) if spec.name != "receive"]
        self._steps = steps
        self._log = structlog.get_logger()
        missing = [spec.name for spec in self._specs if spec.name not in steps]
        if missing:
            raise ValueError(f"no code for steps: {', '.join(missing)}")

    def advance(self, record_id: str) -> None:
        """Run what the record's present version still lacks, until it is through, waits for a person or is returned.

        Safe to call at any time and as often as one likes: what has its outcome is not done again.

        Raises:
            NotFound: there is no such record.
            ArchiveError: a step could not run; everything before it stays done.
        """
        with bound_contextvars(record=record_id, version=None):
            item = self._load(record_id)
            while (spec := self._next(item)) is not None:
                with span("step", record=record_id, version=item.version.number, step=spec.name):
                    stored = self._run(item, spec)
                if not stored:
                    # A new version came in meanwhile, or another worker was faster; what was found out is of no use.
                    item = self._load(record_id)

    def _run(self, item: Item, spec: StepSpec) -> bool:
        """Run one step and store its outcome; False if the record has moved on since it was loaded."""
        started = time.perf_counter()
        item.decision = self._decision(item, spec)
        result = self._steps[spec.name].run(item)
        milliseconds = (time.perf_counter() - started) * 1000
        try:
            stored = self._store(item, spec, result, milliseconds)
        except Conflict as error:
            if error.code not in _OVERTAKEN:
                raise
            # Between looking and writing another worker made it ambiguous: looked at again, it asks a person.
            stored = False
        self._log_step(spec, result, milliseconds, stored=stored)
        return stored

    def _log_step(self, spec: StepSpec, result: Result, milliseconds: float, *, stored: bool) -> None:
        """One line per step; where a record stops is for everybody, that it goes on only for who looks closely."""
        say = self._log.info if stored and result.status in _STOPPED else self._log.debug
        say(
            "step.done" if stored else "step.overtaken",
            step=spec.name,
            status=result.status,
            code=result.code,
            milliseconds=round(milliseconds, 3),
        )

    def _load(self, record_id: str) -> Item:
        with self._database.reading() as connection:
            repository = RecordRepository(connection)
            record = existing(repository, record_id)
            version = repository.version(record_id, record.version)
            if version is None:
                raise Conflict("record-version-missing", record=record_id, version=record.version)
            bind_contextvars(version=version.number)
            return Item(
                record=record,
                version=version,
                components=tuple(repository.components(version.id)),
                outcomes=OutcomeRepository(connection).of(record_id, record.version),
                texts=repository.texts(version.id),
                decision=None,
                blobs=self._blobs,
            )

    def _next(self, item: Item) -> StepSpec | None:
        for spec in self._specs:
            outcome = item.outcomes.get(spec.name)
            if outcome is None or outcome.step_version != spec.version:
                return spec
            if outcome.status is not Status.DONE:
                return None
        return None

    def _decision(self, item: Item, spec: StepSpec) -> PersonDecision | None:
        with self._database.reading() as connection:
            return OutcomeRepository(connection).decision(item.record.id, item.version.number, spec.name)

    def _store(self, item: Item, spec: StepSpec, result: Result, milliseconds: float) -> bool:
        """Store one outcome with what the step wrote; False if the record has moved on since it was loaded."""
        with self._database.writing() as uow:
            repository, outcomes = RecordRepository(uow.connection), OutcomeRepository(uow.connection)
            record = existing(repository, item.record.id)
            found = outcomes.standing(record.id, item.version.number)
            if record.version != item.version.number or found != _standing(item):
                return False
            # What was found out after an outcome that is no longer in force rests on it: it is found out again.
            later = [name for name in self._graph.from_step(spec.name)[1:] if name in item.outcomes]
            if later:
                outcomes.drop(record.id, record.version, later)
            if result.write is not None:
                result.write(uow, record)
            outcome = StepOutcome(
                record_id=record.id,
                version=item.version.number,
                step=spec.name,
                step_version=spec.version,
                status=result.status,
                code=result.code,
                params=result.params,
                detail=result.detail,
                milliseconds=round(milliseconds, 3),
                at=self._clock.now(),
            )
            outcomes.put(outcome)
            if result.status in _STOPPED:
                self._stop(uow, item, outcome)
            item.record = existing(repository, record.id)
            item.texts = repository.texts(item.version.id) if spec.name == "extract" else item.texts
            kept = {name: earlier for name, earlier in item.outcomes.items() if name not in later}
            item.outcomes = {**kept, spec.name: outcome}
        return True

    def _stop(self, uow: UnitOfWork, item: Item, outcome: StepOutcome) -> None:
        record = existing(RecordRepository(uow.connection), item.record.id)
        state, event = _STOPPED[outcome.status]
        body = {"step": outcome.step, "code": outcome.code or ""}
        self._records.move(uow, record, state, Act(event, SYSTEM_ACTOR, body))


def _standing(item: Item) -> set[tuple[str, int, datetime]]:
    return {(outcome.step, outcome.step_version, outcome.at) for outcome in item.outcomes.values()}


def reason(outcome: StepOutcome) -> str:
    """Why a step stopped, in words."""
    return render(outcome.code, outcome.params) if outcome.code else ""
