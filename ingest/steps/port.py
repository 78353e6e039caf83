"""What a step is given and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from archive.blobs.port import BlobStore
from archive.db.uow import UnitOfWork
from archive.records.types import Component, ComponentRole, ExtractedText, Record, Version
from ingest.examining.types import Examination
from ingest.types import PersonDecision, Status, StepOutcome


@dataclass
class Item:
    """One version of one record on its way, with what earlier steps found out.

    Examinations are kept for the length of one run only: each component is looked into once, however many steps ask.
    """

    record: Record
    version: Version
    components: tuple[Component, ...]
    outcomes: Mapping[str, StepOutcome]
    texts: Mapping[str, ExtractedText]
    decision: PersonDecision | None
    blobs: BlobStore
    examinations: dict[str, Examination] = field(default_factory=dict)

    def files(self) -> tuple[Component, ...]:
        """The components a reader would call the document: everything but the envelope."""
        return tuple(component for component in self.components if component.role is not ComponentRole.ENVELOPE)

    def open(self, component: Component) -> BinaryIO:
        """The stored bytes of one component.

        Raises:
            Damaged: they are missing.
        """
        return self.blobs.open(component.sha256)


@dataclass(frozen=True)
class Result:
    """How a step ended. `write` makes its rows inside the transaction that also stores the outcome."""

    status: Status
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    detail: Mapping[str, object] = field(default_factory=dict)
    write: Callable[[UnitOfWork, Record], None] | None = None


class Step(Protocol):
    """One step of the graph."""

    @property
    def name(self) -> str:
        """The name it has in the graph."""
        ...

    def run(self, item: Item) -> Result:
        """Look at `item` and decide; no transaction is open.

        Raises:
            ArchiveError: the step could not run at all; nothing is stored and the job is tried again or set aside.
        """
        ...
