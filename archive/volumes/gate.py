"""The port of the gate that a volume passes when it closes.

A volume is numbered once and for ever, so whatever has to hold of it is looked at before its number counts. The kernel
knows what it has to ask and not what is checked: the gate belongs to whoever checks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from archive.blobs.port import BlobStore
from archive.db.uow import UnitOfWork
from archive.plan.types import Plan
from archive.records.types import Record
from archive.volumes.service import Ports
from archive.volumes.types import Volume

GATE_MARK: Final = "gate:"
"""Stands before the code of a check among what an incomplete volume lacks (`gate:GD-2-6`)."""


Stored = Mapping[str, int | None]
"""Sizes in the store by SHA-256, None where nothing lies under it; what was not asked for is missing."""


@dataclass(frozen=True)
class NumberedMember:
    """A record with the number and the reference code (档号) that it gets if the gate opens."""

    record: Record
    number: int
    reference_code: str


class ClosingGate(Protocol):
    """Says whether a volume may close as it stands."""

    def look(self, members: Sequence[Record]) -> Stored:
        """Ask the store about the files of a volume, before the closing transaction: that may take a while.

        Raises:
            Unavailable: the store does not answer.
        """
        ...

    def judge(
        self, uow: UnitOfWork, volume: Volume, members: Sequence[NumberedMember], stored: Stored
    ) -> tuple[str, ...]:
        """The codes that keep the gate shut, empty where it opens: of checks, or of reasons where no check spoke.

        `volume` has the number, reference code, outcome, end, retention and item count it is about to get; `members`
        are in their order with theirs; `stored` is what `look` has found. Nothing of this is written yet. Called inside
        the closing transaction: it reads through `uow` and may add rows of its own, which stay whether the gate opens
        or not. It opens only when every check that blocks has been seen to hold; where it cannot tell, it stays shut.

        Raises:
            Unavailable: what it needs does not answer; the volume stays as it is and is looked at again.
        """
        ...


GateBuilder = Callable[[Ports, Plan, BlobStore], ClosingGate]
"""Makes the gate of a kernel from its parts."""
