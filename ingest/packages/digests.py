"""Digests that packages announce of their files, and files read once to compare them all."""

import hashlib
from collections.abc import Collection, Mapping
from typing import BinaryIO, Final

ALGORITHMS: Final = ("sha512", "sha256", "sm3", "sha384", "sha224", "sha1", "md5")
"""Digests that a package may announce, in hex. SM3 is GB/T 32905."""

WEAK: Final = frozenset({"md5", "sha1"})
"""Those that tell damage, but not forgery: two files of one digest can be made at will."""

EITHER: Final = "sha256|sm3"
"""Stands for the algorithm of a digest of 64 characters whose maker names none."""

_BLOCK: Final = 1 << 20


def algorithm_named(name: str) -> str | None:
    """An algorithm by one of its spellings (`SHA-256`, `sha256`); None for one that nobody here knows."""
    algorithm = name.strip().lower().replace("-", "").replace("_", "")
    return algorithm if algorithm in ALGORITHMS else None


def hex_length(algorithm: str) -> int:
    """How many characters a digest in hex has."""
    return hashlib.new(algorithm, usedforsecurity=False).digest_size * 2


class Digester:
    """Takes bytes once and gives their number and several digests of them."""

    def __init__(self, algorithms: Collection[str]) -> None:
        # MD5 is what many senders announce: it tells damage, and nothing is trusted to it.
        self._found = {algorithm: hashlib.new(algorithm, usedforsecurity=False) for algorithm in algorithms}
        self.size = 0

    def take(self, data: bytes) -> None:
        """The next bytes."""
        self.size += len(data)
        for found in self._found.values():
            found.update(data)

    def digests(self) -> Mapping[str, str]:
        """Lower-case hex by algorithm."""
        return {algorithm: found.hexdigest() for algorithm, found in self._found.items()}


def digested(stream: BinaryIO, algorithms: Collection[str]) -> Digester:
    """A whole stream, read in pieces: however long it is, only one of them is held."""
    digester = Digester(algorithms)
    while block := stream.read(_BLOCK):
        digester.take(block)
    return digester


def to_compute(announced: Collection[str]) -> set[str]:
    """The algorithms that are needed to compare what was announced."""
    named = set(announced)
    return (named - {EITHER}) | {"sm3", "sha256"} if EITHER in named else named


def settled(announced: Mapping[str, str], found: Mapping[str, str]) -> Mapping[str, str]:
    """Digests with the algorithm of a nameless one decided: SM3 if it is the file's SM3, SHA-256 otherwise."""
    if EITHER not in announced:
        return announced
    digest = announced[EITHER]
    known = {algorithm: value for algorithm, value in announced.items() if algorithm != EITHER}
    return known | {"sm3" if found["sm3"] == digest.lower() else "sha256": digest}


def differing(announced: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """The algorithms under which a file is not what was announced."""
    return [algorithm for algorithm, digest in announced.items() if found[algorithm] != digest.lower()]
