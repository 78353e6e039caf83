"""What a source lists, laid down on disk and read back in the order of the ids: in memory it never stands as a whole.

The list comes first and whole. Only when it has ended is anything compared: a list that broke off says nothing about
what it had not come to.
"""

import heapq
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO

from archive.errors import InvalidInput, Unavailable
from ingest.connectors.port import Listed, Stated
from ingest.connectors.texts import is_well_formed

MOST_LISTED = 5_000_000
_AT_ONCE = 20_000
_LONGEST_ID = 1_000
_LONGEST_DATA_SET = 64
_LONGEST_DIGEST = 200
_LARGEST = 1 << 62

_Row = tuple[str, str, str | None, int | None, str]


class Spool:
    """A list of any length in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Path] = []

    def fill(self, listing: Iterator[Listed]) -> None:
        """Lay down a whole list.

        Raises:
            InvalidInput: an entry is none (`inventory-entry`), or there are too many (`inventory-too-long`).
            Unavailable: the disk does not take it.
        """
        rows = _rows(listing)
        while part := sorted(islice(rows, _AT_ONCE), key=lambda row: row[0]):
            if len(self._parts) * _AT_ONCE >= MOST_LISTED:
                raise InvalidInput("inventory-too-long", most=MOST_LISTED)
            path = self._folder / f"{len(self._parts):06d}.jsonl"
            try:
                with path.open("w", encoding="utf-8") as file:
                    file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in part)
            except OSError as error:
                raise Unavailable("inventory-scratch", detail=error.strerror) from error
            self._parts.append(path)

    def read(self) -> Iterator[Listed]:
        """Every entry in the order of the ids."""
        with ExitStack() as stack:
            files = [stack.enter_context(path.open(encoding="utf-8")) for path in self._parts]
            for row in heapq.merge(*map(_read, files), key=lambda row: row[0]):
                external_id, data_set, day, size, digest = row
                stated = Stated(data_set, date.fromisoformat(day) if day else None, None, size, digest)
                yield Listed(external_id, stated)


def _rows(listing: Iterator[Listed]) -> Iterator[_Row]:
    for number, listed in enumerate(listing, start=1):
        stated = listed.stated
        texts = (listed.external_id, stated.data_set, stated.digest)
        usable = all(is_well_formed(text) for text in texts) and listed.external_id != ""
        lengths = zip(texts, (_LONGEST_ID, _LONGEST_DATA_SET, _LONGEST_DIGEST), strict=True)
        if not usable or any(len(text) > most for text, most in lengths):
            raise InvalidInput("inventory-entry", number=number)
        if stated.size is not None and not 0 <= stated.size < _LARGEST:
            raise InvalidInput("inventory-entry", number=number)
        day = stated.day.isoformat() if stated.day else None
        yield listed.external_id, stated.data_set, day, stated.size, stated.digest


def _read(file: IO[str]) -> Iterator[_Row]:
    for line in file:
        external_id, data_set, day, size, digest = json.loads(line)
        yield external_id, data_set, day, size, digest
