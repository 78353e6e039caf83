"""The port to a table of an exchange database, and what is to be known of it.

The contract: rows come in the order of (order column, key); a page is read in a short transaction of its own, so that
nothing of ours holds the far end back; every error is a `SourceFailed` that names neither password nor contents.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Row = Mapping[str, object]
"""A row by its columns, in their order. Times come as text, as the database writes them."""


@dataclass(frozen=True)
class Status:
    """The column in which both sides keep whether a row has been taken, and the values it has. "" where there is none.

    `reason` is a column for why a row could not be taken.
    """

    column: str = ""
    untaken: str = "0"
    taken: str = "1"
    failed: str = "2"
    reason: str = ""

    def columns(self) -> tuple[str, ...]:
        """The columns there are."""
        return tuple(name for name in (self.column, self.reason) if name)


@dataclass(frozen=True)
class Shape:
    """A table: its name (`schema.name` if need be), the columns of its key, the one that grows; "" where none does."""

    table: str
    key: tuple[str, ...]
    order: str = ""
    status: Status = Status()
    batch: int = 500


@dataclass(frozen=True)
class TooLarge:
    """A row that was not read because it is too large; `key` are the values of its key, `size` is in bytes."""

    key: tuple[object, ...]
    size: int


class ExchangeTable(Protocol):
    """One table of an exchange database."""

    @property
    def shape(self) -> Shape:
        """What it was opened as, with the names of columns as the database writes them."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns."""
        ...

    def column(self, name: str) -> str:
        """The column that is called `name`, however its letters are cased.

        Raises:
            InvalidInput: there is none (`exchange-column-unknown`); what there is is named.
        """
        ...

    def rows(self, since: object = None, *, untaken: bool = False) -> Iterator[Row | TooLarge]:
        """All rows with a key, or those whose order column is at least `since`, or those not taken yet.

        Rows without a value in the order column always come too, last.
        """
        ...

    def keyless(self, limit: int) -> list[Row]:
        """At most `limit` rows whose key is not whole."""
        ...

    def mark(self, key: tuple[object, ...], same: Callable[[Row], bool], status: str, reason: str) -> bool:
        """Write the status of the row with a key if it is not taken yet and `same` as was read; whether it was.

        Raises:
            InvalidInput: we may not (`exchange-status-unwritable`).
        """
        ...

    def now(self) -> datetime | None:
        """The moment it is by the clock of the database; None where that is our own."""
        ...
