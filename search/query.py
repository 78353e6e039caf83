"""The query language: what people type, read into conditions. `docs/search.md` explains it to them.

Whatever is typed is either read or refused with a code and the place (characters counted from 1): never an accident.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from typing import Protocol

from archive.authorization import region_prefix
from archive.errors import InvalidInput
from search.cjk import Phrase, fold, readings
from search.types import DEEPEST, MOST_HITS, Area, Between, Condition, Is, Key, Query, Request, Says, Sort

LONGEST = 1_000
MOST_WORDS = 32

_QUOTES: Mapping[str, str] = {
    '"': '"”“＂',
    "＂": '"”“＂',
    "“": '"”“＂',
    "”": '"”“＂',
    "「": "」",
    "『": "』",
}
_MINUS = "-－−"
_BREAKS = re.compile(r"[，。、；！？（）《》〈〉【】\[\]()|]+")
_RANGE = re.compile(r"\.\.+|…+|~|～|至")
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?|年)?")
_REGION = re.compile(r"[0-9]{2,6}")


class Field(StrEnum):
    """What people may restrict a word to."""

    TYPE = "type"
    PROJECT = "project"
    REFERENCE = "reference"
    REGION = "region"
    DATE = "date"


_FIELDS: Mapping[str, Field] = {
    "类型": Field.TYPE,
    "type": Field.TYPE,
    "项目": Field.PROJECT,
    "project": Field.PROJECT,
    "档号": Field.REFERENCE,
    "ref": Field.REFERENCE,
    "地区": Field.REGION,
    "region": Field.REGION,
    "日期": Field.DATE,
    "date": Field.DATE,
}
_AREAS: Mapping[Field, Area] = {
    Field.TYPE: Area.DOC_TYPE,
    Field.PROJECT: Area.PROJECT,
    Field.REFERENCE: Area.REFERENCE,
}


class Vocabulary(Protocol):
    """The words of the plan in force that people use instead of codes."""

    def region_code(self, name: str) -> str | None:
        """The six digits of a region by its name, None if unknown."""
        ...

    def trade_of_category(self, category: str) -> str | None:
        """The trade letter of a category by its name, None if unknown."""
        ...


@dataclass(frozen=True)
class _Piece:
    """One word, phrase or field of what was typed. `at` counts characters from 1."""

    at: int
    field: Field | None
    text: str
    negated: bool
    quoted: bool


class QueryReader:
    """Reads questions. `zone` decides on which moment a day begins."""

    def __init__(self, zone: tzinfo, vocabulary: Vocabulary | None = None) -> None:
        self._zone = zone
        self._vocabulary = vocabulary

    def read(self, query: Query) -> Request:
        """The conditions of `query`.

        Raises:
            InvalidInput: the text cannot be read, or a filter or the page is not as `Query` says.
        """
        if not 1 <= query.size <= MOST_HITS or query.offset < 0:
            raise InvalidInput("search-page", most=MOST_HITS)
        if query.offset + query.size > DEEPEST:
            raise InvalidInput("search-too-deep", most=DEEPEST)
        conditions = [*self._text(query.text), *self._filters(query)]
        worded = any(condition.worded for condition in conditions)
        sort = query.sort or (Sort.RELEVANCE if worded else Sort.NEWEST)
        return Request(tuple(conditions), sort, query.size, query.offset)

    def _text(self, text: str) -> list[Condition]:
        if len(text) > LONGEST:
            raise InvalidInput("search-too-long", length=len(text), most=LONGEST)
        pieces = list(_pieces(text))
        if len(pieces) > MOST_WORDS:
            raise InvalidInput("search-too-many-words", count=len(pieces), most=MOST_WORDS)
        conditions = [condition for piece in pieces if (condition := self._condition(piece)) is not None]
        if text.strip() and not conditions:
            raise InvalidInput("search-nothing", text=text.strip())
        return conditions

    def _condition(self, piece: _Piece) -> Condition | None:
        if piece.field is None:
            found = _readings(piece)
            return Condition((Says(Area.TEXT, found),), piece.negated) if found else None
        if piece.field is Field.REGION:
            return Condition((Is(Key.REGION, self._region(piece)),), piece.negated)
        if piece.field is Field.DATE:
            return Condition((self._between(piece),), piece.negated)
        return Condition(self._named(piece, _AREAS[piece.field]), piece.negated)

    def _named(self, piece: _Piece, area: Area) -> tuple[Says | Is, ...]:
        """A type, project or reference code: by its exact value where it has one, or by words of it."""
        found = _readings(piece)
        if not found:
            raise InvalidInput("search-value", position=piece.at, value=piece.text)
        tests: list[Says | Is] = [Says(area, found)]
        if area is Area.PROJECT:
            tests.append(Is(Key.PROJECT, piece.text))
        if area is Area.DOC_TYPE:
            tests.append(Is(Key.CLASS, fold(piece.text).upper()))
            trade = self._vocabulary.trade_of_category(piece.text.upper()) if self._vocabulary else None
            tests.append(Is(Key.TRADE_TYPE, trade or fold(piece.text).upper()))
        return tuple(tests)

    def _region(self, piece: _Piece) -> str:
        digits = fold(piece.text)
        if _REGION.fullmatch(digits):
            return region_prefix(digits)
        code = self._vocabulary.region_code(piece.text) if self._vocabulary else None
        if code is None:
            raise InvalidInput("search-region", position=piece.at, value=piece.text)
        return region_prefix(code)

    def _between(self, piece: _Piece) -> Between:
        sides = _RANGE.split(fold(piece.text).replace("–", ".."))
        if len(sides) > 2 or not any(side.strip() for side in sides):
            raise InvalidInput("search-date", position=piece.at, value=piece.text)
        days = [_days(side.strip(), piece) if side.strip() else None for side in sides]
        first, last = days[0], days[-1]
        if first and last and first[0] > last[1]:
            raise InvalidInput("search-date-order", position=piece.at, value=piece.text)
        return self._moments(first[0] if first else None, last[1] if last else None)

    def _moments(self, first: date | None, last: date | None) -> Between:
        """From the beginning of the day `first` to the end of the day `last`."""
        start = self._start(first) if first else None
        end = self._start(last + timedelta(days=1)) if last and last < date.max else None
        return Between(start, end)

    def _start(self, day: date) -> datetime:
        if not 2 < day.year < 9998:  # a moment near the ends of the calendar has no equivalent in UTC
            return datetime.combine(day, time(), UTC)
        return datetime.combine(day, time(), self._zone).astimezone(UTC)

    def _filters(self, query: Query) -> Iterator[Condition]:
        exact = (
            (Key.TRADE_TYPE, query.trade_type),
            (Key.DOC_TYPE, query.doc_type),
            (Key.CLASS, query.class_code and query.class_code.upper()),
            (Key.STATE, query.state),
            (Key.PROJECT, query.project_id),
            (Key.REGION, query.region and region_prefix(query.region)),
        )
        for key, value in exact:
            if value:
                yield Condition((Is(key, value),))
        if query.published_from or query.published_to:
            yield Condition((self._moments(query.published_from, query.published_to),))


def _readings(piece: _Piece) -> tuple[Phrase, ...]:
    prefix = not piece.quoted and piece.text.endswith(("*", "＊"))
    return readings(piece.text, prefix=prefix)


def _days(text: str, piece: _Piece) -> tuple[date, date]:
    """The first and the last day of a year, a month or a day."""
    match = _DAY.fullmatch(text.replace(" ", ""))
    if match is None:
        raise InvalidInput("search-date", position=piece.at, value=piece.text)
    year, month, day = int(match[1]), match[2] and int(match[2]), match[3] and int(match[3])
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first, first
        following = date(year + month // 12, month % 12 + 1, 1) if month else date(year + 1, 1, 1)
    except ValueError as error:
        raise InvalidInput("search-date", position=piece.at, value=piece.text) from error
    return first, following - timedelta(days=1)


def _pieces(text: str) -> Iterator[_Piece]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        start, negated, field = position, False, None
        if text[position] in _MINUS and position + 1 < len(text) and not text[position + 1].isspace():
            negated, position = True, position + 1
        named = _names().match(text, position)
        if named:
            field, position = _FIELDS[fold(named[1])], named.end()
        value, quoted, position = _value(text, position)
        if field is None and not quoted:
            yield from (_Piece(start + 1, None, part, negated, quoted=False) for part in _parts(value))
        elif field is not None and not value.strip():
            raise InvalidInput("search-value", position=start + 1, value=text[start:position])
        else:
            yield _Piece(start + 1, field, value, negated, quoted)


def _parts(value: str) -> list[str]:
    """A word cut at punctuation; one without any stays whole, hyphens and all."""
    return [part for part in _BREAKS.split(value) if part]


def _value(text: str, position: int) -> tuple[str, bool, int]:
    """The value that begins at `position`, whether it is quoted, and where it ends."""
    closing = _QUOTES.get(text[position : position + 1])
    if closing is None:
        end = position
        while end < len(text) and not text[end].isspace() and text[end] not in _QUOTES:
            end += 1
        return text[position:end], False, end
    for end in range(position + 1, len(text)):
        if text[end] in closing:
            return text[position + 1 : end], True, end + 1
    raise InvalidInput("search-quote", position=position + 1)


@cache
def _names() -> re.Pattern[str]:
    names = "|".join(sorted(_FIELDS, key=len, reverse=True))
    return re.compile(rf"({names})[:：]", re.IGNORECASE)
