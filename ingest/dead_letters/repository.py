"""Every question that dead letters ask about documents that were refused, and about what belongs to nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from archive.records.model import item
from ingest.dead_letters.types import Orphans
from ingest.sources.model import arrival, source
from ingest.types import ArrivalStatus, SeenArrival


class DeadLetterRepository:
    """Asks; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def refused(self, code: str | None, name: str | None, limit: int) -> list[SeenArrival]:
        """Documents that could not be taken in, last seen first."""
        columns = arrival.c
        query = select(arrival).where(_refused(code, name))
        query = query.order_by(columns.last_seen.desc(), columns.source, columns.external_id).limit(limit)
        rows = self._connection.execute(query).mappings()
        return [SeenArrival(**dict(row) | {"status": ArrivalStatus(row["status"])}) for row in rows]

    def refused_by_code(self, name: str | None) -> dict[str, int]:
        """How many could not be taken in, by reason."""
        columns = arrival.c
        query = select(columns.code, func.count()).where(_refused(None, name)).group_by(columns.code)
        return {code or "": number for code, number in self._connection.execute(query)}

    def sources_of_refused(self, code: str | None, name: str | None) -> list[str]:
        """Which sources have any."""
        query = select(arrival.c.source).where(_refused(code, name)).distinct().order_by(arrival.c.source)
        return list(self._connection.execute(query).scalars())

    def ids_of_refused(self, code: str | None, name: str, after: str, limit: int) -> list[str]:
        """External ids of those of one source, from `after` on."""
        columns = arrival.c
        query = select(columns.external_id).where(_refused(code, name), columns.external_id > after)
        return list(self._connection.execute(query.order_by(columns.external_id).limit(limit)).scalars())

    def sources_of(self, record_ids: Sequence[str]) -> dict[str, str]:
        """The sources of records."""
        query = select(item.c.id, item.c.source).where(item.c.id.in_(record_ids))
        return {row.id: row.source for row in self._connection.execute(query)}

    def orphans(self, limit: int) -> Orphans:
        """What belongs to nothing, at most `limit` of each."""
        columns = arrival.c
        record = exists().where(item.c.id == columns.record_id)
        unbound = select(columns.source, columns.external_id).where(columns.status == ArrivalStatus.CAPTURED, ~record)
        unbound = unbound.order_by(columns.source, columns.external_id).limit(limit)
        registered = exists().where(source.c.name == item.c.source)
        sourceless = select(item.c.id).where(~registered).order_by(item.c.id).limit(limit)
        seen = exists().where(columns.source == item.c.source, columns.external_id == item.c.external_id)
        unremembered = select(item.c.id).where(~seen).order_by(item.c.id).limit(limit)
        return Orphans(
            arrivals=tuple((name, external_id) for name, external_id in self._connection.execute(unbound)),
            records=tuple(self._connection.execute(sourceless).scalars()),
            unremembered=tuple(self._connection.execute(unremembered).scalars()),
        )


def _refused(code: str | None, name: str | None) -> ColumnElement[bool]:
    conditions: list[Any] = [arrival.c.status == ArrivalStatus.REFUSED]
    if code is not None:
        conditions.append(arrival.c.code == code)
    if name is not None:
        conditions.append(arrival.c.source == name)
    return and_(*conditions)
