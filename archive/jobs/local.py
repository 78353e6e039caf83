"""The embedded queue: the table of jobs itself, polled by worker processes of this machine."""

from datetime import datetime, timedelta

from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.ids import Ids
from archive.jobs.port import FailedJob, Job, pause_after
from archive.jobs.repository import JobRepository
from archive.messages import render


class LocalJobQueue:
    """Jobs in the database, each leased for `lease` and tried at most `attempts` times."""

    def __init__(self, database: Database, clock: Clock, ids: Ids, lease: timedelta, attempts: int) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._lease = lease
        self._attempts = attempts

    def enqueue(self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None) -> None:
        JobRepository(uow.connection).add(self._ids.new("job"), kind, key, due or self._clock.now())

    def claim(self, worker: str, kinds: frozenset[str] | None = None) -> Job | None:
        now = self._clock.now()
        with self._database.reading() as connection:
            # Looking costs no lock: idle workers must not stand in the way of those that write.
            if not JobRepository(connection).any_due(kinds, now):
                return None
        with self._database.writing() as uow:
            repository = JobRepository(uow.connection)
            while (job := repository.lease(worker, kinds, now, now + self._lease)) is not None:
                if job.attempt <= self._attempts:
                    return job
                # Every worker that took it died over it; whoever looks into it finds it set aside.
                repository.set_aside(job, "job-deadly", render("job-deadly", {"attempts": self._attempts}))
            return None

    def heartbeat(self, job: Job) -> None:
        with self._database.writing() as uow:
            JobRepository(uow.connection).extend(job, self._clock.now() + self._lease)

    def complete(self, job: Job) -> None:
        with self._database.writing() as uow:
            JobRepository(uow.connection).finish(job)

    def retry(self, job: Job, code: str, message: str) -> bool:
        if job.attempt >= self._attempts:
            self.set_aside(job, code, message)
            return False
        due = self._clock.now() + pause_after(job.attempt)
        with self._database.writing() as uow:
            JobRepository(uow.connection).put_back(job, due, code, message)
        return True

    def set_aside(self, job: Job, code: str, message: str) -> None:
        with self._database.writing() as uow:
            JobRepository(uow.connection).set_aside(job, code, message)

    def revive(self) -> int:
        with self._database.writing() as uow:
            return JobRepository(uow.connection).revive(self._clock.now())

    def release_dead(self, worker: str | None = None) -> int:
        """Give back the leases of a worker known to be dead, or of all where none can be alive; how many.

        A worker that died over a job has used up an attempt; jobs of workers that were all stopped have not.
        """
        with self._database.writing() as uow:
            return JobRepository(uow.connection).release(worker, self._clock.now())

    def busy(self) -> bool:
        """Whether a job is being worked on or could be claimed now; retries due later do not count."""
        with self._database.reading() as connection:
            repository = JobRepository(connection)
            return repository.count_leased() > 0 or repository.any_due(None, self._clock.now())

    def pending(self) -> int:
        with self._database.reading() as connection:
            return JobRepository(connection).count_pending()

    def failed(self) -> list[FailedJob]:
        with self._database.reading() as connection:
            return JobRepository(connection).failed()
