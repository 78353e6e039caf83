"""Every question that the feed asks. Nothing here lists a record without a `Scope`."""

from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from archive.authorization import Scope
from archive.ledger.model import entry
from archive.ledger.types import EventType
from archive.records.model import item
from archive.records.repository import within

_TELLING = (EventType.RECORD_PLACED, EventType.RECORD_FILED, EventType.RECORD_WITHDRAWN)
"""The acts by which what the public sees of a record changes. Others are told to nobody, not even that they were."""


class FeedRepository:
    """Looks at ledger and records as the feed needs them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> int:
        """The index of the last entry, -1 before the first."""
        found = self._connection.execute(select(func.max(entry.c.index))).scalar_one()
        return -1 if found is None else int(found)

    def leaf(self, index: int) -> str:
        """The beginning of the leaf hash of one entry in hexadecimal, "-" where there is none."""
        found = self._connection.execute(select(entry.c.leaf_hash).where(entry.c.index == index)).scalar_one_or_none()
        return "-" if found is None else bytes(found).hex()[:8]

    def first_between(self, after: int, since: datetime, until: datetime) -> int | None:
        """The index of the first entry behind `after` that was written in (`since`, `until`]."""
        columns = entry.c
        query = select(func.min(columns.index)).where(columns.index > after, columns.at > since, columns.at <= until)
        found = self._connection.execute(query).scalar_one()
        return None if found is None else int(found)

    def told(self, scope: Scope, after: int, last: int, limit: int) -> list[tuple[int, str]]:
        """Acts behind `after` up to `last` on records inside `scope`: their indexes with the records' ids, in order."""
        columns = entry.c
        query = (
            select(columns.index, item.c.id)
            # These acts have no other subject than a record. To say so would lead SQLite through all acts there are.
            .join(item, columns.subject_id == item.c.id)
            .where(columns.index > after, columns.index <= last, columns.type.in_(_TELLING), within(scope))
            .order_by(columns.index)
            .limit(limit)
        )
        return [(int(index), record_id) for index, record_id in self._connection.execute(query)]

    def released(
        self, scope: Scope, after: tuple[datetime, str], until: datetime, limit: int
    ) -> list[tuple[datetime, str]]:
        """Records inside `scope` whose moment came behind `after`, up to `until`: moments with ids, in order."""
        moment, record_id = after
        columns = item.c
        behind = or_(columns.released_from > moment, and_(columns.released_from == moment, columns.id > record_id))
        query = (
            select(columns.released_from, columns.id)
            .where(behind, columns.released_from <= until, within(scope))
            .order_by(columns.released_from, columns.id)
            .limit(limit)
        )
        return [(released, found) for released, found in self._connection.execute(query)]
