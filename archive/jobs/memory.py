"""The in-memory twin of the queue of work."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.ids import Ids
from archive.jobs.port import ALL_LANES, LONGEST_WAIT, POSTPONED, FailedJob, Job, Lane, pause_after
from archive.messages import render


@dataclass
class _Row:
    job: Job
    due: datetime
    lane: Lane
    lease_until: datetime | None = None
    failure: tuple[str, str] | None = None
    rested: bool = False
    first_failed: datetime | None = None
    last_failed: datetime | None = None

    def failed(self, now: datetime) -> None:
        """Remember that it failed."""
        self.first_failed, self.last_failed = self.first_failed or now, now


class MemoryJobQueue:
    """Keeps jobs in a list; a job enqueued in a unit of work appears when that has committed. For tests."""

    def __init__(self, clock: Clock, ids: Ids, lease: timedelta, attempts: int) -> None:
        self._clock = clock
        self._ids = ids
        self._lease = lease
        self._attempts = attempts
        self._rows: list[_Row] = []

    def enqueue(
        self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None, lane: Lane = Lane.LIGHT
    ) -> None:
        row = _Row(Job(self._ids.new("job"), kind, key, 0), due or self._clock.now(), lane)
        uow.after_commit(lambda: self._add(row))

    def _add(self, row: _Row) -> None:
        if not any(self._waits(other, row.job) for other in self._rows):
            self._rows.append(row)

    @staticmethod
    def _waits(row: _Row, job: Job) -> bool:
        return row.lease_until is None and row.failure is None and (row.job.kind, row.job.key) == (job.kind, job.key)

    def claim(self, worker: str, kinds: frozenset[str] | None = None, lanes: frozenset[Lane] = ALL_LANES) -> Job | None:
        wanted = [row for row in self._rows if row.lane in lanes]
        return self._first(worker, [row for row in wanted if kinds is None or row.job.kind in kinds])

    def take(self, worker: str, job_id: str) -> Job | None:
        return self._first(worker, [row for row in self._rows if row.job.id == job_id])

    def _first(self, worker: str, wanted: Sequence[_Row]) -> Job | None:
        now = self._clock.now()
        for row in sorted(wanted, key=lambda row: (row.due, row.job.id)):
            if not self._free(row, now):
                continue
            row.job = replace(row.job, attempt=row.job.attempt + 1, worker=worker)
            row.lease_until = now + self._lease
            if row.job.attempt <= self._attempts:
                return row.job
            self.set_aside(row.job, "job-deadly", render("job-deadly", {"attempts": self._attempts}))
        return None

    def _free(self, row: _Row, now: datetime) -> bool:
        if row.failure is not None:
            return False
        absurd = now + LONGEST_WAIT
        if row.lease_until is not None:
            return not now <= row.lease_until <= absurd
        same = (row.job.kind, row.job.key)
        held = (other.job for other in self._rows if other.lease_until and now <= other.lease_until <= absurd)
        due = row.due <= now or (row.rested and row.due > absurd)
        return due and same not in ((job.kind, job.key) for job in held)

    def _held(self, job: Job) -> _Row | None:
        return next((row for row in self._rows if row.job == job and row.lease_until is not None), None)

    def heartbeat(self, job: Job) -> None:
        row = self._held(job)
        if row is not None:
            row.lease_until = self._clock.now() + self._lease

    def complete(self, job: Job) -> None:
        held = self._held(job)
        if held is not None:
            self._rows.remove(held)
            self._forget_aside(job)

    def _forget_aside(self, job: Job) -> None:
        same = (job.kind, job.key)
        self._rows = [row for row in self._rows if row.failure is None or (row.job.kind, row.job.key) != same]

    def retry(self, job: Job, code: str, message: str) -> bool:
        if job.attempt >= self._attempts:
            self.set_aside(job, code, message)
            return False
        row = self._held(job)
        if row is not None and any(self._waits(other, job) for other in self._rows):
            self._rows.remove(row)
        elif row is not None:
            row.failed(self._clock.now())
            row.due, row.lease_until, row.rested = self._clock.now() + pause_after(job.attempt), None, True
        return True

    def postpone(self, job: Job, code: str, message: str) -> None:
        del code, message
        row = self._held(job)
        if row is not None and any(self._waits(other, job) for other in self._rows):
            self._rows.remove(row)
        elif row is not None:
            row.job = replace(job, attempt=job.attempt - 1)
            row.due, row.lease_until, row.rested = self._clock.now() + POSTPONED, None, True

    def set_aside(self, job: Job, code: str, message: str) -> None:
        row = self._held(job)
        if row is not None:
            self._forget_aside(job)
            row.failed(self._clock.now())
            row.lease_until, row.failure = None, (code, message)

    def revive(self, code: str | None = None, kind: str | None = None, key: str | None = None) -> int:
        aside = [row for row in self._rows if row.failure is not None and _wanted(row, code, kind, key)]
        self._rows = [row for row in self._rows if row not in aside]
        for row in aside:
            self._add(_Row(replace(row.job, attempt=0), self._clock.now(), row.lane))
            for waiting in (other for other in self._rows if self._waits(other, row.job)):
                waiting.first_failed, waiting.last_failed = row.first_failed, row.last_failed
        return len(aside)

    def pending(self) -> int:
        return sum(row.failure is None for row in self._rows)

    def failed(self) -> list[FailedJob]:
        return [
            FailedJob(row.job.kind, row.job.key, row.job.attempt, *row.failure, row.first_failed, row.last_failed)
            for row in sorted(self._rows, key=lambda row: (row.job.kind, row.job.key))
            if row.failure is not None
        ]


def _wanted(row: _Row, code: str | None, kind: str | None, key: str | None) -> bool:
    assert row.failure is not None
    pairs = ((code, row.failure[0]), (kind, row.job.kind), (key, row.job.key))
    return all(wanted is None or wanted == found for wanted, found in pairs)
