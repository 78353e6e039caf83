"""The ledger over the database: the first stage, giving every act its place."""

from collections.abc import Iterable

from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.errors import InvalidInput, NotFound
from archive.ledger.canonical import NotCanonical
from archive.ledger.entries import encode
from archive.ledger.merkle import leaf_hash
from archive.ledger.repository import Connection, LedgerRepository
from archive.ledger.types import Entry, Event, SubjectKind


class Ledger:
    """`LedgerPort` over tables.

    The place of an entry is the number of entries before it: the write lock that every unit of work holds keeps the
    numbers gapless, and a rollback takes the entry away with everything else.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def append(self, uow: UnitOfWork, event: Event) -> int:
        repository = LedgerRepository(uow.connection)
        entry = sequence(repository.size(), self._clock, event)
        repository.insert_entry(entry, leaf_hash(entry.data))
        return entry.index

    def size(self, connection: Connection) -> int:
        return LedgerRepository(connection).size()

    def read(self, connection: Connection, after: int, limit: int) -> list[Entry]:
        return LedgerRepository(connection).entries(after, limit)

    def entries_for(self, connection: Connection, subject_kind: SubjectKind, subject_id: str) -> list[Entry]:
        return LedgerRepository(connection).entries_for(subject_kind, subject_id)

    def entries_at(self, connection: Connection, indexes: Iterable[int]) -> list[Entry]:
        wanted = sorted(set(indexes))
        found = list(LedgerRepository(connection).entries_at(wanted))
        require_all(wanted, found)
        return found


def sequence(index: int, clock: Clock, event: Event) -> Entry:
    """The entry for `event` at `index`, now.

    Raises:
        InvalidInput: the body holds something without a canonical form.
    """
    try:
        return encode(index, clock.now(), event)
    except NotCanonical as error:
        raise InvalidInput("ledger-event-unwritable", type=str(event.type), detail=str(error)) from error


def require_all(wanted: Iterable[int], found: Iterable[Entry]) -> None:
    """Make sure that each index was found.

    Raises:
        NotFound: one was not.
    """
    missing = set(wanted) - {entry.index for entry in found}
    if missing:
        raise NotFound("ledger-entry-unknown", index=min(missing))
