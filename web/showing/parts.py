"""The files of a record in the order in which they are read, and which of them only repeat the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from archive.records.types import Component, ComponentRole, ExtractedText

_SAME = 1.6
"""A further main document up to this many times as long as the first is the same document in another format."""


@dataclass(frozen=True)
class Part:
    """A component: the `first` to be read, the `same` again in another format, or something of its `own`."""

    component: Component
    kind: Literal["first", "same", "own"]


def main_parts(texts: Mapping[str, ExtractedText], components: Sequence[Component]) -> list[Part]:
    """`components` with main documents first, and among them one whose text keeps its tables before those without."""
    ordered = sorted(
        components, key=lambda one: (one.role is not ComponentRole.MAIN, not _reads_well(one), one.ordinal)
    )
    if not ordered:
        return []
    first = ordered[0]
    return [Part(first, "first"), *(Part(one, _kind(texts, first, one)) for one in ordered[1:])]


def _reads_well(component: Component) -> bool:
    return "html" in component.media_type or component.name.lower().endswith((".html", ".htm"))


def _kind(texts: Mapping[str, ExtractedText], first: Component, other: Component) -> Literal["same", "own"]:
    if other.role is ComponentRole.SIGNED_TWIN:
        return "same"
    if other.role is not ComponentRole.MAIN:
        return "own"
    return "same" if _length(texts, other) <= _SAME * _length(texts, first) else "own"


def _length(texts: Mapping[str, ExtractedText], component: Component) -> int:
    text = texts.get(component.id)
    return len("".join(text.text.split())) if text else 0
