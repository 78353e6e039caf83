"""Which document lies at which path: a file that was renamed stays the document it was.

A document's id is the path at which it was first seen. Where it lies elsewhere now, the end of its fingerprint says so;
from there, and from what the source's position remembers, every reading finds it again.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from ingest.connectors.drop.tree import id_of
from ingest.connectors.drop.walking import Item
from ingest.types import SeenArrival

_AT: Final = "@"
_BESIDE: Final = "#"
_LENGTH: Final = 32
_WITHIN: Final = "///"
"""Between a package and a record in it. No path has two empty steps."""


def record_id(package: str, name: str) -> str:
    """The id of one of several documents that a package holds."""
    return package + _WITHIN + name


def package_of(external_id: str) -> str | None:
    """The package that holds a document; None for one that lies in a drop itself."""
    package, sign, _ = external_id.partition(_WITHIN)
    return package if sign else None


class Aliases:
    """External ids by path, where they differ. `position` is what earlier readings knew."""

    def __init__(self, position: Mapping[str, object]) -> None:
        known = position.get("aliases")
        self._ids: dict[str, str] = dict(known) if isinstance(known, dict) else {}
        self._places = {external_id: place for place, external_id in self._ids.items()}

    def learn(self, held: Iterable[SeenArrival]) -> None:
        """Add what the fingerprints of documents say: an interrupted reading left its renames nowhere else."""
        for seen in held:
            place = place_of(seen)
            # The records of a package lie where it does, and it has an id of its own.
            if place != seen.external_id and package_of(seen.external_id) is None:
                self.move(seen.external_id, place)

    def id_at(self, path: bytes) -> str:
        """The id of the document at a path. A path whose id stands for a document that moved away gives another."""
        place = id_of(path)
        if place in self._ids:
            return self._ids[place]
        if place not in self._places:
            return place
        number = 2
        # No file can lie at a path with an empty step: the id is that of no other document.
        while f"{place}//{number}" in self._places:
            number += 1
        self.move(f"{place}//{number}", place)
        return f"{place}//{number}"

    def move(self, external_id: str, place: str) -> None:
        """A document lies at another path now."""
        former = self._places.pop(external_id, None)
        if former is not None:
            self._ids.pop(former, None)
        if place != external_id:
            self._ids[place] = external_id
            self._places[external_id] = place

    def position(self) -> dict[str, str]:
        """What to remember."""
        return dict(self._ids)


def fingerprint(item: Item, external_id: str, beside: str = "") -> str:
    """What tells a document from what it was, without reading it, and where it lies.

    `beside` is a digest of what was read of its envelopes: two documents of the same bytes are told apart by it.
    """
    state = sha256()
    for leaf in item.leaves:
        state.update(b"\0".join([leaf.path, f"{leaf.size} {leaf.modified} {leaf.tag}".encode("utf-8", "replace")]))
    state.update(repr(item.announced).encode("utf-8", "replace"))
    return state.hexdigest()[:_LENGTH] + (_BESIDE + beside if beside else "") + at(item.path, external_id)


def looks(mark: str) -> str:
    """A fingerprint as far as it can be told without reading anything."""
    head, sign, place = mark.partition(_AT)
    return head.partition(_BESIDE)[0] + sign + place


def beside_of(seen: SeenArrival) -> str:
    """The digest of the envelopes of a document when it was last taken."""
    return seen.fingerprint.partition(_AT)[0].partition(_BESIDE)[2]


def at(path: bytes, external_id: str) -> str:
    """The end of a fingerprint: where a document lies, if not where its id says."""
    place = id_of(path)
    return _AT + place if place != external_id else ""


def place_of(seen: SeenArrival) -> str:
    """The path, as an id, at which a document lay when it was last looked at."""
    return seen.fingerprint.partition(_AT)[2] or seen.external_id
