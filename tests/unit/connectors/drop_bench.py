"""A drop in a folder for tests, read again and again, with what intake would remember in between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.clock import FixedClock
from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.drop.connector import DropConnector, DropOptions
from ingest.connectors.drop.delivering import Desk
from ingest.connectors.drop.local import LocalTree
from ingest.connectors.drop.reading import Patience
from ingest.connectors.drop.tree import Tree
from ingest.connectors.port import Arrival, Gone, Known, Refused, Same, Withdrawn
from ingest.types import ArrivalStatus, SeenArrival
from tests.small_archive import START
from tests.small_portal import LOCALE

AT_ONCE = DropOptions(settle=timedelta(0))
SETTLING = DropOptions(settle=timedelta(seconds=30))


@dataclass
class Bench:
    """Reads the folder `root`; `seen` is what intake remembers, `position` what the connector does."""

    root: Path
    options: DropOptions = AT_ONCE
    tree: Tree | None = None
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    seen: dict[str, SeenArrival] = field(default_factory=dict)
    position: dict[str, Any] = field(default_factory=dict)
    taken: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    def connector(self) -> DropConnector:
        scratch = self.root.with_name("scratch")
        scratch.mkdir(exist_ok=True)
        desk = Desk(self.tree or LocalTree(self.root), LOCALE, scratch, Patience(tries=3, sleep=lambda _: None))
        return DropConnector(desk, self.clock, self.held, self.position, self.options, sleep=lambda _: None)

    def read(self) -> dict[str, str]:
        """Read everything once; what became of each document, but for those that are the same."""
        said = {}
        for arrival in self.connector().arrivals(self.known):
            word = self.take(arrival)
            if word != "same":
                said[arrival.external_id] = word
        return said

    def put(self, name: str, data: bytes | str = b"1") -> Path:
        """Lay a file down."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def pass_seconds(self, seconds: int) -> None:
        """Let time pass."""
        self.clock = FixedClock(self.clock.now() + timedelta(seconds=seconds))

    def held(self, since: datetime | None = None, /) -> Iterator[SeenArrival]:
        del since
        shown = {ArrivalStatus.CAPTURED, ArrivalStatus.REFUSED}
        return iter([seen for _, seen in sorted(self.seen.items()) if seen.status in shown])

    def known(self, external_id: str) -> Known | None:
        seen = self.seen.get(external_id)
        if seen is None or seen.status is ArrivalStatus.REFUSED:
            return None
        return Known(seen.fingerprint, seen.status is not ArrivalStatus.CAPTURED, START)

    def take(self, arrival: Arrival) -> str:
        """Do what intake does with an arrival."""
        what = arrival.what
        if isinstance(what, Same):
            return "same"
        if isinstance(what, Delivery):
            try:
                files = contents(what)
            except InvalidInput as error:
                what = Refused(error.code, error.params)
            else:
                return self._captured(arrival, what, files)
        status = {Refused: ArrivalStatus.REFUSED, Gone: ArrivalStatus.GONE, Withdrawn: ArrivalStatus.WITHDRAWN}[
            type(what)
        ]
        self._remember(arrival, status)
        return what.code

    def _captured(self, arrival: Arrival, delivery: Delivery, files: dict[str, bytes]) -> str:
        before = self.taken.get(arrival.external_id)
        (main,) = (part.name for part in delivery.components if part.role is ComponentRole.MAIN)
        self._remember(arrival, ArrivalStatus.CAPTURED, sha256(files[main]).hexdigest())
        self.taken[arrival.external_id] = files
        if before is None:
            return "captured"
        if before == files:
            return "unchanged"
        return "renamed" if list(before.values()) == list(files.values()) else "changed"

    def _remember(self, arrival: Arrival, status: ArrivalStatus, digest: str = "") -> None:
        known = self.seen.get(arrival.external_id)
        fresh = SeenArrival(
            "drop",
            arrival.external_id,
            status,
            None,
            arrival.fingerprint,
            None,
            None,
            None,
            START,
            START,
            START,
            START,
            size=arrival.stated.size,
            digest=f"sha256:{digest}",
        )
        if not digest and known is not None:
            fresh = replace(fresh, size=known.size, digest=known.digest)
        self.seen[arrival.external_id] = fresh


def contents(delivery: Delivery) -> dict[str, bytes]:
    """The files of a delivery by name."""
    found = {}
    for component in delivery.components:
        with component.open() as stream:
            found[component.name] = stream.read()
    return found
