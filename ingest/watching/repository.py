"""Statements that count the whole archive, for whoever runs it.

What they give never reaches a reader, so they take no scope, which would make the database look at every row. Each
is answered from an index. Two walk through a whole one, of records and of volumes by state, and read no row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, String, and_, column, func, select, table

from archive.jobs.model import job
from archive.jobs.repository import ASIDE, LEASED, WAITING
from archive.ledger.model import checkpoint
from archive.records.model import item
from archive.volumes.model import volume
from ingest.model import outcome
from ingest.sources.model import arrival
from ingest.types import ArrivalStatus, Status


@dataclass(frozen=True)
class Stopped:
    """How many records a step has stopped with one status, and since when the first of them."""

    step: str
    status: Status
    number: int
    oldest: datetime


@dataclass(frozen=True)
class Passed:
    """How many outcomes of one step and status were stored, and what they took together, in milliseconds."""

    step: str
    status: Status
    number: int
    milliseconds: float


@dataclass(frozen=True)
class Failing:
    """How many jobs failed with one code at their last attempt and are in one state now."""

    kind: str
    state: str
    code: str
    number: int


class WatchRepository:
    """Counts over the tables of every package."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def revision(self) -> str | None:
        """The revision that the schema is at."""
        version: ColumnElement[str] = column("version_num", String)
        statement = select(version).select_from(table("alembic_version"))
        return self._connection.execute(statement).scalar_one_or_none()

    def records(self) -> dict[str, int]:
        """Records by state."""
        return self._pairs(select(item.c.state, func.count()).group_by(item.c.state))

    def volumes(self) -> dict[str, int]:
        """Volumes by state."""
        return self._pairs(select(volume.c.state, func.count()).group_by(volume.c.state))

    def stopped(self) -> list[Stopped]:
        """What the present versions of records have stopped at."""
        columns = outcome.c
        present = and_(columns.record_id == item.c.id, columns.version == item.c.version)
        statement = (
            select(columns.step, columns.status, func.count(), func.min(columns.at))
            .select_from(outcome.join(item, present))
            .where(columns.status.in_((Status.WAITING, Status.RETURNED)))
            .group_by(columns.step, columns.status)
            .order_by(columns.step, columns.status)
        )
        rows = self._connection.execute(statement)
        return [Stopped(step, Status(status), number, oldest) for step, status, number, oldest in rows]

    def passed(self, since: datetime) -> list[Passed]:
        """What was stored from `since` on."""
        columns = outcome.c
        statement = (
            select(columns.step, columns.status, func.count(), func.sum(columns.milliseconds))
            .where(columns.at >= since)
            .group_by(columns.step, columns.status)
            .order_by(columns.step, columns.status)
        )
        rows = self._connection.execute(statement)
        return [Passed(step, Status(status), number, spent) for step, status, number, spent in rows]

    def jobs(self, kinds: Iterable[str]) -> dict[tuple[str, str], int]:
        """Jobs of these kinds by kind and state."""
        return {(kind, state): self._number(kind, state) for kind in kinds for state in (WAITING, LEASED, ASIDE)}

    def _number(self, kind: str, state: str) -> int:
        statement = select(func.count()).select_from(job).where(job.c.state == state, job.c.kind == kind)
        return int(self._connection.execute(statement).scalar_one())

    def oldest_due(self, kind: str, now: datetime) -> datetime | None:
        """Since when the first waiting job of a kind has been due, None where none is."""
        columns = job.c
        statement = (
            select(columns.due)
            .where(columns.state == WAITING, columns.kind == kind, columns.due <= now)
            .order_by(columns.due)
            .limit(1)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def failing(self) -> list[Failing]:
        """Jobs whose last attempt failed."""
        columns = job.c
        statement = (
            select(columns.kind, columns.state, columns.code, func.count())
            # Few have a code: they are found by it, and those just tried again are left out of what is found.
            .where(columns.code > "")
            .group_by(columns.code, columns.kind, columns.state)
        )
        found = [Failing(*row) for row in self._connection.execute(statement)]
        return [one for one in found if one.state != LEASED]

    def arrivals(self, status: ArrivalStatus) -> dict[str, int]:
        """Documents that stand like this, by source."""
        columns = arrival.c
        statement = select(columns.source, func.count()).where(columns.status == status).group_by(columns.source)
        return self._pairs(statement)

    def checkpoint(self) -> tuple[int, datetime] | None:
        """How many entries the last checkpoint covers, and when it was signed."""
        columns = checkpoint.c
        statement = select(columns.size, columns.at).order_by(columns.size.desc()).limit(1)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else (row.size, row.at)

    def _pairs(self, statement: Select[str, int]) -> dict[str, int]:
        return {name: int(number) for name, number in self._connection.execute(statement)}
