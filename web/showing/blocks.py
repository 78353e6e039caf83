"""The text of a document as paragraphs, headings and tables, the way extractors leave it: lines, and tabs in rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import east_asian_width

LONGEST = 200_000
"""Characters of one component that a page shows; the rest is left to the original."""

_NARROWEST, _WIDEST = 50, 130
"""Columns of a page of text; anything else has not been broken into lines by a layout."""

_FULL = 0.85

_HEADING = re.compile(r"(?:第?[一二三四五六七八九十百]{1,4}(?:、|[章节部分]{1,2}[ 　:：、]?)).{1,38}")
_NUMBERED = re.compile(r"[（(]?[0-9一二三四五六七八九十]{1,3}[）).、．]")
_SENTENCE_END = "。；;！？!?：:"


@dataclass(frozen=True)
class Cell:
    """A cell of a table and over how many columns it reaches."""

    text: str
    span: int


@dataclass(frozen=True)
class Block:
    """A paragraph or heading with `text`, or a table with `rows`."""

    kind: Literal["paragraph", "heading", "table"]
    text: str = ""
    rows: tuple[tuple[Cell, ...], ...] = ()


def blocks_of(text: str, title: str = "") -> list[Block]:
    """The blocks of `text`; its first line is left out where it only repeats `title`."""
    lines = [line.strip("\n \u3000") for line in text[:LONGEST].split("\n")]
    lines = _joined([line for line in lines if line.strip()])
    if lines and title and _same(lines[0], title):
        lines = lines[1:]
    return list(_gather(lines))


def _joined(lines: Sequence[str]) -> list[str]:
    """Lines that the layout of a page broke, whole again: those as wide as the page and without an end of their own."""
    page = max((_width(line) for line in lines if "\t" not in line), default=0)
    if not _NARROWEST <= page <= _WIDEST:
        return list(lines)
    found: list[str] = []
    broken = False
    for line in lines:
        starts = "\t" in line or _HEADING.fullmatch(line) is not None or _NUMBERED.match(line) is not None
        if broken and not starts:
            found[-1] += line
        else:
            found.append(line)
        broken = _width(line) >= _FULL * page and "\t" not in line and not _ends(line)
    return found


def _width(line: str) -> int:
    """In columns: a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


def _same(one: str, two: str) -> bool:
    return re.sub(r"\s", "", one) == re.sub(r"\s", "", two)


def _gather(lines: Sequence[str]) -> Iterator[Block]:
    table: list[str] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if "\t" in line or (table and _spans(table[-1], line, following)):
            table.append(line)
            continue
        if table:
            yield _table(table)
            table = []
        yield _paragraph(line)
    if table:
        yield _table(table)


def _spans(before: str, line: str, following: str) -> bool:
    """Whether a line without cells is a row of one cell: rows of one table have the same number of cells around it."""
    return 0 < before.count("\t") == following.count("\t") and not _ends(line)


def _ends(line: str) -> bool:
    return line.endswith(tuple(_SENTENCE_END)) or _HEADING.fullmatch(line) is not None


def _paragraph(line: str) -> Block:
    is_heading = _HEADING.fullmatch(line) is not None and not line.endswith(("。", "；", ";"))
    return Block("heading" if is_heading else "paragraph", line)


def _table(lines: Sequence[str]) -> Block:
    rows = [line.split("\t") for line in lines]
    width = max(len(row) for row in rows)
    return Block("table", rows=tuple(tuple(_cells(row, width)) for row in rows))


def _cells(row: Sequence[str], width: int) -> Iterator[Cell]:
    for number, text in enumerate(row):
        last = number == len(row) - 1
        yield Cell(text.strip(), width - number if last else 1)
