"""What a connector is, and the contract that `tests/contracts/test_connectors.py` runs on every one.

- it hands over what it finds, one `Arrival` per document, and never judges whether it is new: intake does;
- one bad document is an arrival that says so (`Refused`) and does not stop the rest;
- it acknowledges nothing and moves no cursor: what it has seen is remembered by intake, after the commit;
- run again, it hands over the same documents again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from archive.records.types import Delivery
from ingest.types import SeenArrival


@dataclass(frozen=True)
class Refused:
    """A document that cannot be taken in as it is. `raw` is what came, kept for whoever looks into it."""

    code: str
    params: Mapping[str, object]
    raw: bytes = b""


@dataclass(frozen=True)
class Gone:
    """The source lists a document, or did, and no longer gives it."""

    code: str


@dataclass(frozen=True)
class Same:
    """The source says that a document is still what it was; `confirmed` if it was asked again just now."""

    confirmed: bool = False


@dataclass(frozen=True)
class Arrival:
    """One document of a source. `fingerprint` is what the connector wants to be told about it next time."""

    external_id: str
    what: Delivery | Refused | Gone | Same
    fingerprint: str = ""


@dataclass(frozen=True)
class Known:
    """What intake remembers of a document of this source."""

    fingerprint: str
    gone: bool
    checked_at: datetime


class Captured(Protocol):
    """What intake holds of a source, or would if it could: for documents that left the source's list."""

    def __call__(self, since: datetime | None = None, /) -> list[SeenArrival]:
        """All of them; with `since` those published from then on, and those of which that is not known."""
        ...


class Connector(Protocol):
    """Reads one source."""

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        """Everything the source shows that intake should look at; `known` asks what it remembers by external id.

        Raises:
            SourceFailed: the source is down or breaks off; what was handed over before stays taken.
        """
        ...
