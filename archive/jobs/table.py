"""The queue itself: a table, claimed by leases. What wakes workers, a look or a broker, is another matter."""

from collections import defaultdict
from datetime import datetime, timedelta

from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.ids import Ids
from archive.jobs.port import ALL_LANES, POSTPONED, FailedJob, Job, Lane, Waker, pause_after
from archive.jobs.repository import JobRepository, Wanted
from archive.messages import render


class TableJobQueue:
    """Jobs in the database, each leased for `lease` and tried at most `attempts` times; `waker` may be None."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        lease: timedelta,
        attempts: int,
        waker: Waker | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._lease = lease
        self._attempts = attempts
        self._waker = waker

    def enqueue(
        self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None, lane: Lane = Lane.LIGHT
    ) -> None:
        job_id = self._ids.new("job")
        added = JobRepository(uow.connection).add(job_id, kind, key, due or self._clock.now(), lane)
        waker = self._waker
        if added and due is None and waker is not None:
            uow.after_commit(lambda: waker.wake(lane, [job_id]))

    def claim(self, worker: str, kinds: frozenset[str] | None = None, lanes: frozenset[Lane] = ALL_LANES) -> Job | None:
        return self._claim(worker, Wanted(kinds, lanes))

    def take(self, worker: str, job_id: str) -> Job | None:
        return self._claim(worker, Wanted(job_id=job_id))

    def _claim(self, worker: str, wanted: Wanted) -> Job | None:
        now = self._clock.now()
        with self._database.reading() as connection:
            # Looking costs no lock: idle workers must not stand in the way of those that write.
            if not JobRepository(connection).any_due(wanted, now):
                return None
        with self._database.leasing() as connection:
            repository = JobRepository(connection)
            while (job := repository.lease(worker, wanted, now, now + self._lease)) is not None:
                if job.attempt <= self._attempts:
                    return job
                # Every worker that took it died over it; whoever looks into it finds it set aside.
                repository.set_aside(job, "job-deadly", render("job-deadly", {"attempts": self._attempts}), now)
            return None

    def heartbeat(self, job: Job) -> None:
        with self._database.leasing() as connection:
            JobRepository(connection).extend(job, self._clock.now() + self._lease)

    def complete(self, job: Job) -> None:
        with self._database.leasing() as connection:
            JobRepository(connection).finish(job)

    def retry(self, job: Job, code: str, message: str) -> bool:
        if job.attempt >= self._attempts:
            self.set_aside(job, code, message)
            return False
        # Not by a lease alone: somebody may be asking for the same work just now, and one that waits is enough.
        with self._database.writing() as uow:
            due = self._clock.now() + pause_after(job.attempt)
            JobRepository(uow.connection).put_back(job, due, code, message, failed=self._clock.now())
        return True

    def postpone(self, job: Job, code: str, message: str) -> None:
        with self._database.writing() as uow:
            due = self._clock.now() + POSTPONED
            JobRepository(uow.connection).put_back(job, due, code, message)

    def set_aside(self, job: Job, code: str, message: str) -> None:
        with self._database.leasing() as connection:
            JobRepository(connection).set_aside(job, code, message, self._clock.now())

    def revive(self, code: str | None = None, kind: str | None = None, key: str | None = None) -> int:
        with self._database.writing() as uow:
            return JobRepository(uow.connection).revive(self._clock.now(), code, kind, key)

    def release_dead(self, worker: str) -> int:
        """Give back the leases of a worker known to be dead; how many. It has used up an attempt of each."""
        with self._database.writing() as uow:
            return JobRepository(uow.connection).release(worker, self._clock.now(), blamed=True)

    def release_stopped(self, workers: str) -> int:
        """Give back the leases of all workers whose names begin so, which were stopped together; how many."""
        with self._database.writing() as uow:
            return JobRepository(uow.connection).release(workers, self._clock.now(), blamed=False)

    def holder(self, job_id: str) -> str | None:
        """The worker that holds a job, None where nobody does."""
        with self._database.reading() as connection:
            return JobRepository(connection).holder(job_id)

    def due(self, limit: int) -> dict[Lane, list[str]]:
        """Jobs that could be claimed now by lane, in order, at most `limit` of each: what wakers may have lost."""
        found: dict[Lane, list[str]] = defaultdict(list)
        with self._database.reading() as connection:
            for lane in Lane:
                found[lane] = JobRepository(connection).due(lane, self._clock.now(), limit)
        return found

    def busy(self) -> bool:
        """Whether a job is being worked on or could be claimed now; retries due later do not count."""
        with self._database.reading() as connection:
            repository = JobRepository(connection)
            return repository.count_leased() > 0 or repository.any_due(Wanted(), self._clock.now())

    def pending(self) -> int:
        with self._database.reading() as connection:
            return JobRepository(connection).count_pending()

    def failed(self) -> list[FailedJob]:
        with self._database.reading() as connection:
            return JobRepository(connection).failed()
