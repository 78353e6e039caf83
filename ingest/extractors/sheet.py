"""Spreadsheets (.xlsx): sheet by sheet, row by row, cells apart by tabs, dates in ISO 8601.

Read as a stream of tags. The usual readers build the whole rectangle between the first and the last cell in memory: two
cells in opposite corners of an empty sheet (5 kB) ask for 550 GB and end the process.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from lxml import etree

from archive.errors import InvalidInput
from ingest.extractors.gathering import Enough, Gathering, Watched, extraction, read_xml, small_xml, until_enough
from ingest.extractors.package import Package, open_package, relation_targets
from ingest.extractors.port import Extraction, Limits
from ingest.formats import known
from ingest.formats.types import Identified

# Most characters a cell can hold: ECMA-376 part 1, 18.4.8 with the limit Excel states.
_CELL_LENGTH = 32_767
# Built-in formats that show dates or times: ECMA-376 part 1, 18.8.30, those of Chinese locales included.
_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_LITERALS = re.compile(r"\"[^\"]*\"|\[(?!h|m|s)[^\]]*\]|\\.|_.|\*.", re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs年月日时分秒]", re.IGNORECASE)
_LAST_DAY = 2_958_465  # 9999-12-31 in the 1900 system
_DAY = 86_400


class SheetExtractor:
    """Office Open XML workbooks, with and without macros."""

    name = "sheet"
    version = "2"

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime in {known.XLSX, known.XLSM} else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        package = open_package(stream, limits)
        gathering = Gathering(limits.characters)
        finished = until_enough(lambda: _read(package, gathering, limits))
        return extraction(
            gathering.text(),
            pages=None,
            metadata=package.metadata(),
            cut=not finished,
        )


@dataclass(frozen=True)
class Workbook:
    """A workbook opened as far as its sheets: names with parts, and how cells are shown.

    `complete` is false where there are more shared strings than the limits allow.
    """

    sheets: tuple[tuple[str, str], ...]
    shown: "Shown"
    complete: bool


def open_workbook(package: Package, limits: Limits) -> Workbook:
    """Open a workbook.

    Raises:
        InvalidInput: `file-damaged`, a part of it is missing or no XML.
    """
    workbook = small_xml(package.container.read(package.main))
    targets = relation_targets(package.container, package.main)
    related = package.related_parts()
    strings, all_strings = _strings(package, related.get("sharedStrings", []), limits)
    dates = _date_styles(package, related.get("styles", []), limits)
    properties = workbook.find("{*}workbookPr")
    late_epoch = properties is not None and properties.get("date1904") in {"1", "true"}
    sheets = []
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        part = next((targets[value] for key, value in _pairs(sheet) if key.endswith("}id") and value in targets), None)
        if part is None:
            raise InvalidInput("file-damaged", detail="missing part")
        sheets.append((sheet.get("name", "")[:_CELL_LENGTH], part))
    return Workbook(tuple(sheets), Shown(strings, dates, late_epoch=late_epoch), all_strings)


def _read(package: Package, gathering: Gathering, limits: Limits) -> None:
    workbook = open_workbook(package, limits)
    cells = _Count(limits.cells)
    for name, part in workbook.sheets:
        gathering.words(name)
        gathering.row()
        read_xml(package.container.chunks(part), _Rows(gathering, workbook.shown, cells, limits.elements))
        gathering.row()
    if not workbook.complete:
        raise Enough


def _strings(package: Package, parts: list[str], limits: Limits) -> tuple[list[str], bool]:
    table = _Strings(limits)

    def fill() -> None:
        for part in parts:
            read_xml(package.container.chunks(part), table)

    return table.strings, until_enough(fill)


def _date_styles(package: Package, parts: list[str], limits: Limits) -> frozenset[int]:
    """Which cell styles show a date."""
    styles = _Styles(limits.elements)
    for part in parts:
        read_xml(package.container.chunks(part), styles)
    return frozenset(index for index, number in enumerate(styles.cell_formats) if number in styles.dates)


class _Count:
    """Cells left, over all sheets."""

    def __init__(self, left: int) -> None:
        self._left = left

    def one(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Enough


class _Strings(Watched):
    """The table of shared strings."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits.elements)
        self.strings: list[str] = []
        self._current: list[str] = []
        self._left = limits.characters
        self._inside = False
        self._phonetic = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the parser gives both
        if tag == "si":
            self._current = []
        elif tag == "rPh":
            self._phonetic = True
        self._inside = tag == "t"

    def finish(self, tag: str) -> None:
        self._inside = False
        if tag == "si":
            self.strings.append("".join(self._current)[:_CELL_LENGTH])
            self._left -= len(self.strings[-1])
            if self._left < 0:
                raise Enough
        elif tag == "rPh":
            self._phonetic = False

    def characters(self, text: str) -> None:
        if self._inside and not self._phonetic:
            self._current.append(text[:_CELL_LENGTH])


class _Styles(Watched):
    """Number formats, and the format of each cell style."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.dates = set(_DATE_FORMATS)
        self.cell_formats: list[int] = []
        self._in_cell_formats = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        number = _whole(attributes.get("numFmtId", ""))
        if tag == "cellXfs":
            self._in_cell_formats = True
        elif tag == "xf" and self._in_cell_formats:
            self.cell_formats.append(number)
        elif tag == "numFmt":
            code = _LITERALS.sub("", attributes.get("formatCode", "")[:255])
            if _DATE_LETTERS.search(code) and "general" not in code.lower():
                self.dates.add(number)

    def finish(self, tag: str) -> None:
        if tag == "cellXfs":
            self._in_cell_formats = False


class Shown:
    """Turns the value of a cell into what a reader sees."""

    def __init__(self, strings: list[str], dates: frozenset[int], *, late_epoch: bool) -> None:
        self._strings = strings
        self._dates = dates
        self._late_epoch = late_epoch

    def text(self, kind: str, style: int, value: str) -> str:
        """The words of a cell; a number with a date format becomes a date."""
        if kind == "s":
            index = _whole(value)
            return self._strings[index] if 0 <= index < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if kind in {"str", "inlineStr", "e", "d"}:
            return value[:_CELL_LENGTH]
        try:
            number = float(value)
        except ValueError:
            return value[:_CELL_LENGTH]
        if style in self._dates:
            return self._date(number) or value[:64]
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _date(self, serial: float) -> str | None:
        """A serial number as a date (ECMA-376 part 1, 18.17.4): days since 1900, where 1900 is wrongly a leap year."""
        if not 0 <= serial <= _LAST_DAY:
            return None
        first = (1904, 1, 1) if self._late_epoch else (1899, 12, 31 if serial < 60 else 30)
        epoch = datetime(*first)  # noqa: DTZ001 - a cell has no time zone
        try:
            moment = epoch + timedelta(seconds=round(serial * _DAY))
        except OverflowError:
            return None
        if serial < 1:
            return moment.time().isoformat()
        return moment.date().isoformat() if serial == int(serial) else moment.isoformat(sep=" ")


class _Rows(Watched):
    """The rows of one sheet."""

    def __init__(self, gathering: Gathering, shown: Shown, cells: _Count, limit: int) -> None:
        super().__init__(limit)
        self._gathering = gathering
        self._shown = shown
        self._cells = cells
        self._kind = ""
        self._style = -1
        self._value: list[str] = []
        self._inside = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "c":
            self._cells.one()
            self._kind = attributes.get("t", "n")
            self._style = _whole(attributes.get("s", "0"))
            self._value = []
        self._inside = tag in {"v", "t"}

    def finish(self, tag: str) -> None:
        self._inside = False
        if tag == "c":
            words = self._shown.text(self._kind, self._style, "".join(self._value))
            if words.strip():
                self._gathering.words(words)
                self._gathering.cell()
        elif tag == "row":
            self._gathering.row()

    def characters(self, text: str) -> None:
        if self._inside and len(self._value) < _CELL_LENGTH:
            self._value.append(text[:_CELL_LENGTH])


def _pairs(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(key), str(value)) for key, value in element.items()]


def _whole(text: str) -> int:
    """A small number, or -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
