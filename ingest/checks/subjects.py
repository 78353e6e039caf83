"""What the checks of volumes, packages and of the system look at: plain values, put together by whoever has a database.

Whatever could not be found out is None, and the check that needs it answers *not checked*; nothing is filled in to make
a check come out well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from archive.plan.numbering import NumberTemplate
from ingest.checks.types import Check, Finding
from ingest.outcomes import Outcome


@dataclass(frozen=True)
class Answer:
    """What a person or a service said of an item that no program decides; `outcome` is any but *not checked*."""

    outcome: Outcome
    actor: str
    at: datetime
    note: str = ""


Answers = Mapping[str, Answer]
"""Answers by the code of the item; an item that is not named has no answer yet."""


@dataclass(frozen=True)
class Act:
    """One entry of the history of an item: what was done (an event of the ledger, `record.captured`), by whom, when."""

    event: str
    actor: str
    at: datetime | None


Said = Callable[[Check], Sequence[Finding]]
"""What a check of items says of one item."""


@dataclass(frozen=True)
class CheckedMember:
    """One item of a volume as it stands in it.

    `number` and `reference_code` are those it has or is about to get at closing. `size` is the sum of the bytes of its
    files as taken down on arrival, `stored` as the store has them now (None where it was not asked). `history` is in
    the order of the ledger. `item` is what the checks that look into it say of it, None where it was not loaded.
    `withdrawn` says that the source took it back: it keeps its place and its history may end there. `filed` says that
    its volume is closed, so that its history has to show the filing too; before that it cannot.
    """

    id: str
    number: int | None
    reference_code: str | None
    class_code: str | None
    size: int
    files: int
    stored: int | None
    history: tuple[Act, ...]
    withdrawn: bool = False
    filed: bool = False
    item: Said | None = None


@dataclass(frozen=True)
class CheckedVolume:
    """A volume with its members in their order.

    `registered_items` and `registered_bytes` are what was taken down for the volume (its ledger entry once it is
    closed, its catalogue before), None where nothing was. `expected` are the values its reference code has to be made
    of (`fonds`, `trade_letter`, `region`, `year`, `retention`). `required` are the classes that the plan demands, None
    where the plan has no rule for such a volume; `present` those that the volume, or the project beside it, holds;
    `declared` the gaps that a person declared. `sealed` are the ids of the items that the ledger names as filed in
    it, at the closing or as a supplement, in the order of their numbers; None while the volume is not closed.
    """

    id: str
    reference_code: str | None
    numbers: NumberTemplate
    expected: Mapping[str, str]
    members: tuple[CheckedMember, ...]
    registered_items: int | None
    registered_bytes: int | None
    required: tuple[str, ...] | None
    present: frozenset[str]
    declared: frozenset[str]
    now: datetime
    sealed: tuple[str, ...] | None = None
    answers: Answers = field(default_factory=dict)


class ReportedFinding(Protocol):
    """One finding of a package's validation."""

    @property
    def code(self) -> str:
        """A code of the message catalogue."""
        ...

    @property
    def severity(self) -> str:
        """`error`, `warning` or `info`."""
        ...

    @property
    def path(self) -> str:
        """Where in the package, "" for the whole."""
        ...


class Report(Protocol):
    """The outcome of validating one package, as `ingest.packages` gives it."""

    @property
    def kind(self) -> str:
        """Which kind of package it was recognised as, `unknown` for none."""
        ...

    @property
    def version(self) -> str:
        """The version of that kind's rules."""
        ...

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        ...

    @property
    def findings(self) -> Sequence[ReportedFinding]:
        """Everything found, not only the first."""
        ...


@dataclass(frozen=True)
class CheckedPackage:
    """An information package. `report` is None where nobody has validated it.

    `registered_…` is what its delivery note announced, None where it had none; `received_…` what arrived. `surplus` are
    the files on its carrier that belong to no item, None where nobody
    has listed them. `carrier` is the medium on which it came, None for a network.
    """

    id: str
    report: Report | None
    now: datetime
    registered_items: int | None = None
    registered_bytes: int | None = None
    received_items: int | None = None
    received_bytes: int | None = None
    surplus: tuple[str, ...] | None = None
    carrier: str | None = None
    answers: Answers = field(default_factory=dict)


@dataclass(frozen=True)
class DatabaseState:
    """How the database of the archive answered: its name and version, and how many rows of the catalogue it gave."""

    reachable: bool
    version: str = ""
    rows: int = 0


@dataclass(frozen=True)
class ScannerState:
    """The virus scanner as it presented itself; `answers` is False where one is configured and says nothing."""

    answers: bool
    engine: str = ""
    definitions: str = ""
    definitions_date: date | None = None


@dataclass(frozen=True)
class RestoreDrill:
    """The last time a backup was restored to see whether it can be."""

    at: datetime
    succeeded: bool
    note: str = ""


@dataclass(frozen=True)
class CheckedSystem:
    """The system that files and keeps.

    `scanner` is None where none is configured. `environment` is the software and hardware on record, by name (such as
    `operating-system`, `python`, `database`), with versions; a version is "" where something needed is not there.
    """

    now: datetime
    database: DatabaseState | None
    scanner: ScannerState | None
    environment: Mapping[str, str]
    restore_drill: RestoreDrill | None = None
    answers: Answers = field(default_factory=dict)
