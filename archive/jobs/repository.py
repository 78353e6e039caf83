"""Every statement about jobs."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from archive.jobs.model import job
from archive.jobs.port import FailedJob, Job

WAITING, LEASED, ASIDE = "waiting", "leased", "aside"


class JobRepository:
    """Rows of jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job_id: str, kind: str, key: str, due: datetime) -> None:
        """A waiting job, unless one waits for the same kind and key already."""
        statement = upsert(job).values(id=job_id, kind=kind, key=key, state=WAITING, attempts=0, due=due)
        self._connection.execute(statement.on_conflict_do_nothing())

    def lease(self, worker: str, kinds: frozenset[str] | None, now: datetime, until: datetime) -> Job | None:
        """Lease the job that has been due longest, or whose lease has run out."""
        query = select(job.c.id, job.c.kind, job.c.key, job.c.attempts).where(_due(kinds, now))
        row = self._connection.execute(query.order_by(job.c.due, job.c.id).limit(1)).one_or_none()
        if row is None:
            return None
        attempt = row.attempts + 1
        self._connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(state=LEASED, worker=worker, lease_until=until, attempts=attempt)
        )
        return Job(row.id, row.kind, row.key, attempt)

    def any_due(self, kinds: frozenset[str] | None, now: datetime) -> bool:
        """Whether there is anything to lease."""
        return self._connection.execute(select(job.c.id).where(_due(kinds, now)).limit(1)).first() is not None

    def release(self, worker: str | None, now: datetime) -> int:
        """Let leased jobs of one worker (None: of all) wait again; one for which another waits already is dropped."""
        query = select(job.c.id, job.c.kind, job.c.key, job.c.attempts).where(job.c.state == LEASED)
        if worker is not None:
            query = query.where(job.c.worker == worker)
        rows = self._connection.execute(query).all()
        for row in rows:
            self.put_back(Job(row.id, row.kind, row.key, row.attempts), now, "", "")
        return len(rows)

    def extend(self, job_id: str, until: datetime) -> None:
        """Move the end of a lease."""
        self._connection.execute(update(job).where(job.c.id == job_id).values(lease_until=until))

    def remove(self, job_id: str) -> None:
        """Forget a job."""
        self._connection.execute(delete(job).where(job.c.id == job_id))

    def put_back(self, done: Job, due: datetime, code: str, message: str) -> None:
        """Let a job wait again; where another waits for the same thing already, that one is enough."""
        waiting = select(job.c.id).where(job.c.kind == done.kind, job.c.key == done.key, job.c.state == WAITING)
        if self._connection.execute(waiting).first() is not None:
            self.remove(done.id)
            return
        self._connection.execute(
            update(job)
            .where(job.c.id == done.id)
            .values(state=WAITING, due=due, lease_until=None, worker=None, code=code, message=message)
        )

    def set_aside(self, job_id: str, code: str, message: str) -> None:
        """Keep a job that cannot succeed, with its reason."""
        self._connection.execute(
            update(job)
            .where(job.c.id == job_id)
            .values(state=ASIDE, lease_until=None, worker=None, code=code, message=message)
        )

    def revive(self, now: datetime) -> int:
        """Let everything that was set aside wait again, without those for which another waits already."""
        rows = self._connection.execute(select(job.c.id, job.c.kind, job.c.key).where(job.c.state == ASIDE)).all()
        for row in rows:
            self._connection.execute(delete(job).where(job.c.id == row.id))
            self._connection.execute(
                upsert(job)
                .values(id=row.id, kind=row.kind, key=row.key, state=WAITING, attempts=0, due=now)
                .on_conflict_do_nothing()
            )
        return len(rows)

    def count_pending(self) -> int:
        """Jobs waiting or leased."""
        query = select(func.count()).select_from(job).where(job.c.state.in_((WAITING, LEASED)))
        return int(self._connection.execute(query).scalar_one())

    def failed(self) -> list[FailedJob]:
        """What was set aside, in order."""
        query = (
            select(job.c.kind, job.c.key, job.c.attempts, job.c.code, job.c.message)
            .where(job.c.state == ASIDE)
            .order_by(job.c.kind, job.c.key)
        )
        return [FailedJob(*row) for row in self._connection.execute(query)]

    def clear(self) -> None:
        """Forget every job: nothing is lost by it, a sweep finds all work again."""
        self._connection.execute(delete(job))


def _due(kinds: frozenset[str] | None, now: datetime) -> ColumnElement[bool]:
    due = or_(and_(job.c.state == WAITING, job.c.due <= now), and_(job.c.state == LEASED, job.c.lease_until < now))
    return due if kinds is None else and_(due, job.c.kind.in_(sorted(kinds)))
