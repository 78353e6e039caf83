"""What services need of the ledger. Implemented by `service.Ledger`, and in memory by `memory.MemoryLedger`.

The contract, which `tests/contracts/test_ledger.py` runs on both: indexes count from 0 without a gap; an entry exists
exactly if its unit of work committed; within a unit of work its own entries can be read, outside only committed ones;
reading is in the order of indexes; nothing is ever changed or removed.
"""

from collections.abc import Iterable
from typing import Protocol

from archive.db.uow import UnitOfWork
from archive.ledger.repository import Connection
from archive.ledger.types import Entry, Event, SubjectKind


class LedgerPort(Protocol):
    """Appends acts and reads them back."""

    def append(self, uow: UnitOfWork, event: Event) -> int:
        """Give `event` the next place, inside the caller's transaction; its index.

        Services call this last: from here to the commit nobody else can append, so nothing slow may follow.

        Raises:
            InvalidInput: the body holds something without a canonical form, such as a fraction.
        """
        ...

    def size(self, connection: Connection) -> int:
        """How many entries there are."""
        ...

    def read(self, connection: Connection, after: int, limit: int) -> list[Entry]:
        """Up to `limit` entries with an index above `after` (-1 for all), in order.

        Raises:
            Damaged: the bytes of one are no entry.
        """
        ...

    def entries_for(self, connection: Connection, subject_kind: SubjectKind, subject_id: str) -> list[Entry]:
        """Every entry about one subject, in order. Raises as `read`."""
        ...

    def entries_at(self, connection: Connection, indexes: Iterable[int]) -> list[Entry]:
        """The entries with these indexes, in order.

        Raises:
            NotFound: there is no entry with one of them.
            Damaged: the bytes of one are no entry.
        """
        ...
