"""A portal's list, walked from the newest row back, and what its rows say."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Final

from archive.errors import SourceFailed
from ingest.connectors.http.answers import Twice, is_too_deep
from ingest.connectors.http.source import HttpSource
from ingest.connectors.moments import read_moment
from ingest.connectors.port import Listed, Stated
from ingest.connectors.portal.dialect import Dialect, RowRules, Stretch, at
from ingest.connectors.texts import is_well_formed, scalar

_MOST_STRETCHES: Final = 200_000
_MOST_NEWEST: Final = 200_000
_STANDSTILL: Final = 3
"""So many stretches in a row without a row that was not there before: the list goes round in circles."""

_LONGEST_ID: Final = 512
_LONGEST_SET: Final = 64


@dataclass(frozen=True)
class Row:
    """One row: the document's id, and what the row looked like as a short digest.

    `values` is None where it is no row that can be used: `code` and `params` say why, and the id may be made up.
    """

    external_id: str
    mark: str
    values: Mapping[str, object] | None
    stated: Stated = field(default_factory=Stated)
    moment: datetime | None = None
    code: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


class PortalList:
    """The list of one portal. `own` are the source's own parameters, `size` how many rows are asked for at once."""

    def __init__(self, http: HttpSource, dialect: Dialect, own: Mapping[str, object], size: int, zone: tzinfo) -> None:
        self._http = http
        self._dialect = dialect
        self._own = own
        self._size = size
        self._zone = zone
        self.failure: SourceFailed | None = None
        """A row that could not be had, while all others were."""
        self.shrank = False
        """Rows were taken away while the list was walked: others moved up, and some may not have been met."""

    def walk(self, listed: dict[str, str]) -> Iterator[tuple[list[Row], bool]]:
        """Rows in stretches, each with whether it is the last. Rows whose id is in `listed` are left out.

        Newer rows push others down while we read, and some portals list one document under several headings: what
        comes twice is one row, as it came first. Otherwise each would be a version of the other at every reading.

        Raises:
            SourceFailed: the list does not answer as agreed, or never ends (`source-list-endless`).
        """
        still = 0
        for values, last in self._newest() if self._dialect.list.walk == "newest" else self._pages():
            before = len(listed)
            rows = list(_told_apart((read_row(value, self._dialect.row, self._zone) for value in values), listed))
            still = 0 if len(listed) > before else still + 1
            if still >= _STANDSTILL and not last:
                raise self._endless(len(listed))
            yield [self._named(row) for row in rows], last

    def inventory(self) -> Iterator[Listed]:
        """What the list says there is. Raises as `walk`, and what could not be had at the end."""
        for rows, _ in self.walk({}):
            for row in rows:
                yield Listed(row.external_id, row.stated)
        if self.failure is not None:
            raise self.failure

    def _named(self, row: Row) -> Row:
        if row.values is not None:
            return row
        return replace(row, params={"source": self._http.name, **row.params})

    def _pages(self) -> Iterator[tuple[list[object], bool]]:
        number = seen = most = 0
        while number < _MOST_STRETCHES:
            had = 0
            end = True
            for values, total in self._portions(Stretch(number, seen, self._size)):
                if total and not values and not had and number * self._size < total:
                    # There should be rows here: an error that looks like an empty page.
                    raise self._malformed(f"{seen} of {total}")
                had += len(values)
                self.shrank = self.shrank or (total or most) < most
                most = max(most, total or 0)
                end = not values or (total is not None and seen + had >= total)
                if values:
                    yield values, end
            seen += had
            if end or not had:
                return
            number += 1
        raise self._endless(seen)

    def _portions(self, stretch: Stretch) -> Iterator[tuple[list[object], int | None]]:
        """A stretch of rows, one by one where all together are too much for one answer."""
        try:
            yield self._asked(stretch)
        except SourceFailed as error:
            if error.code != "source-answer-too-large" or stretch.size == 1:
                raise
            for place in range(stretch.size):
                single = Stretch(stretch.number * stretch.size + place, stretch.offset + place, 1)
                yield from self._single(single)

    def _single(self, stretch: Stretch) -> Iterator[tuple[list[object], int | None]]:
        try:
            yield self._asked(stretch)
        except SourceFailed as error:
            if error.code != "source-answer-too-large":
                raise
            # It is told at the end: the rows behind it are not to suffer from it.
            self.failure = error
            yield [{}], None

    def _newest(self) -> Iterator[tuple[list[object], bool]]:
        """The newest so many, and then twice as many, until there are no more."""
        size = self._size
        while size <= _MOST_NEWEST:
            values, total = self._asked(Stretch(0, 0, size))
            last = len(values) < size or total == len(values)
            yield values, last
            if last:
                return
            size *= 2
        raise self._endless(size)

    def _asked(self, stretch: Stretch) -> tuple[list[object], int | None]:
        rules = self._dialect.list
        answer = self._http.json(self._dialect.list_question(stretch, self._own))
        values, total = at(answer, rules.rows), _whole(at(answer, rules.total)) if rules.total else None
        if not isinstance(values, list) or (rules.total and total is None):
            raise self._malformed(", ".join(part for part in (rules.rows, rules.total) if part))
        return values, total

    def _malformed(self, detail: str) -> SourceFailed:
        return SourceFailed("source-answer-malformed", source=self._http.name, detail=detail)

    def _endless(self, rows: int) -> SourceFailed:
        return SourceFailed("source-list-endless", source=self._http.name, rows=rows)


def read_row(value: object, rules: RowRules, zone: tzinfo) -> Row:
    """What one row of a list says, or why it says nothing that can be used."""
    if is_too_deep(value):
        plain = {name: part for name, part in value.items() if scalar(part)} if isinstance(value, dict) else {}
        mark = row_mark(plain, rules.counters)
        return Row(_id(plain, rules) or f"row-{mark}", mark, None, code="source-answer-too-deep")
    mark, external_id = row_mark(value, rules.counters), _id(value, rules)
    stated = Stated(digest=f"mark:{mark}")
    if not external_id or not isinstance(value, dict):
        params = {"detail": rules.id}
        return Row(f"row-{mark}", mark, None, stated, None, "source-answer-malformed", params)
    moment = first_moment(value, (*rules.published, *rules.day), zone)
    data_set = scalar(value.get(rules.category)) or ""
    day = None if moment is None else moment.astimezone(zone).date()
    stated = Stated(data_set=data_set[:_LONGEST_SET], day=day, digest=f"mark:{mark}")
    if isinstance(value, Twice):
        return Row(external_id, mark, None, stated, moment, "source-answer-key-twice", {"key": value.key})
    return Row(external_id, mark, value, stated, moment)


def row_mark(value: object, counters: frozenset[str]) -> str:
    """What a list row looks like, as a short digest; counters a portal bumps on every visit are left out."""
    kept = {key: value[key] for key in value.keys() - counters} if isinstance(value, dict) else value
    data = json.dumps(kept, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(data.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def first_moment(values: Mapping[str, object], names: tuple[str, ...], zone: tzinfo) -> datetime | None:
    """The moment that the first of some fields names that names one."""
    moments = (read_moment(scalar(values.get(name)) or "", zone) for name in names)
    return next((moment for moment in moments if moment is not None), None)


def oldest(rows: list[Row]) -> datetime | None:
    """The earliest publication in some rows: how far back a walk came that ends with them."""
    return min((row.moment for row in rows if row.moment is not None), default=None)


def _told_apart(rows: Iterator[Row], listed: dict[str, str]) -> Iterator[Row]:
    for row in rows:
        if row.external_id not in listed:
            listed[row.external_id] = row.mark
            yield row


def _id(value: object, rules: RowRules) -> str:
    given = value.get(rules.id) if isinstance(value, dict) else None
    text = str(given) if isinstance(given, str) or type(given) is int else ""
    usable = text.strip() and len(text) <= _LONGEST_ID and is_well_formed(text)
    return text if usable else ""


def _whole(value: object) -> int | None:
    text = str(value) if isinstance(value, str) or type(value) is int else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
