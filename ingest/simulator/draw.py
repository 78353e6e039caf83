"""Chance that is the same every time: values drawn from a seed and a path of names, by SHA-256.

Python's own generator may change its sequences between versions; a digest does not, so what the stand-in platform
publishes stays the same byte for byte wherever it runs.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Draw:
    """A stream of choices. Equal paths give equal streams, other paths unrelated ones."""

    def __init__(self, *path: object) -> None:
        self._path = path
        self._count = 0

    def child(self, *path: object) -> "Draw":
        """An independent stream below this one, untouched by what was drawn here before."""
        return Draw(*self._path, *path)

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self._next() % (high - low + 1)

    def chance(self, rate: float) -> bool:
        """True in `rate` of all cases, `rate` from 0 to 1."""
        return self._next() < rate * 2**64

    def choice(self, things: Sequence[Thing]) -> Thing:
        """One of `things`."""
        return things[self._next() % len(things)]

    def sample(self, things: Sequence[Thing], count: int) -> list[Thing]:
        """`count` different positions of `things`, in drawn order; all of them if there are fewer."""
        left = list(things)
        return [left.pop(self._next() % len(left)) for _ in range(min(count, len(left)))]

    def digits(self, count: int) -> str:
        """`count` decimal digits, leading zeros kept."""
        return "".join(str(self._next() % 10) for _ in range(count))

    def token(self) -> str:
        """32 hexadecimal digits that name this path; does not advance the stream."""
        return hashlib.sha256(self._name("token")).hexdigest()[:32]

    def _next(self) -> int:
        self._count += 1
        return int.from_bytes(hashlib.sha256(self._name(self._count)).digest()[:8], "big")

    def _name(self, last: object) -> bytes:
        return "/".join(str(part) for part in (*self._path, last)).encode()
