"""What a far end must be able to do, so that `test_matrix` can put its connector through everything."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ingest.types import Summary
from tests.small_archive import SmallArchive

SOURCE = "stand"
"""The name under which a stand registers its source."""


class Trouble(StrEnum):
    """What goes wrong between the far end and us while the block lasts."""

    CUT = "cut"
    DOWN = "down"
    SLOW = "slow"


class Happening(StrEnum):
    """The columns of the table."""

    FIRST = "first load"
    REPEAT = "repeat"
    CHANGED = "changed"
    RENAMED = "renamed"
    WITHDRAWN = "withdrawn"
    GONE = "gone"
    INTERRUPTED = "interrupted at a random byte"
    DOWN = "source down for a while"
    SLOW = "slow"
    DIRTY = "dirty"


@dataclass(frozen=True)
class Counts:
    """What a delivery must come to; `refused` are codes by external id."""

    captured: int = 0
    new_versions: int = 0
    renamed: int = 0
    withdrawn: int = 0
    gone: int = 0
    refused: Mapping[str, str] | None = None


class Stand(Protocol):
    """One connector with the far end that it talks to, over the real protocol.

    Documents have names of ASCII letters and digits, which are their external ids, and a text.
    """

    name: str
    unlike: Mapping[Happening, tuple[Counts, str]]
    """Where this way in cannot do what others do: what is to be expected instead, and why in a few words."""

    def register(self, archive: SmallArchive) -> None:
        """Register the source `SOURCE` at an archive."""
        ...

    def publish(self, name: str, text: str) -> None:
        """Have a new document."""
        ...

    def change(self, name: str, text: str) -> None:
        """Give a document another text."""
        ...

    def rename(self, name: str, title: str) -> None:
        """Give a document another title, or its file another name, and not a byte else."""
        ...

    def withdraw(self, name: str) -> None:
        """Take a document back and say so."""
        ...

    def vanish(self, name: str) -> None:
        """Have a document no longer, and say nothing."""
        ...

    def dirty(self) -> Mapping[str, str]:
        """Have what is typically wrong with such a source beside good documents.

        External ids with the code of refusal; "" for what is dirty and is to be taken in all the same.
        """
        ...

    def trouble(self, kind: Trouble, seed: int) -> AbstractContextManager[None]:
        """Make trouble for as long as the block lasts; `seed` draws the byte at which a transfer is cut."""
        ...

    def deliver(self, archive: SmallArchive) -> Summary:
        """Let everything come that is there: one reading, or everything sent once, as the far end does it.

        Raises:
            SourceFailed, Unavailable: it breaks off.
        """
        ...
