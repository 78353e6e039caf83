"""Every statement about the ledger's tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from archive.db.upsert import upsert
from archive.errors import Damaged
from archive.ledger import model
from archive.ledger.canonical import NotCanonical
from archive.ledger.entries import decode
from archive.ledger.types import Entry

__all__ = ["Connection", "EntryRow", "LedgerRepository"]

_BATCH = 500


@dataclass(frozen=True)
class EntryRow:
    """An entry as it lies in its row, unexamined: what `fsck` compares with what the bytes say."""

    index: int
    at: datetime
    type: str
    actor: str
    subject_kind: str
    subject_id: str
    data: bytes
    leaf_hash: bytes


class LedgerRepository:
    """Rows of entries, nodes, checkpoints and followers' positions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        """How many entries there are."""
        head = self._connection.execute(select(func.max(model.entry.c.index))).scalar_one()
        return 0 if head is None else int(head) + 1

    def insert_entry(self, entry: Entry, leaf_hash: bytes) -> None:
        """Put an entry in its place; the primary key refuses a second one there."""
        self._connection.execute(
            insert(model.entry),
            {
                "index": entry.index,
                "at": entry.at,
                "type": str(entry.event.type),
                "actor": entry.event.actor,
                "subject_kind": entry.event.subject_kind,
                "subject_id": entry.event.subject_id,
                "data": entry.data,
                "leaf_hash": leaf_hash,
            },
        )

    def entries(self, after: int, limit: int) -> list[Entry]:
        """Up to `limit` entries with an index above `after`, in order.

        Raises:
            Damaged: the bytes of one are no entry.
        """
        statement = (
            select(model.entry.c.index, model.entry.c.data)
            .where(model.entry.c.index > after)
            .order_by(model.entry.c.index)
            .limit(limit)
        )
        return [_entry(index, data) for index, data in self._connection.execute(statement)]

    def entries_for(self, subject_kind: str, subject_id: str) -> list[Entry]:
        """Every entry about one subject, in order. Raises as `entries`."""
        statement = (
            select(model.entry.c.index, model.entry.c.data)
            .where(model.entry.c.subject_kind == subject_kind, model.entry.c.subject_id == subject_id)
            .order_by(model.entry.c.index)
        )
        return [_entry(index, data) for index, data in self._connection.execute(statement)]

    def entries_at(self, indexes: Iterable[int]) -> Iterator[Entry]:
        """The entries with these indexes, in order; one that does not exist is left out. Raises as `entries`."""
        wanted = sorted(set(indexes))
        for start in range(0, len(wanted), _BATCH):
            statement = (
                select(model.entry.c.index, model.entry.c.data)
                .where(model.entry.c.index.in_(wanted[start : start + _BATCH]))
                .order_by(model.entry.c.index)
            )
            for index, data in self._connection.execute(statement):
                yield _entry(index, data)

    def rows(self, start: int, limit: int) -> list[EntryRow]:
        """Up to `limit` rows from index `start` on, as they lie there."""
        statement = select(model.entry).where(model.entry.c.index >= start).order_by(model.entry.c.index).limit(limit)
        return [EntryRow(**row) for row in self._connection.execute(statement).mappings()]

    def leaf(self, index: int) -> bytes | None:
        """The leaf hash of one entry."""
        statement = select(model.entry.c.leaf_hash).where(model.entry.c.index == index)
        return self._connection.execute(statement).scalar_one_or_none()

    def integrated(self) -> int:
        """How many entries the stored nodes cover: always an even number, for a node stands above two leaves."""
        statement = select(func.max(model.node.c.index)).where(model.node.c.level == 1)
        last = self._connection.execute(statement).scalar_one()
        return 0 if last is None else 2 * (int(last) + 1)

    def insert_nodes(self, nodes: Sequence[tuple[int, int, bytes]]) -> None:
        """Store nodes `(level, index, hash)`."""
        if nodes:
            rows = [{"level": level, "index": index, "hash": value} for level, index, value in nodes]
            self._connection.execute(insert(model.node), rows)

    def node(self, level: int, index: int) -> bytes | None:
        """The hash of one complete subtree above the leaves."""
        statement = select(model.node.c.hash).where(model.node.c.level == level, model.node.c.index == index)
        return self._connection.execute(statement).scalar_one_or_none()

    def nodes(self, level: int, start: int, end: int) -> dict[int, bytes]:
        """The nodes of one level with `start <= index < end`."""
        columns = model.node.c
        statement = select(columns.index, columns.hash).where(
            columns.level == level, columns.index >= start, columns.index < end
        )
        return {index: value for index, value in self._connection.execute(statement)}  # noqa: C416 - a Row is no pair to mypy

    def count_nodes(self) -> int:
        """How many nodes are stored."""
        return int(self._connection.execute(select(func.count()).select_from(model.node)).scalar_one())

    def insert_checkpoint(self, size: int, note: bytes, at: datetime) -> None:
        """Store a signed checkpoint."""
        self._connection.execute(insert(model.checkpoint), {"size": size, "note": note, "at": at})

    def last_checkpoint(self) -> bytes | None:
        """The note of the largest checkpoint."""
        statement = select(model.checkpoint.c.note).order_by(model.checkpoint.c.size.desc()).limit(1)
        return self._connection.execute(statement).scalar_one_or_none()

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Every checkpoint as size and note, by size."""
        statement = select(model.checkpoint.c.size, model.checkpoint.c.note).order_by(model.checkpoint.c.size)
        return [(row.size, row.note) for row in self._connection.execute(statement)]

    def position(self, name: str) -> int:
        """Up to which index a follower has applied the ledger; -1 before it has applied anything."""
        statement = select(model.follower.c.position).where(model.follower.c.name == name)
        position = self._connection.execute(statement).scalar_one_or_none()
        return -1 if position is None else int(position)

    def positions(self) -> dict[str, int]:
        """The position of every follower by name."""
        statement = select(model.follower.c.name, model.follower.c.position).order_by(model.follower.c.name)
        return {row.name: row.position for row in self._connection.execute(statement)}

    def set_position(self, name: str, position: int, at: datetime) -> None:
        """Remember how far a follower has come: the index of the last entry it applied and that entry's moment."""
        statement = upsert(self._connection, model.follower).values(name=name, position=position, at=at)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"position": position, "at": at})
        )

    def forget_position(self, name: str) -> None:
        """Let a follower start from the first entry."""
        self._connection.execute(delete(model.follower).where(model.follower.c.name == name))


def _entry(index: int, data: bytes) -> Entry:
    try:
        entry = decode(data)
    except NotCanonical as error:
        raise Damaged("ledger-entry-unreadable", index=index) from error
    if entry.index != index:
        raise Damaged("ledger-entry-unreadable", index=index)
    return entry
