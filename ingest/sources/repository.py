"""Every statement about sources and arrivals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, or_, select, update

from archive.db.upsert import upsert
from archive.jobs.model import job
from archive.jobs.repository import LEASED, WAITING
from archive.records.model import item
from ingest.sources import model
from ingest.types import ArrivalStatus, SeenArrival, Source
from ingest.waking import SYNC


class SourceRepository:
    """Rows of sources and of what they showed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, source: Source) -> None:
        """Register a source."""
        self._connection.execute(insert(model.source).values(**_columns(source)))

    def update(self, name: str, **values: object) -> None:
        """Change columns of a source."""
        self._connection.execute(update(model.source).where(model.source.c.name == name).values(**values))

    def get(self, name: str) -> Source | None:
        """One source."""
        query = select(model.source).where(model.source.c.name == name)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Source(**row)

    def all(self) -> list[Source]:
        """Every source by name."""
        query = select(model.source).order_by(model.source.c.name)
        return [Source(**row) for row in self._connection.execute(query).mappings()]

    def arrival(self, source: str, external_id: str) -> SeenArrival | None:
        """What is remembered of one document."""
        columns = model.arrival.c
        query = select(model.arrival).where(columns.source == source, columns.external_id == external_id)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _arrival(row)

    def held(self, source: str, since: datetime | None, after: str, limit: int) -> list[SeenArrival]:
        """Documents of a source that it still shows as far as is known, and those refused, by id from `after` on.

        Those refused may have gone just as well, or have been mended. With `since` only what was published from then on
        and what has no known publication.
        """
        columns = model.arrival.c
        shown = or_(columns.status == ArrivalStatus.CAPTURED, columns.status == ArrivalStatus.REFUSED)
        query = select(model.arrival).where(columns.source == source, columns.external_id > after, shown)
        if since is not None:
            query = query.outerjoin(item, item.c.id == columns.record_id)
            query = query.where(or_(item.c.published.is_(None), item.c.published >= since))
        return self._arrivals(query.order_by(columns.external_id).limit(limit))

    def stale(self, source: str, before: datetime, limit: int) -> list[SeenArrival]:
        """Captured documents that were last asked about before a moment, longest ago first."""
        columns = model.arrival.c
        query = select(model.arrival).where(
            columns.source == source, columns.status == ArrivalStatus.CAPTURED, columns.checked_at < before
        )
        return self._arrivals(query.order_by(columns.checked_at, columns.external_id).limit(limit))

    def put_arrival(self, arrival: SeenArrival) -> None:
        """Remember a document, or what it is now."""
        values = _columns(arrival)
        later = {key: value for key, value in values.items() if key != "first_seen"}
        statement = upsert(self._connection, model.arrival).values(**values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["source", "external_id"], set_=later))

    def forget(self, source: str, external_ids: Sequence[str]) -> None:
        """Forget by what documents were told to be the same: whoever reads the source fetches them again."""
        columns = model.arrival.c
        wanted = and_(columns.source == source, columns.external_id.in_(external_ids))
        self._connection.execute(update(model.arrival).where(wanted).values(fingerprint=""))

    def refused(self, limit: int = 100) -> list[SeenArrival]:
        """Documents that could not be taken in, last seen first."""
        columns = model.arrival.c
        query = select(model.arrival).where(columns.status == ArrivalStatus.REFUSED)
        query = query.order_by(columns.last_seen.desc(), columns.external_id).limit(limit)
        return self._arrivals(query)

    def refused_of(self, source: str, limit: int) -> list[SeenArrival]:
        """Documents of one source that could not be taken in, last seen first."""
        columns = model.arrival.c
        query = select(model.arrival).where(columns.source == source, columns.status == ArrivalStatus.REFUSED)
        return self._arrivals(query.order_by(columns.last_seen.desc(), columns.external_id).limit(limit))

    def readings(self) -> dict[str, bool]:
        """Sources whose reading has been asked for: whether it is under way, or still waits for its turn."""
        query = select(job.c.key, job.c.state).where(job.c.kind == SYNC, job.c.state.in_((WAITING, LEASED)))
        found: dict[str, bool] = {}
        for name, state in self._connection.execute(query):
            found[name] = found.get(name, False) or state == LEASED
        return found

    def count_by_status(self) -> dict[tuple[str, ArrivalStatus], int]:
        """How many documents of each source stand how."""
        columns = model.arrival.c
        query = select(columns.source, columns.status, func.count()).group_by(columns.source, columns.status)
        return {(source, ArrivalStatus(status)): number for source, status, number in self._connection.execute(query)}

    def _arrivals(self, query: Select[Any]) -> list[SeenArrival]:
        return [_arrival(row) for row in self._connection.execute(query).mappings()]


def _columns(value: Source | SeenArrival) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _arrival(row: RowMapping) -> SeenArrival:
    values = dict(row)
    return SeenArrival(**values | {"status": ArrivalStatus(values["status"])})
