"""The ledger extract of a bundle: entries, one canonical line each, compared with the leaves the manifest lists.

Standard library only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archive.evidence.documents import ListedEntry, ListedFile
from archive.ledger.canonical import NotCanonical, load
from archive.ledger.merkle import leaf_hash

_CAPTURING = frozenset({"record.captured", "record.version_added", "record.renamed"})

Recorded = tuple[str, str, str, str]
"""What the ledger recorded of a component: record id, component id, SHA-256, SM3."""


@dataclass(frozen=True)
class Extract:
    """What the lines say: listed entries that are missing or changed (by index), lines that are not listed (from 1).

    `components` are the digests that the unchanged entries recorded at capture.
    """

    missing: tuple[int, ...]
    changed: tuple[int, ...]
    extra: tuple[int, ...]
    components: frozenset[Recorded]

    @property
    def agrees(self) -> bool:
        """Whether the lines are those that the manifest lists."""
        return not (self.missing or self.changed or self.extra)

    def recorded(self, file: ListedFile) -> bool:
        """Whether the ledger recorded these bytes as this component when its record came in."""
        return (file.record, file.component, file.sha256, file.sm3) in self.components


def read_extract(data: bytes, expected: Sequence[ListedEntry]) -> Extract:
    """Compare the bytes of `ledger/entries.jsonl` with the entries that the manifest lists."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    listed = {entry.leaf: entry.index for entry in expected}
    found: set[int] = set()
    unknown: dict[int, int | None] = {}
    components: set[Recorded] = set()
    for number, line in enumerate(lines, start=1):
        index = listed.get(leaf_hash(line))
        if index is None:
            unknown[number] = _claimed_index(line)
        else:
            found.add(index)
            components.update(_components(line))
    absent = [entry.index for entry in expected if entry.index not in found]
    changed = set(absent) & set(unknown.values())
    return Extract(
        missing=tuple(index for index in absent if index not in changed),
        changed=tuple(index for index in absent if index in changed),
        # A line that was cut off says nothing of its own: the entry it was is missing.
        extra=tuple(number for number, index in unknown.items() if index is not None and index not in changed),
        components=frozenset(components),
    )


def _claimed_index(line: bytes) -> int | None:
    try:
        entry = load(line)
    except NotCanonical:
        return None
    index = entry.get("index") if isinstance(entry, dict) else None
    return index if type(index) is int else None


def _components(line: bytes) -> Iterator[Recorded]:
    """What an entry recorded at capture; its bytes are those of the ledger, so only its kind has to be asked."""
    try:
        entry: Any = load(line)
        if entry["type"] in _CAPTURING and entry["subject"]["kind"] == "record":
            for component in entry["body"]["components"]:
                yield entry["subject"]["id"], component["id"], component["sha256"], component["sm3"]
    except (NotCanonical, KeyError, TypeError):
        # An entry of another shape records no digest; the files that need one are reported.
        return
