"""The list of dead letters, and going on with them from the step that failed.

A job that is revived goes on by construction: what a record has an outcome for is not done again. A refused document is
forgotten by what it was told by, and its source is read at once; where nobody can read the source, this is said.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archive.authorization import Actor
from archive.db.uow import Database
from archive.jobs.port import FailedJob, JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from archive.ledger.types import Event, EventType
from archive.records.repository import RecordRepository
from ingest.connectors.registry import Registry
from ingest.dead_letters.repository import DeadLetterRepository
from ingest.dead_letters.types import DeadLetter, Orphans, Resumed, What
from ingest.pipeline.graph import Graph, Level
from ingest.repository import OutcomeRepository
from ingest.sources.repository import SourceRepository
from ingest.sources.rereading import reread
from ingest.sources.service import IMPORTED
from ingest.types import SeenArrival
from ingest.waking import ADVANCE, SYNC

_AT_ONCE = 500

Further = Callable[[], Iterable[DeadLetter]]
"""Gives dead letters of another kind, such as messages that have waited too long for what they belong to."""


@dataclass(frozen=True)
class DeadLetterPorts:
    """What the list needs. `further` are lists that others keep."""

    database: Database
    ledger: LedgerPort
    jobs: JobQueue
    registry: Registry
    graph: Graph
    further: Sequence[Further] = field(default=())


class DeadLetterService:
    """Use cases of whoever looks after what did not work. Permission is the caller's business."""

    def __init__(self, ports: DeadLetterPorts) -> None:
        self._ports = ports

    def all(self, reason: str | None = None, source: str | None = None, limit: int = 100) -> list[DeadLetter]:
        """At most `limit` of them, jobs first, then what was tried last; all, or those of a reason or a source."""
        letters = [letter for letter in self._others() if _wanted(letter, reason, source)][:limit]
        with self._ports.database.reading() as connection:
            # Only of those that are shown: there may be very many.
            letters = [replace(letter, step=self._step(connection, letter)) for letter in letters]
            refused = DeadLetterRepository(connection).refused(reason, source, limit)
            readable = {name: self._is_read(connection, name) for name in {seen.source for seen in refused}}
        return [*letters, *(_of_arrival(seen, by_us=readable[seen.source]) for seen in refused)][:limit]

    def by_reason(self, source: str | None = None) -> Mapping[str, int]:
        """How many there are, by the code of the reason."""
        counted = Counter(letter.code for letter in self._others() if _wanted(letter, None, source))
        with self._ports.database.reading() as connection:
            counted.update(DeadLetterRepository(connection).refused_by_code(source))
        return dict(sorted(counted.items()))

    def _others(self) -> list[DeadLetter]:
        failed = self._ports.jobs.failed()
        with self._ports.database.reading() as connection:
            records = [job.key for job in failed if job.kind == ADVANCE]
            sources = {
                record_id: name
                for start in range(0, len(records), _AT_ONCE)
                for record_id, name in DeadLetterRepository(connection)
                .sources_of(records[start : start + _AT_ONCE])
                .items()
            }
        letters = [self._of_job(job, sources) for job in failed]
        return [*letters, *(letter for further in self._ports.further for letter in further())]

    @staticmethod
    def _of_job(job: FailedJob, sources: Mapping[str, str]) -> DeadLetter:
        source = sources.get(job.key) if job.kind == ADVANCE else job.key if job.kind == SYNC else None
        return DeadLetter(
            what=What.JOB,
            source=source,
            key=job.key,
            kind=job.kind,
            step=job.kind,
            code=job.code,
            message=job.message,
            first=job.first_failed,
            last=job.last_failed,
            tries=job.attempts,
            by_us=True,
        )

    def _step(self, connection: Connection, letter: DeadLetter) -> str:
        """Where it goes on: of a record on its way, the step before which it stands."""
        if letter.what is not What.JOB or letter.kind != ADVANCE:
            return letter.step
        record = RecordRepository(connection).by_id(letter.key)
        if record is None:
            return ADVANCE
        done = OutcomeRepository(connection).of(record.id, record.version)
        for spec in self._ports.graph.of(Level.ITEM):
            outcome = done.get(spec.name)
            if outcome is None or (spec.after and outcome.step_version != spec.version):
                return spec.name
        return ADVANCE

    def _is_read(self, connection: Connection, name: str) -> bool:
        source = SourceRepository(connection).get(name)
        if source is None or source.paused_at is not None or source.location == IMPORTED:
            return False
        return self._ports.registry.is_read(source.connector)

    def resume(self, actor: Actor, reason: str | None = None, source: str | None = None) -> Resumed:
        """Go on with all of them, or with those of a reason or a source."""
        resumed = Resumed(jobs=self._resume_jobs(reason, source))
        with self._ports.database.reading() as connection:
            names = DeadLetterRepository(connection).sources_of_refused(reason, source)
        for name in names:
            self._resume_arrivals(actor, name, reason, resumed)
        return resumed

    def _resume_jobs(self, reason: str | None, source: str | None) -> int:
        if source is None:
            return self._ports.jobs.revive(code=reason)
        wanted = [letter for letter in self._others() if letter.what is What.JOB and _wanted(letter, reason, source)]
        return sum(self._ports.jobs.revive(letter.code, letter.kind, letter.key) for letter in wanted)

    def _resume_arrivals(self, actor: Actor, name: str, reason: str | None, resumed: Resumed) -> None:
        after = ""
        while True:
            with self._ports.database.writing() as uow:
                ids = DeadLetterRepository(uow.connection).ids_of_refused(reason, name, after, _AT_ONCE)
                if not ids:
                    return
                read = reread(uow, self._ports.jobs, self._ports.registry, name, ids)
                body: dict[str, JSON] = {"step": "receive", "choice": {"resume": reason or "*"}, "documents": len(ids)}
                self._ports.ledger.append(uow, Event(EventType.DECISION_MADE, actor.id, "source", name, body))
            if read:
                resumed.arrivals += len(ids)
            else:
                resumed.sender += len(ids)
            after = ids[-1]

    def orphans(self, limit: int = 100) -> Orphans:
        """What belongs to nothing."""
        with self._ports.database.reading() as connection:
            return DeadLetterRepository(connection).orphans(limit)


def _of_arrival(seen: SeenArrival, *, by_us: bool) -> DeadLetter:
    return DeadLetter(
        what=What.ARRIVAL,
        source=seen.source,
        key=seen.external_id,
        kind="document",
        step="receive",
        code=seen.code or "",
        message=seen.message or "",
        first=seen.since,
        last=seen.last_seen,
        tries=seen.tries,
        by_us=by_us,
        raw_sha256=seen.raw_sha256,
    )


def _wanted(letter: DeadLetter, reason: str | None, source: str | None) -> bool:
    return reason in {None, letter.code} and source in {None, letter.source}
