"""Every statement about jobs."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, select, update
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
        rows = [row for condition in _due(kinds, now) if (row := self._first(condition)) is not None]
        if not rows:
            return None
        row = min(rows, key=lambda row: (row.due, row.id))
        attempt = row.attempts + 1
        self._connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(state=LEASED, worker=worker, lease_until=until, attempts=attempt)
        )
        return Job(row.id, row.kind, row.key, attempt)

    def any_due(self, kinds: frozenset[str] | None, now: datetime) -> bool:
        """Whether there is anything to lease."""
        return any(self._first(condition) is not None for condition in _due(kinds, now))

    def _first(self, condition: ColumnElement[bool]) -> Row[str, str, str, int, datetime] | None:
        columns = job.c
        query = select(columns.id, columns.kind, columns.key, columns.attempts, columns.due).where(condition)
        return self._connection.execute(query.order_by(columns.due, columns.id).limit(1)).one_or_none()

    def release(self, worker: str | None, now: datetime) -> int:
        """Let leased jobs of one worker (None: of all) wait again; one for which another waits already is dropped.

        Where all were stopped, none of them is to blame: their attempts are given back.
        """
        query = select(job.c.id, job.c.kind, job.c.key, job.c.attempts).where(job.c.state == LEASED)
        if worker is not None:
            query = query.where(job.c.worker == worker)
        rows = self._connection.execute(query).all()
        for row in rows:
            self.put_back(Job(row.id, row.kind, row.key, row.attempts), now, "", "")
            if worker is None:
                self._connection.execute(update(job).where(job.c.id == row.id).values(attempts=row.attempts - 1))
        return len(rows)

    def extend(self, held: Job, until: datetime) -> None:
        """Move the end of a lease."""
        self._connection.execute(update(job).where(_held(held)).values(lease_until=until))

    def put_back(self, done: Job, due: datetime, code: str, message: str) -> None:
        """Let a job wait again; where another waits for the same thing already, that one is enough."""
        waiting = select(job.c.id).where(job.c.kind == done.kind, job.c.key == done.key, job.c.state == WAITING)
        if self._connection.execute(waiting).first() is not None:
            self._connection.execute(delete(job).where(_held(done)))
            return
        self._connection.execute(
            update(job)
            .where(_held(done))
            .values(state=WAITING, due=due, lease_until=None, worker=None, code=code, message=message)
        )

    def finish(self, done: Job) -> None:
        """Forget a job that is done, and what was set aside for the same work before."""
        if self._connection.execute(delete(job).where(_held(done))).rowcount:
            self._connection.execute(delete(job).where(_aside(done)))

    def set_aside(self, failed: Job, code: str, message: str) -> None:
        """Keep a job that cannot succeed, with its reason, in place of what was set aside for the same work before."""
        values = {"state": ASIDE, "lease_until": None, "worker": None, "code": code, "message": message}
        if self._connection.execute(update(job).where(_held(failed)).values(**values)).rowcount:
            self._connection.execute(delete(job).where(_aside(failed), job.c.id != failed.id))

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

    def count_leased(self) -> int:
        """Jobs leased."""
        query = select(func.count()).select_from(job).where(job.c.state == LEASED)
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


def _held(by: Job) -> ColumnElement[bool]:
    """The row of a leased job, as long as nobody else has claimed it since: each claim counts one attempt more."""
    return and_(job.c.id == by.id, job.c.state == LEASED, job.c.attempts == by.attempt)


def _aside(like: Job) -> ColumnElement[bool]:
    return and_(job.c.state == ASIDE, job.c.kind == like.kind, job.c.key == like.key)


def _due(kinds: frozenset[str] | None, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The ways to be due, each answered by the index on state and due: together they would be sorted on every look."""
    other = job.alias()
    same = and_(other.c.kind == job.c.kind, other.c.key == job.c.key)
    busy = and_(other.c.state == LEASED, other.c.lease_until >= now, same)
    ways = (
        and_(job.c.state == WAITING, job.c.due <= now, ~exists().where(busy)),
        and_(job.c.state == LEASED, job.c.lease_until < now),
    )
    return ways if kinds is None else tuple(and_(way, job.c.kind.in_(sorted(kinds))) for way in ways)
