"""The in-memory twin of the queue of work."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.ids import Ids
from archive.jobs.port import FailedJob, Job


@dataclass
class _Row:
    job: Job
    due: datetime
    lease_until: datetime | None = None
    failure: tuple[str, str] | None = None


class MemoryJobQueue:
    """Keeps jobs in a list; a job enqueued in a unit of work appears when that has committed. For tests."""

    def __init__(self, clock: Clock, ids: Ids, lease: timedelta, attempts: int) -> None:
        self._clock = clock
        self._ids = ids
        self._lease = lease
        self._attempts = attempts
        self._rows: list[_Row] = []

    def enqueue(self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None) -> None:
        row = _Row(Job(self._ids.new("job"), kind, key, 0), due or self._clock.now())
        uow.after_commit(lambda: self._add(row))

    def _add(self, row: _Row) -> None:
        if not any(self._waits(other, row.job) for other in self._rows):
            self._rows.append(row)

    @staticmethod
    def _waits(row: _Row, job: Job) -> bool:
        return row.lease_until is None and row.failure is None and (row.job.kind, row.job.key) == (job.kind, job.key)

    def claim(self, worker: str, kinds: frozenset[str] | None = None) -> Job | None:
        del worker
        now = self._clock.now()
        for row in sorted(self._rows, key=lambda row: (row.due, row.job.id)):
            free = row.due <= now if row.lease_until is None else row.lease_until < now
            if row.failure is None and free and (kinds is None or row.job.kind in kinds):
                row.lease_until = now + self._lease
                row.job = replace(row.job, attempt=row.job.attempt + 1)
                return row.job
        return None

    def _row(self, job: Job) -> _Row:
        return next(row for row in self._rows if row.job.id == job.id)

    def heartbeat(self, job: Job) -> None:
        self._row(job).lease_until = self._clock.now() + self._lease

    def complete(self, job: Job) -> None:
        self._rows = [row for row in self._rows if row.job.id != job.id]

    def retry(self, job: Job, code: str, message: str) -> bool:
        if job.attempt >= self._attempts:
            self.set_aside(job, code, message)
            return False
        row = self._row(job)
        if any(self._waits(other, job) for other in self._rows):
            self.complete(job)
            return True
        row.due = self._clock.now() + timedelta(seconds=2 ** (job.attempt - 1))
        row.lease_until = None
        return True

    def set_aside(self, job: Job, code: str, message: str) -> None:
        row = self._row(job)
        row.lease_until, row.failure = None, (code, message)

    def revive(self) -> int:
        aside = [row for row in self._rows if row.failure is not None]
        self._rows = [row for row in self._rows if row.failure is None]
        for row in aside:
            self._add(_Row(replace(row.job, attempt=0), self._clock.now()))
        return len(aside)

    def pending(self) -> int:
        return sum(row.failure is None for row in self._rows)

    def failed(self) -> list[FailedJob]:
        return [
            FailedJob(row.job.kind, row.job.key, row.job.attempt, *row.failure)
            for row in sorted(self._rows, key=lambda row: (row.job.kind, row.job.key))
            if row.failure is not None
        ]
