"""What is derived from the ledger: applied entry by entry, thrown away and rebuilt at will."""

from collections.abc import Sequence
from typing import Protocol

from archive.db.uow import Database
from archive.ledger.repository import Connection, LedgerRepository
from archive.ledger.types import Entry


class Follower(Protocol):
    """Something that follows the ledger, such as a search index."""

    @property
    def name(self) -> str:
        """Under which its position is stored."""
        ...

    def apply(self, entries: Sequence[Entry]) -> None:
        """Take in entries, in order, and be durable before returning.

        The position is stored afterwards, so a stop in between brings the same entries again: applying them twice
        must come to the same as once.
        """
        ...


def follow(database: Database, follower: Follower, batch: int) -> int:
    """Let `follower` apply up to `batch` entries that it has not yet seen; how many it applied, 0 at the head.

    No transaction is open while it applies.
    """
    with database.reading() as connection:
        repository = LedgerRepository(connection)
        entries = repository.entries(repository.position(follower.name), batch)
    if not entries:
        return 0
    follower.apply(entries)
    with database.writing() as uow:
        repository = LedgerRepository(uow.connection)
        # Somebody may have applied further meanwhile; a position never goes back by itself.
        if repository.position(follower.name) < entries[-1].index:
            repository.set_position(follower.name, entries[-1].index, entries[-1].at)
    return len(entries)


def rewind(database: Database, name: str) -> None:
    """Make the follower called `name` start again from the first entry."""
    with database.writing() as uow:
        LedgerRepository(uow.connection).forget_position(name)


def lag(connection: Connection, name: str) -> int:
    """How many entries the follower called `name` has yet to apply."""
    repository = LedgerRepository(connection)
    return repository.size() - 1 - repository.position(name)
