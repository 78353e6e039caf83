"""Every statement about pushed messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, select, update

from archive.db.upsert import upsert
from ingest.push.model import message
from ingest.push.types import MessageState, Operation, Pushed, Shape


class PushRepository:
    """Rows of pushed messages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, pushed: Pushed) -> None:
        """Remember a message, or what it is now."""
        values = {name: getattr(pushed, name) for name in pushed.__dataclass_fields__}
        statement = upsert(self._connection, message).values(**values)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    def update(self, message_id: str, **values: object) -> None:
        """Change columns of a message."""
        self._connection.execute(update(message).where(message.c.id == message_id).values(**values))

    def of_document(self, document: str) -> list[Pushed]:
        """All messages of a document, in the order in which they came."""
        return self._all(select(message).where(message.c.document == document).order_by(message.c.place))

    def of_key(self, source: str, data_key: str) -> list[Pushed]:
        """All messages of a source with this key, in the order in which they came."""
        query = select(message).where(message.c.source == source, message.c.data_key == data_key)
        return self._all(query.order_by(message.c.received_at, message.c.data_no, message.c.place))

    def parents(self, source: str, names: Sequence[str]) -> dict[str, Mapping[str, object]]:
        """What the documents tell that are known by these names and have been joined."""
        query = select(message.c.known_as, message.c.facts).where(
            message.c.source == source, message.c.known_as.in_(names), message.c.state == MessageState.JOINED
        )
        rows = self._connection.execute(query.order_by(message.c.received_at, message.c.place))
        return {row.known_as: row.facts for row in rows}

    def waiting(self, source: str, name: str) -> list[str]:
        """The documents with a message that waits for what is known by this name; first those others may wait for.

        What waits for two of them is then looked at when both are there.
        """
        query = select(message.c.document).where(
            message.c.source == source, message.c.waiting_for == name, message.c.state == MessageState.HELD
        )
        query = query.group_by(message.c.document)
        depended_on = func.max(case((message.c.known_as == "", 0), else_=1))
        return list(self._connection.execute(query.order_by(depended_on.desc(), message.c.document)).scalars())

    def held_since(self, before: datetime, limit: int) -> list[Pushed]:
        """The messages that came before a moment and still wait for something, longest first."""
        query = select(message).where(message.c.state == MessageState.HELD, message.c.received_at < before)
        return self._all(query.order_by(message.c.received_at, message.c.id).limit(limit))

    def _all(self, query: Select[Any]) -> list[Pushed]:
        return [
            Pushed(
                **dict(row)
                | {
                    "operation": Operation(row["operation"]),
                    "shape": Shape(row["shape"]),
                    "state": MessageState(row["state"]),
                }
            )
            for row in self._connection.execute(query).mappings()
        ]
