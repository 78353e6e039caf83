"""Every statement about jobs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, func, literal, or_, select, update

from archive.db.base import Moment
from archive.db.upsert import upsert
from archive.jobs.model import job
from archive.jobs.port import ALL_LANES, LONGEST_WAIT, FailedJob, Job, Lane

WAITING, LEASED, ASIDE = "waiting", "leased", "aside"


@dataclass(frozen=True)
class Wanted:
    """Which jobs a worker would take; None is any."""

    kinds: frozenset[str] | None = None
    lanes: frozenset[Lane] = ALL_LANES
    job_id: str | None = None


class JobRepository:
    """Rows of jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job_id: str, kind: str, key: str, due: datetime, lane: Lane) -> bool:
        """A waiting job, unless one waits for the same kind and key already; whether it was added."""
        values = {"id": job_id, "kind": kind, "key": key, "state": WAITING, "attempts": 0, "due": due, "lane": lane}
        statement = upsert(self._connection, job).values(**values).on_conflict_do_nothing().returning(job.c.id)
        return self._connection.execute(statement).first() is not None

    def lease(self, worker: str, wanted: Wanted, now: datetime, until: datetime) -> Job | None:
        """Lease the job that has been due longest, or whose lease has run out; rows others look at are passed over."""
        rows = [row for condition in _due(wanted, now) if (row := self._first(condition, lock=True)) is not None]
        if not rows:
            return None
        row = min(rows, key=lambda row: (row.due, row.id))
        attempt = row.attempts + 1
        self._connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(state=LEASED, worker=worker, lease_until=until, attempts=attempt)
        )
        return Job(row.id, row.kind, row.key, attempt, worker)

    def any_due(self, wanted: Wanted, now: datetime) -> bool:
        """Whether there is anything to lease."""
        return any(self._first(condition, lock=False) is not None for condition in _due(wanted, now))

    def due(self, lane: Lane, now: datetime, limit: int) -> list[str]:
        """The jobs of a lane that could be leased now, longest due first, as far as `limit`."""
        query = select(job.c.id).where(or_(*_due(Wanted(lanes=frozenset({lane})), now)))
        return list(self._connection.execute(query.order_by(job.c.due, job.c.id).limit(limit)).scalars())

    def holder(self, job_id: str) -> str | None:
        """Who holds a job."""
        query = select(job.c.worker).where(job.c.id == job_id, job.c.state == LEASED)
        return self._connection.execute(query).scalar_one_or_none()

    def _first(self, condition: ColumnElement[bool], *, lock: bool) -> Row[str, str, str, int, datetime] | None:
        columns = job.c
        query = select(columns.id, columns.kind, columns.key, columns.attempts, columns.due).where(condition)
        query = query.order_by(columns.due, columns.id).limit(1)
        # SQLite has no locks on rows and needs none: there, whoever leases is the only one that writes.
        query = query.with_for_update(skip_locked=True) if lock else query
        return self._connection.execute(query).one_or_none()

    def release(self, workers: str, now: datetime, *, blamed: bool) -> int:
        """Let jobs held by workers of that name or beginning wait again; one for which another waits is dropped.

        Those that are not to blame, because all were stopped, are given their attempt back.
        """
        query = select(job.c.id, job.c.kind, job.c.key, job.c.attempts, job.c.worker).where(job.c.state == LEASED)
        rows = self._connection.execute(query.where(job.c.worker.startswith(workers, autoescape=True))).all()
        for row in rows:
            held = Job(row.id, row.kind, row.key, row.attempts, row.worker)
            self.put_back(held, now, "", "", failed=now if blamed else None)
        return len(rows)

    def extend(self, held: Job, until: datetime) -> None:
        """Move the end of a lease."""
        self._connection.execute(update(job).where(_held(held)).values(lease_until=until))

    def put_back(self, done: Job, due: datetime, code: str, message: str, *, failed: datetime | None = None) -> None:
        """Let a job wait again; where another waits for the same thing already, that one is enough.

        `failed` is when it failed; one that is not to blame did not, and gets its attempt back.
        """
        waiting = select(job.c.id).where(job.c.kind == done.kind, job.c.key == done.key, job.c.state == WAITING)
        if self._connection.execute(waiting).first() is not None:
            self._connection.execute(delete(job).where(_held(done)))
            return
        self._connection.execute(
            update(job)
            .where(_held(done))
            .values(
                state=WAITING,
                due=due,
                lease_until=None,
                worker=None,
                code=code,
                message=_storable(message),
                attempts=done.attempt - 1 if failed is None else done.attempt,
                **_failing(failed),
            )
        )

    def finish(self, done: Job) -> None:
        """Forget a job that is done, and what was set aside for the same work before."""
        if self._connection.execute(delete(job).where(_held(done))).rowcount:
            self._connection.execute(delete(job).where(_aside(done)))

    def set_aside(self, failed: Job, code: str, message: str, now: datetime) -> None:
        """Keep a job that cannot succeed, with its reason, in place of what was set aside for the same work before."""
        said = _storable(message)
        values = {"state": ASIDE, "lease_until": None, "worker": None, "code": code, "message": said} | _failing(now)
        if self._connection.execute(update(job).where(_held(failed)).values(**values)).rowcount:
            self._connection.execute(delete(job).where(_aside(failed), job.c.id != failed.id))

    def revive(self, now: datetime, code: str | None, kind: str | None, key: str | None) -> int:
        """Let what was set aside wait again, without those for which another waits already; all, or those wanted."""
        columns = (job.c.id, job.c.kind, job.c.key, job.c.lane, job.c.first_failed, job.c.last_failed)
        query = select(*columns).where(job.c.state == ASIDE)
        for column, wanted in ((job.c.code, code), (job.c.kind, kind), (job.c.key, key)):
            query = query if wanted is None else query.where(column == wanted)
        rows = self._connection.execute(query).all()
        for row in rows:
            self._connection.execute(delete(job).where(job.c.id == row.id))
            self.add(row.id, row.kind, row.key, now, Lane(row.lane))
            waits = and_(job.c.kind == row.kind, job.c.key == row.key, job.c.state == WAITING)
            moments = {"first_failed": row.first_failed, "last_failed": row.last_failed}
            self._connection.execute(update(job).where(waits).values(**moments))
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
            select(*(job.c[name] for name in FailedJob.__dataclass_fields__))
            .where(job.c.state == ASIDE)
            .order_by(job.c.kind, job.c.key)
        )
        return [FailedJob(*row) for row in self._connection.execute(query)]

    def clear(self) -> None:
        """Forget every job: nothing is lost by it, a sweep finds all work again."""
        self._connection.execute(delete(job))


def _storable(message: str) -> str:
    """What an error says may repeat anything; a database keeps no U+0000 and no half of a character."""
    return message.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _failing(now: datetime | None) -> dict[str, object]:
    """What changes when a job fails now: the first time stays."""
    return (
        {}
        if now is None
        else {"first_failed": func.coalesce(job.c.first_failed, literal(now, Moment())), "last_failed": now}
    )


def _held(by: Job) -> ColumnElement[bool]:
    """The row of a leased job, as long as nobody has claimed it since: another worker, or the same once more."""
    mine = and_(job.c.worker == by.worker, job.c.attempts == by.attempt)
    return and_(job.c.id == by.id, job.c.state == LEASED, mine)


def _aside(like: Job) -> ColumnElement[bool]:
    return and_(job.c.state == ASIDE, job.c.kind == like.kind, job.c.key == like.key)


def _due(wanted: Wanted, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The ways to be due, each answered by the index on state and due: together they would be sorted on every look."""
    other, absurd = job.alias(), now + LONGEST_WAIT
    same = and_(other.c.kind == job.c.kind, other.c.key == job.c.key)
    busy = and_(other.c.state == LEASED, other.c.lease_until.between(now, absurd), same)
    ways = (
        and_(job.c.state == WAITING, job.c.due <= now, ~exists().where(busy)),
        and_(job.c.state == LEASED, job.c.lease_until < now),
        # Nobody leases or rests for so long: a clock was wrong when this was written, and what it said does not count.
        and_(job.c.state == LEASED, job.c.lease_until > absurd),
        and_(job.c.state == WAITING, job.c.code.is_not(None), job.c.due > absurd, ~exists().where(busy)),
    )
    limits: list[ColumnElement[bool]] = []
    if wanted.kinds is not None:
        limits.append(job.c.kind.in_(sorted(wanted.kinds)))
    if wanted.lanes != ALL_LANES:
        limits.append(job.c.lane.in_(sorted(wanted.lanes)))
    if wanted.job_id is not None:
        limits.append(job.c.id == wanted.job_id)
    return tuple(and_(way, *limits) for way in ways)
