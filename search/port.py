"""The index, and the contract that `tests/contracts/test_search.py` runs on every adapter.

- `apply` returns only when what it wrote would survive the end of the process, all of it or nothing;
- an older document or removal, by `ledger_index`, never takes the place of a newer one; the same again changes nothing;
- the position never goes back, and is stored together with the documents that brought it about;
- `search` finds exactly what satisfies every condition and what the scope admits, at the moment the scope names: a
  release that has come since the record was indexed counts. No clause, nothing;
- for a redacted scope only the public copy is searched, marked and shown;
- `total` is exact, and the pages of an unchanged index neither overlap nor leave anything out;
- a reader sees what any process has applied, without being opened again;
- a replacement is filled beside the index and takes its place in one step, or is dropped without a trace.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from archive.authorization import Scope
from search.types import Document, Removal, Request, Results

EMPTY = -1
"""The position of an index that has reached no entry of the ledger."""


class Target(Protocol):
    """Where documents go."""

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        """Take in documents; the index then shows the ledger up to and including the entry at `position`.

        Raises:
            Unavailable: another process writes just now (`search-index-locked`), or the index cannot be written.
            Damaged: the index cannot be read and must be rebuilt.
        """
        ...

    def position(self) -> int:
        """The last entry of the ledger that the index durably shows, -1 before the first. Raises as `search`."""
        ...

    def count(self) -> int:
        """How many records are indexed, for whoever runs the archive: readers get `Results.total`."""
        ...


class Replacement(Target, Protocol):
    """A new index beside the one in use."""

    def promote(self, catch_up: Callable[[], None]) -> None:
        """Take the place of the index in use, which is dropped.

        `catch_up` is called while nobody else can write, to apply what the ledger has gained meanwhile.
        """
        ...


class SearchIndex(Target, Protocol):
    """Documents, found by what they say, within a scope."""

    def search(self, request: Request, scope: Scope) -> Results:
        """One page of what answers `request` inside `scope`.

        Raises:
            InvalidInput: too many words begin as asked to look for all of them (`search-too-broad`); some are never
                left out.
            Unavailable: a server that the index is on does not answer.
            Damaged: the index cannot be read and must be rebuilt (`search-index-unreadable`).
        """
        ...

    def replacement(self) -> AbstractContextManager[Replacement]:
        """An empty index beside this one, dropped when the block ends without its promotion.

        Raises:
            Unavailable: another one is being filled (`search-rebuild-running`).
        """
        ...
