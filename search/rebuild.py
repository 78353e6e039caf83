"""A new index beside the old one, filled from the rows and brought to the head of the ledger, then exchanged.

Search answers from the old index until the new one takes its place in one step. Whatever goes wrong before that drops
the new one and leaves the old.
"""

from collections.abc import Callable
from dataclasses import dataclass

from archive.db.uow import Database
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection, LedgerRepository
from archive.records.repository import RecordRepository
from search.port import SearchIndex
from search.projector import FOLLOWER, Projector

_PAGE = 500

Progress = Callable[[int, int], None]
"""Called with how many records have been indexed, and of how many."""


@dataclass(frozen=True)
class Rebuilt:
    """The index in use now: how many records it holds, and the last entry of the ledger it shows."""

    documents: int
    position: int


class Rebuilder:
    """Makes indexes anew."""

    def __init__(self, database: Database, ledger: LedgerPort, index: SearchIndex, projector: Projector) -> None:
        self._database = database
        self._ledger = ledger
        self._index = index
        self._projector = projector

    def needed(self, connection: Connection) -> bool:
        """Whether the index has lost what it once had: its folder is gone, or older than the follower's position."""
        return self._index.position() < LedgerRepository(connection).position(FOLLOWER)

    def rebuild(self, progress: Progress | None = None) -> Rebuilt:
        """Make the index anew.

        Raises:
            Unavailable: another rebuild is running, somebody writes just now, or there is no room.
        """
        with self._index.replacement() as new:
            projector = self._projector.onto(new)
            self._fill(projector, progress or _silent)

            def catch_up() -> None:
                self._catch_up(projector, new.position())

            # Once at leisure, and once more, briefly, while nobody else can write.
            catch_up()
            new.promote(catch_up)
            rebuilt = Rebuilt(new.count(), new.position())
        self._follow_from(rebuilt.position)
        return rebuilt

    def _follow_from(self, position: int) -> None:
        """Let the follower go on behind what the new index shows, rather than from where the old one had come."""
        with self._database.writing() as uow:
            repository = LedgerRepository(uow.connection)
            if repository.position(FOLLOWER) < position:
                (last,) = self._ledger.read(uow.connection, position - 1, 1)
                repository.set_position(FOLLOWER, last.index, last.at)

    def _fill(self, projector: Projector, progress: Progress) -> None:
        head, total = self._survey()
        done, last = 0, ""
        while True:
            with self._database.reading() as connection:
                # Read in this order, rows show at least what the ledger says up to `seen`.
                seen = self._ledger.size(connection) - 1
                page = RecordRepository(connection).ids_after(last, _PAGE)
            if not page:
                break
            projector.project(dict.fromkeys(page, seen), -1, -1)
            done, last = done + len(page), page[-1]
            progress(done, max(total, done))
        projector.project({}, -1, head)

    def _survey(self) -> tuple[int, int]:
        """The head of the ledger before the first record is read, and how many records there are."""
        with self._database.reading() as connection:
            head = self._ledger.size(connection) - 1
            total, last = 0, ""
            while page := RecordRepository(connection).ids_after(last, _PAGE):
                total, last = total + len(page), page[-1]
        return head, total

    def _catch_up(self, projector: Projector, position: int) -> None:
        while True:
            with self._database.reading() as connection:
                entries = self._ledger.read(connection, position, _PAGE)
            if not entries:
                return
            projector.apply(entries)
            position = entries[-1].index


def _silent(done: int, total: int) -> None:
    del done, total
