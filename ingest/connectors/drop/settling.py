"""Whether files have come to rest: the same in two looks that lie far enough apart.

Looks are remembered from one reading to the next, as digests: a reading need not wait for a sender.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from ingest.connectors.drop.tree import Leaf

_MOST: Final = 500_000
_LENGTH: Final = 16


class Looks:
    """What was looked at and when. `position` holds what earlier readings saw, `now` is the moment of this one."""

    def __init__(self, position: Mapping[str, object], now: datetime, settle: timedelta) -> None:
        self._before = _read(position.get("looks"))
        self._now = now
        self._settle = settle
        self._seen: dict[str, datetime] = {}
        self._waited = False

    def settled(self, leaf: Leaf) -> bool:
        """Look at a file: whether it is what it was at a look long enough ago."""
        if not self._settle:
            return True
        mark = _mark(leaf)
        if self._waited and mark in self._seen:
            return True
        # A look that is yet to come was taken by a clock that went wrong.
        first = min(self._before.get(mark, self._now), self._now)
        if len(self._seen) < _MOST:
            self._seen[mark] = first
        return first + self._settle <= self._now

    def waited(self) -> None:
        """Long enough has passed since the files of this reading were looked at for the first time."""
        self._waited = True

    def position(self) -> dict[str, list[str]]:
        """What to remember: digests of files by the moment at which they were first seen so."""
        moments: dict[str, list[str]] = {}
        for mark, first in self._seen.items():
            moments.setdefault(first.isoformat(), []).append(mark)
        return moments


def _mark(leaf: Leaf) -> str:
    state = b"\0".join([leaf.path, f"{leaf.size} {leaf.modified} {leaf.tag}".encode("utf-8", "surrogatepass")])
    return sha256(state).hexdigest()[:_LENGTH]


def _read(looks: object) -> dict[str, datetime]:
    before: dict[str, datetime] = {}
    if isinstance(looks, dict):
        for moment, marks in looks.items():
            first = datetime.fromisoformat(moment)
            before |= dict.fromkeys(marks, first)
    return before
