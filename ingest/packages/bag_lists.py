"""The lists of a bag: manifests of payload and tag files, and what is to be fetched."""

import io
import re
from collections.abc import Iterator
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.digests import algorithm_named, hex_length
from ingest.packages.findings import Findings
from ingest.packages.members import Members
from ingest.packages.names import safe_path, shown

_MANIFEST: Final = re.compile(rb"(tag)?manifest-([A-Za-z0-9-]+)\.txt")
_LINE: Final = re.compile(r"([0-9A-Fa-f]+)[ \t]+(\*?)(.+)")
_FETCH: Final = b"fetch.txt"
_LENGTH: Final = re.compile(r"[0-9]+|-")

MOST_BYTES: Final = 64 << 20
"""Of one list: that is more than three hundred thousand lines with SHA-512."""

Listed = dict[bytes, str]
"""Digests by path, as one manifest gives them."""


class Lists:
    """Reads the lists of one bag, of at most `most` bytes each. `strict` is the rule of 1.0: no path twice."""

    def __init__(
        self, members: Members, encoding: str, findings: Findings, *, strict: bool, most: int = MOST_BYTES
    ) -> None:
        self._members = members
        self._encoding = encoding
        self._findings = findings
        self._strict = strict
        self._most = most

    def read(self) -> tuple[dict[str, Listed], dict[str, Listed]]:
        """Payload and tag manifests by algorithm. One of an algorithm that nobody here knows is no help: left out."""
        payload: dict[str, Listed] = {}
        tags: dict[str, Listed] = {}
        for name in self._members:
            found = _MANIFEST.fullmatch(name)
            if found is None:
                continue
            algorithm = algorithm_named(found[2].decode())
            if algorithm is None:
                self._findings.warning("bag-algorithm-unknown", shown(name), algorithm=shown(found[2]))
                continue
            kind = tags if found[1] else payload
            if algorithm in kind:
                # `sha256` and `sha-256`: neither may push the other aside.
                self._findings.error("manifest-path-twice", shown(name))
                continue
            kind[algorithm] = self._listed(name, algorithm)
        return payload, tags

    def fetched(self) -> Iterator[bytes]:
        """The paths of what fetch.txt says is to be fetched (RFC 8493, 2.2.3)."""
        text = self._text(_FETCH) if _FETCH in self._members else None
        for number, line in _lines(text or ""):
            parts = line.split(maxsplit=2)
            if len(parts) != 3 or not _LENGTH.fullmatch(parts[1]):
                self._findings.error("manifest-malformed", shown(_FETCH), detail=f"line {number}")
                continue
            path = self._safe(parts[2])
            if path is not None:
                yield path

    def _listed(self, name: bytes, algorithm: str) -> Listed:
        listed: Listed = {}
        length = hex_length(algorithm)
        marked = dotted = False
        text = self._text(name)
        for number, line in _lines(text or ""):
            found = _LINE.fullmatch(line)
            if found is None or len(found[1]) != length:
                self._findings.error("manifest-malformed", shown(name), detail=f"line {number}")
                continue
            marked = marked or bool(found[2])
            dotted = dotted or found[3].startswith("./")
            path = self._safe(found[3])
            if path is not None:
                self._take(listed, path, found[1].lower())
        if marked:
            self._findings.warning("bag-binary-mark", shown(name))
        if dotted:
            self._findings.warning("bag-path-dot", shown(name))
        return listed

    def _text(self, name: bytes) -> str | None:
        return tag_text(self._members, name, self._encoding, self._findings, self._most)

    def _take(self, listed: Listed, path: bytes, digest: str) -> None:
        if path not in listed:
            listed[path] = digest
        elif self._strict or listed[path] != digest:
            self._findings.error("manifest-path-twice", shown(path))
        else:
            self._findings.warning("bag-path-repeated", shown(path))

    def _safe(self, path: str) -> bytes | None:
        try:
            return safe_path(path.encode("utf-8", "surrogatepass"))
        except InvalidInput as error:
            self._findings.caught(error)
            return None


def tag_text(members: Members, name: bytes, encoding: str, findings: Findings, most: int = MOST_BYTES) -> str | None:
    """A tag file in the encoding that the bag declares; None where it cannot be read, which is then a finding."""
    try:
        return members[name].read(most).decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        findings.error("manifest-malformed", shown(name), detail=encoding)
    except InvalidInput as error:
        findings.caught(error, shown(name))
    return None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers, whatever ends them; never all of them at once."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if line.strip():
            yield number, line.removesuffix("\n")
