"""The ledger's twin: a list. It follows units of work, so that a rollback drops what it appended."""

from collections.abc import Iterable

from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.ledger.repository import Connection
from archive.ledger.service import require_all, sequence
from archive.ledger.types import Entry, Event, SubjectKind


class MemoryLedger:
    """`LedgerPort` for tests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._committed: list[Entry] = []
        self._staged: list[Entry] = []
        self._uow: UnitOfWork | None = None

    def append(self, uow: UnitOfWork, event: Event) -> int:
        if uow is not self._uow:
            # Only one unit of work writes at a time: whatever an earlier one left was rolled back.
            self._uow, self._staged = uow, []
            uow.after_commit(self._commit)
        entry = sequence(len(self._committed) + len(self._staged), self._clock, event)
        self._staged.append(entry)
        return entry.index

    def size(self, connection: Connection) -> int:
        return len(self._visible(connection))

    def read(self, connection: Connection, after: int, limit: int) -> list[Entry]:
        return self._visible(connection)[after + 1 :][:limit]

    def entries_for(self, connection: Connection, subject_kind: SubjectKind, subject_id: str) -> list[Entry]:
        subject = (subject_kind, subject_id)
        return [e for e in self._visible(connection) if (e.event.subject_kind, e.event.subject_id) == subject]

    def entries_at(self, connection: Connection, indexes: Iterable[int]) -> list[Entry]:
        wanted = set(indexes)
        found = [entry for entry in self._visible(connection) if entry.index in wanted]
        require_all(wanted, found)
        return found

    def _visible(self, connection: Connection) -> list[Entry]:
        own = self._uow is not None and self._uow.connection is connection
        return self._committed + (self._staged if own else [])

    def _commit(self) -> None:
        self._committed += self._staged
        self._staged, self._uow = [], None
