"""How much of a table is read at once: as many rows as fit, never a row that is too large."""

from collections.abc import Iterator, Sequence
from typing import Final

_CHUNK_BYTES: Final = 32 << 20
_ROW_BYTES: Final = 64 << 20

Place = tuple[object, ...]
"""Where a row stands: the value of the column that grows, and those of its key."""


def chunks(places: Sequence[tuple[Place, int]]) -> Iterator[tuple[Place, Place] | int]:
    """Stretches of rows that are small enough together to be read at once; the index of each that is too large."""
    first: Place | None = None
    last: Place | None = None
    gathered = 0
    for index, (place, size) in enumerate(places):
        if size > _ROW_BYTES or (gathered + size > _CHUNK_BYTES and place != last):
            if first is not None and last is not None:
                yield first, last
            first, gathered = None, 0
        if size > _ROW_BYTES:
            yield index
            continue
        first, last = place if first is None else first, place
        gathered += size
    if first is not None and last is not None:
        yield first, last
