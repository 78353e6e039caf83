"""Identifiers as a port: a prefix that tells the kind, then a time-ordered random part."""

import secrets
import time
from itertools import count
from typing import Literal, Protocol

Kind = Literal["rec", "ver", "cmp", "prj", "sec", "vol", "src", "arr", "job", "acc", "evt", "run"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Ids(Protocol):
    """Makes identifiers that are never used twice."""

    def new(self, kind: Kind) -> str:
        """A new identifier such as `rec_01jc3…`: 26 characters of base 32 after the prefix."""
        ...


class RandomIds:
    """48 bits of milliseconds, then 80 random bits, so that rows made together lie together."""

    def new(self, kind: Kind) -> str:
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        return f"{kind}_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


class SequentialIds:
    """The twin: counts, so that tests can name what they expect."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, kind: Kind) -> str:
        return f"{kind}_{next(self._numbers):026d}"
