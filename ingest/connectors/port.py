"""What a connector is, and the contract that every one keeps (`ingest.connectors.contract` asks for it).

- it hands over what it finds, one `Arrival` per document, and never judges whether it is new: intake does;
- one bad document is an arrival that says so (`Refused`) and does not stop the rest;
- it acknowledges nothing and moves no cursor before intake has committed what it handed over;
- run again, it hands over the same documents again;
- it goes nowhere but where its source's configuration sends it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from archive.clock import Clock
from archive.records.types import Delivery
from ingest.connectors.locale import Locale
from ingest.connectors.secrets import Secrets
from ingest.types import SeenArrival, Source

GONE: Final = "gone-at-source"
WITHDRAWN: Final = "withdrawn-at-source"
DELETED: Final = "deleted-at-source"


@dataclass(frozen=True)
class Refused:
    """A document that cannot be taken in as it is. `raw` is what came, kept for whoever looks into it."""

    code: str
    params: Mapping[str, object]
    raw: bytes = b""


@dataclass(frozen=True)
class Gone:
    """The source lists a document, or did, and no longer gives it: flagged; what was captured stays as it is."""

    code: str


@dataclass(frozen=True)
class Withdrawn:
    """The source says that it has taken a document back: a tombstone, every version kept.

    With the code `DELETED` this also holds for a document that is yet to come: it arrives withdrawn.
    """

    code: str


@dataclass(frozen=True)
class Same:
    """The source says that a document is still what it was; `confirmed` if it was asked again just now."""

    confirmed: bool = False


@dataclass(frozen=True)
class Stated:
    """What a source says of a document where it names it; empty where it says nothing.

    `data_set` and `day` say under what it counts when both sides are compared. `revised` is the moment of this state
    on the source's own clock, given only where deliveries may come in any order: an older state that comes later is
    kept, but does not replace a newer one. `size` is in bytes, `digest` begins with the name of what it was made by,
    such as `sha256:` or `mark:`.
    """

    data_set: str = ""
    day: date | None = None
    revised: datetime | None = None
    size: int | None = None
    digest: str = ""


@dataclass(frozen=True)
class Arrival:
    """One document of a source. `fingerprint` is what the connector wants to be told about it next time."""

    external_id: str
    what: Delivery | Refused | Gone | Withdrawn | Same
    fingerprint: str = ""
    stated: Stated = Stated()


@dataclass(frozen=True)
class Listed:
    """One document that a source says it has."""

    external_id: str
    stated: Stated


@dataclass(frozen=True)
class Known:
    """What intake remembers of a document of this source."""

    fingerprint: str
    gone: bool
    checked_at: datetime


class Captured(Protocol):
    """What intake holds of a source, or would if it could: for documents that left the source's list."""

    def __call__(self, since: datetime | None = None, /) -> Iterator[SeenArrival]:
        """All of them by id; with `since` those published from then on, and those of which that is not known."""
        ...


class Stale(Protocol):
    """What of a source has not been asked about for long."""

    def __call__(self, before: datetime, limit: int, /) -> list[SeenArrival]:
        """At most `limit` documents that were last asked about before a moment, longest ago first."""
        ...


@dataclass(frozen=True)
class Held:
    """What intake holds of one source."""

    captured: Captured
    stale: Stale


class Connector(Protocol):
    """Reads one source."""

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        """Everything the source shows that intake should look at; `known` asks what it remembers by external id.

        Whatever is handed over has been taken in durably when the next one is asked for.

        Raises:
            SourceFailed: the source is down or breaks off; what was handed over before stays taken.
        """
        ...


@dataclass(frozen=True)
class Opened:
    """A source ready to be read. `position` is what to remember after a full reading, `more` whether to read again.

    `reading` is what to remember while it is read, and for good if it breaks off; None leaves what was remembered.
    `inventory` gives what the source says it has, without content, where it can say so; `clock` the moment it is by
    the source's own clock, once it has answered.
    """

    connector: Connector
    position: dict[str, object]
    more: bool = False
    reading: dict[str, object] | None = None
    inventory: Callable[[], Iterator[Listed]] | None = None
    clock: Callable[[], datetime | None] = lambda: None


@dataclass(frozen=True)
class Context:
    """What a connector may use.

    `locale` says how the source's words are read, `secrets` gives credentials by reference, `scratch` is a folder for
    what must lie on disk for a while; what lies in it after a reading is nobody's. In a `trial` nothing is kept of what
    is handed over: nothing may be acknowledged to the source, moved or removed there.
    """

    locale: Locale
    clock: Clock
    secrets: Secrets
    held: Held
    scratch: Path
    trial: bool = False


OptionKind = Literal["text", "number", "flag", "list", "table", "secret"]


@dataclass(frozen=True)
class Option:
    """One thing that a source of some connector can be told.

    A `secret` is never the secret itself but its name, `secret:NAME`. A `table` is a JSON object.
    """

    name: str
    kind: OptionKind
    help_zh: str
    help_en: str
    required: bool = False
    default: object = None


@dataclass(frozen=True)
class ConnectorKind:
    """A way in which sources deliver: what an entry point of the group `juanzong.connectors` names.

    `open` opens a source for one reading. None says that others push: nothing is read, documents are handed in.
    """

    name: str
    help_zh: str
    help_en: str
    open: Callable[[Source, Context], AbstractContextManager[Opened]] | None
    options: tuple[Option, ...] = field(default=())
