"""Reads a drop: what is new or changed once it has come to rest, what was taken back, what is gone, what was renamed.

First everything in the tree is looked at. What is known and unchanged is not read. What nobody knows waits until it is
clear what is gone: if it has the bytes of a document that is, and nothing else is said of it, it is that document under
another name.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from archive.clock import Clock
from archive.errors import InvalidInput, SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.drop.delivering import Desk, TakenBack
from ingest.connectors.drop.naming import Aliases, at, beside_of, fingerprint, looks, package_of, place_of
from ingest.connectors.drop.opened_packages import OpenedPackages
from ingest.connectors.drop.settling import Looks
from ingest.connectors.drop.tree import id_of, path_of
from ingest.connectors.drop.walking import Flaw, Item, Walk
from ingest.connectors.port import (
    GONE,
    WITHDRAWN,
    Arrival,
    Captured,
    Gone,
    Known,
    Listed,
    Refused,
    Same,
    Withdrawn,
)
from ingest.types import ArrivalStatus, SeenArrival

_SHORT: Final = timedelta(seconds=5)
"""So long a reading waits itself for files to come to rest; otherwise the next reading looks again."""

_BLOCK: Final = 1 << 20
_BESIDE_LENGTH: Final = 16

Remembered = Callable[[str], Known | None]


@dataclass(frozen=True)
class DropOptions:
    """How a drop is read.

    `settle` must lie between two looks at a file that nothing calls complete. `vanished` says what it means that a file
    is no longer there: `flag`, `withdraw`, or `tidied` where the far end clears away what it has delivered. Where not
    one document is left, it is believed only with `may_empty`: a medium that is not mounted shows an empty folder.
    """

    settle: timedelta = timedelta(seconds=30)
    vanished: str = "flag"
    may_empty: bool = False
    packages: bool = True
    only_packages: bool = False


class DropConnector:
    """Reads one tree. `position` is what earlier readings remembered, and holds what to remember after this one."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        captured: Captured,
        position: dict[str, object],
        options: DropOptions = DropOptions(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._desk = desk
        self._captured = captured
        self._position = position
        self._options = options
        self._sleep = sleep
        self._aliases = Aliases(position)
        self._looks = Looks(position, clock.now(), options.settle)
        self._packages = OpenedPackages(position)

    def arrivals(self, known: Remembered) -> Iterator[Arrival]:
        reading = _Reading()
        searched = self._options.vanished != "tidied" and next(self._captured(), None) is not None
        for found in self._walk():
            yield from self._first(found, known, reading, searched=searched)
        if reading.restless and self._options.settle <= _SHORT:
            yield from self._again(known, reading, searched=searched)
        vanished = self._vanished(reading) if searched else {}
        if vanished:
            self._look_again(vanished, reading)
        for item in self._renamed(vanished, reading):
            yield from self._handed(item, self._aliases.id_at(item.path))
        if vanished and len(vanished) == reading.held and not self._options.may_empty:
            raise SourceFailed("drop-all-gone", source=self._desk.tree.name, held=reading.held)
        for external_id, seen in sorted(vanished.items()):
            what = Withdrawn(WITHDRAWN) if self._options.vanished == "withdraw" else Gone(GONE)
            yield Arrival(external_id, what, at(path_of(place_of(seen)), external_id))
        self._position.clear()
        self._position |= {
            "looks": self._looks.position(),
            "aliases": self._aliases.position(),
            "packages": self._packages.position(reading.present),
        }

    def inventory(self) -> Iterator[Listed]:
        """Every document that the drop shows."""
        for found in Walk(
            self._desk.tree, lambda _: True, packages=self._options.packages, only=self._options.only_packages
        ):
            if isinstance(found, Item) and not found.withdrawn:
                stated = self._desk.stated(found)
                for external_id in self._packages.inside(self._aliases.id_at(found.path)):
                    yield Listed(external_id, stated)

    def _walk(self) -> Walk:
        options = self._options
        return Walk(self._desk.tree, self._looks.settled, packages=options.packages, only=options.only_packages)

    def _first(
        self, found: Item | Flaw, known: Remembered, reading: "_Reading", *, searched: bool
    ) -> Iterator[Arrival]:
        external_id = self._aliases.id_at(found.path)
        if isinstance(found, Flaw):
            yield from self._flawed(found, external_id, known, reading)
        elif external_id in reading.present:
            # A folder and a container of one name: neither may push the other aside.
            other = id_of(found.leaves[0].path)
            if not found.withdrawn and other != external_id:
                reading.present.add(other)
                yield Arrival(other, Refused("package-twice", {"name": other}))
        elif found.withdrawn:
            reading.present.add(external_id)
            yield Arrival(external_id, Withdrawn(WITHDRAWN), at(found.path, external_id))
        else:
            reading.present.add(external_id)
            yield from self._shown(found, external_id, known(external_id), reading, searched=searched)

    def _shown(
        self, item: Item, external_id: str, known: Known | None, reading: "_Reading", *, searched: bool
    ) -> Iterator[Arrival]:
        mark = fingerprint(item, external_id)
        if known is not None and not known.gone and looks(known.fingerprint) == mark:
            yield Arrival(external_id, Same(), mark)
        elif self._packages.is_known(external_id, mark):
            return
        elif not self._is_settled(item):
            reading.restless[item.path] = item
        elif known is None and searched:
            reading.unknown[item.path] = item
        else:
            yield from self._handed(item, external_id)

    def _is_settled(self, item: Item) -> bool:
        # Every file is looked at, whatever the others are like.
        settled = [self._looks.settled(leaf) for leaf in item.leaves]
        return not item.held and (item.complete or all(settled))

    def _flawed(self, flaw: Flaw, external_id: str, known: Remembered, reading: "_Reading") -> Iterator[Arrival]:
        if flaw.folder:
            reading.unlisted.add(flaw.path)
        reading.present.add(external_id)
        if flaw.missing and self._options.vanished == "tidied" and known(external_id) is not None:
            return
        yield Arrival(external_id, Refused(flaw.code, flaw.params), at(flaw.path, external_id))

    def _again(self, known: Remembered, reading: "_Reading", *, searched: bool) -> Iterator[Arrival]:
        """Wait, and look at what had not come to rest once more."""
        self._sleep(self._options.settle.total_seconds())
        self._looks.waited()
        waiting, reading.restless = reading.restless, {}
        for found in self._walk():
            external_id = self._aliases.id_at(found.path)
            if isinstance(found, Item) and found.path in waiting:
                yield from self._shown(found, external_id, known(external_id), reading, searched=searched)
            elif external_id not in reading.present:
                yield from self._first(found, known, reading, searched=searched)

    def _handed(self, item: Item, external_id: str) -> Iterator[Arrival]:
        """A document for intake, whose streams stay open until it has been taken."""
        try:
            with self._desk.opened(item, external_id) as deliveries:
                for delivery in deliveries:
                    mark = fingerprint(item, delivery.external_id, _beside(delivery))
                    yield Arrival(delivery.external_id, delivery, mark, self._desk.stated(item))
                self._packages.opened(external_id, fingerprint(item, external_id), deliveries)
        except TakenBack:
            yield Arrival(external_id, Withdrawn(WITHDRAWN), fingerprint(item, external_id))
        except InvalidInput as error:
            yield Arrival(external_id, Refused(error.code, error.params), at(item.path, external_id))

    def _vanished(self, reading: "_Reading") -> dict[str, SeenArrival]:
        """What intake holds and the tree does not show, but for folders of which nothing is known."""
        vanished: dict[str, SeenArrival] = {}
        for seen in self._captured():
            reading.held += 1
            present = {seen.external_id, package_of(seen.external_id)} & reading.present
            if not present and not reading.is_unlisted(path_of(place_of(seen))):
                vanished[seen.external_id] = seen
        return vanished

    def _look_again(self, vanished: dict[str, SeenArrival], reading: "_Reading") -> None:
        """Walk once more: a folder renamed during the first walk may have been missed under both of its names."""
        for found in self._walk():
            external_id = self._aliases.id_at(found.path)
            vanished.pop(external_id, None)
            if isinstance(found, Item) and external_id not in reading.present:
                reading.present.add(external_id)
                (reading.unknown if self._is_settled(found) else reading.restless)[found.path] = found
            elif isinstance(found, Flaw) and found.folder:
                reading.unlisted.add(found.path)
        for external_id, seen in list(vanished.items()):
            if reading.is_unlisted(path_of(place_of(seen))):
                del vanished[external_id]

    def _renamed(self, vanished: dict[str, SeenArrival], reading: "_Reading") -> Iterator[Item]:
        """Everything unknown that is to be handed over, with documents that were renamed found again.

        Bytes that are known whole have come to rest, whatever the clock says.
        """
        by_size: dict[int | None, list[SeenArrival]] = {}
        for _, seen in sorted(vanished.items()):
            if seen.status is ArrivalStatus.CAPTURED:
                by_size.setdefault(seen.size, []).append(seen)
        for path, item in sorted({**reading.unknown, **reading.restless}.items()):
            former = self._same_bytes(item, by_size.get(item.size, []))
            if former is not None:
                by_size[item.size].remove(former)
                del vanished[former.external_id]
                self._aliases.move(former.external_id, id_of(path))
            if former is not None or path in reading.unknown:
                yield item

    def _same_bytes(self, item: Item, candidates: list[SeenArrival]) -> SeenArrival | None:
        if not candidates:
            return None
        try:
            with self._desk.opened(item, "") as deliveries:
                if len(deliveries) > 1:
                    return None
                told = _digest(deliveries[0]), _beside(deliveries[0])
        except (InvalidInput, TakenBack):
            # It is refused by name, or taken back, when its turn comes to be handed over.
            return None
        return next((seen for seen in candidates if (seen.digest, beside_of(seen)) == told), None)


class _Reading:
    """What one reading has found so far. `present` are external ids, the others are by path.

    `held` is how many documents intake holds.
    """

    def __init__(self) -> None:
        self.held = 0
        self.present: set[str] = set()
        self.unlisted: set[bytes] = set()
        self.unknown: dict[bytes, Item] = {}
        self.restless: dict[bytes, Item] = {}

    def is_unlisted(self, path: bytes) -> bool:
        """Whether a path lies in a folder that could not be listed."""
        return any(path.startswith(folder + b"/") for folder in self.unlisted)


def _digest(delivery: Delivery) -> str:
    """What intake remembers a document by: the digest of its main file."""
    main = next(part for part in delivery.components if part.role is ComponentRole.MAIN)
    return f"sha256:{_read_through(main).hex()}"


def _beside(delivery: Delivery) -> str:
    """A short digest of what a document's envelopes say; "" where it has none."""
    found = [_read_through(part) for part in delivery.components if part.role is ComponentRole.ENVELOPE]
    return sha256(b"".join(found)).hexdigest()[:_BESIDE_LENGTH] if found else ""


def _read_through(component: Incoming) -> bytes:
    digest = sha256()
    with component.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.digest()
