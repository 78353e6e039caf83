from collections.abc import Sequence

import pytest

from archive.clock import FixedClock
from archive.db.uow import Database
from archive.ledger.follower import follow, lag, rewind
from archive.ledger.repository import LedgerRepository
from archive.ledger.types import Entry
from tests.unit.ledger.filling import fill


class Collecting:
    """Remembers by index, so that applying twice comes to the same as once."""

    name = "collecting"

    def __init__(self) -> None:
        self.seen: dict[int, Entry] = {}
        self.calls: list[list[int]] = []
        self.failing = False

    def apply(self, entries: Sequence[Entry]) -> None:
        self.calls.append([entry.index for entry in entries])
        if self.failing:
            raise ValueError("index unavailable")
        self.seen.update({entry.index: entry for entry in entries})


def test_it_sees_every_entry_once_in_order(database: Database, clock: FixedClock) -> None:
    follower = Collecting()
    assert follow(database, follower, 2) == 0
    fill(database, clock, 5)
    assert [follow(database, follower, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert follower.calls == [[0, 1], [2, 3], [4]]
    with database.reading() as connection:
        assert LedgerRepository(connection).positions() == {"collecting": 4}


def test_what_failed_comes_again(database: Database, clock: FixedClock) -> None:
    follower = Collecting()
    fill(database, clock, 3)
    follower.failing = True
    with pytest.raises(ValueError, match="index unavailable"):
        follow(database, follower, 10)
    follower.failing = False
    assert follow(database, follower, 10) == 3
    assert follower.calls == [[0, 1, 2], [0, 1, 2]]


def test_lag_counts_what_is_still_to_come_and_rewinding_starts_over(database: Database, clock: FixedClock) -> None:
    follower = Collecting()
    fill(database, clock, 3)
    follow(database, follower, 2)
    with database.reading() as connection:
        assert lag(connection, "collecting") == 1
        assert lag(connection, "another") == 3
    rewind(database, "collecting")
    assert follow(database, follower, 10) == 3


def test_a_slower_twin_does_not_take_the_position_back(database: Database, clock: FixedClock) -> None:
    fill(database, clock, 4)
    fast = Collecting()

    class Slow(Collecting):
        def apply(self, entries: Sequence[Entry]) -> None:
            super().apply(entries)
            while follow(database, fast, 10):
                pass

    assert follow(database, Slow(), 1) == 1
    with database.reading() as connection:
        assert lag(connection, "collecting") == 0
