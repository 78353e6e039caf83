"""Rows of spreadsheets as people send them: .xlsx, .xls and .csv, sheet by sheet.

A workbook is read to its end before its first row is handed over: one that is damaged half-way gives none. What was
read lies in a file meanwhile, so that memory does not grow with it.
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.extractors.gathering import Enough, Watched, read_xml, until_enough
from ingest.extractors.package import open_package
from ingest.extractors.port import Limits
from ingest.extractors.sheet import Shown, open_workbook
from ingest.formats.containers import ContainerLimits

LIMITS: Final = Limits(
    characters=100_000_000,
    cells=20_000_000,
    elements=80_000_000,
    container=ContainerLimits(entry_bytes=1 << 30, total_bytes=2 << 30),
)
_MOST_COLUMNS: Final = 16_384
_MOST_COLUMN_LETTERS: Final = 3
_OLD_SECONDS: Final = 120
_SAMPLE: Final = 1 << 16
_LONGEST_CELL: Final = 64 << 20
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class SheetRow:
    """One row: its sheet, its number from 1 as the sheet shows it, and its cells from the first column on."""

    sheet: str
    number: int
    cells: tuple[str, ...]


def rows_of(path: Path, scratch: Path, limits: Limits = LIMITS) -> Iterator[SheetRow]:
    """Every row of a file that holds anything, sheet by sheet.

    Raises:
        InvalidInput: `file-empty`, `file-damaged` and what else a container is refused for; `sheet-too-large`;
            `sheet-unreadable`.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(8)
        if not start:
            raise InvalidInput("file-empty")
        if not start.startswith((_ZIP, _OLE)):
            yield from _text_rows(path)
            return
        with tempfile.TemporaryFile(dir=scratch) as spool:
            if start.startswith(_ZIP):
                _spool_new(stream, spool, limits)
            else:
                _spool_old(path, spool)
            spool.seek(0)
            yield from _spooled(spool)


def _spooled(spool: BinaryIO) -> Iterator[SheetRow]:
    for line in spool:
        sheet, number, cells = json.loads(line)
        yield SheetRow(sheet, number, tuple(cells))


def _spool_new(stream: BinaryIO, spool: BinaryIO, limits: Limits) -> None:
    """Office Open XML (ECMA-376 part 1, 18.3)."""
    package = open_package(stream, limits)
    workbook = open_workbook(package, limits)

    def spooled() -> None:
        left = limits.cells
        for name, part in workbook.sheets:
            rows = _Rows(name, workbook.shown, spool, left, limits.elements)
            read_xml(package.container.chunks(part), rows)
            left = rows.left

    if not workbook.complete or not until_enough(spooled):
        raise InvalidInput("sheet-too-large", cells=limits.cells)


class _Rows(Watched):
    """The rows of one sheet, each value in its column; written down as they end."""

    def __init__(self, sheet: str, shown: Shown, spool: BinaryIO, left: int, elements: int) -> None:
        super().__init__(elements)
        self.left = left
        self._sheet = sheet
        self._shown = shown
        self._spool = spool
        self._number = 0
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind = ""
        self._style = -1
        self._value: list[str] = []
        self._inside = False

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "row":
            self._number = _whole(attributes.get("r", "")) or self._number + 1
            self._cells, self._column = {}, -1
        elif tag == "c":
            self.left -= 1
            if self.left < 0:
                raise Enough
            self._column = _column(attributes.get("r", ""), self._column + 1)
            self._kind = attributes.get("t", "n")
            self._style = _whole(attributes.get("s", "0"))
            self._value = []
        self._inside = tag in {"v", "t"}

    def finish(self, tag: str) -> None:
        self._inside = False
        if tag == "c":
            words = self._shown.text(self._kind, self._style, "".join(self._value))
            if words.strip():
                self._cells[self._column] = words
        elif tag == "row" and self._cells:
            cells = [self._cells.get(index, "") for index in range(max(self._cells) + 1)]
            self._spool.write(json.dumps([self._sheet, self._number, cells]).encode() + b"\n")

    def characters(self, text: str) -> None:
        if self._inside:
            self._value.append(text)


def _column(reference: str, following: int) -> int:
    """The column that a reference such as AB12 names, from 0; the next one where it names none.

    Raises:
        InvalidInput: there is no such column (`file-damaged`).
    """
    letters = reference.rstrip("0123456789")
    column = following
    if letters.isascii() and letters.isalpha() and len(letters) <= _MOST_COLUMN_LETTERS:
        column = 0
        for letter in letters.upper():
            column = column * 26 + ord(letter) - 64
        column -= 1
    if not 0 <= column < _MOST_COLUMNS:
        raise InvalidInput("file-damaged", detail="cell reference")
    return column


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _spool_old(path: Path, spool: BinaryIO) -> None:
    """A workbook of Excel 97 to 2003, read by a process of its own whose memory and time are bounded.

    Its reader builds the whole rectangle between the first and the last cell: two cells can ask for all there is.
    """
    command = [sys.executable, "-m", "ingest.connectors.sheets.old_workbook", str(path.absolute())]
    try:
        ended = subprocess.run(command, stdout=spool, stderr=subprocess.DEVNULL, timeout=_OLD_SECONDS, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as error:
        raise InvalidInput("sheet-unreadable", detail="time") from error
    if ended.returncode != 0:
        raise InvalidInput("sheet-unreadable", detail=f"exit {ended.returncode}")


def _text_rows(path: Path) -> Iterator[SheetRow]:
    """Values apart by commas, tabs or semicolons, in whatever encoding they are."""
    encoding = _encoding(path)
    # The limit is one for the whole process; the usual one is less than a notice may have.
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as text:
        sample = text.read(_SAMPLE)
        text.seek(0)
        rows = csv.reader(text, delimiter=_delimiter(sample))
        try:
            for cells in rows:
                if any(cell.strip() for cell in cells):
                    yield SheetRow("", rows.line_num, tuple(cells))
        except (csv.Error, UnicodeError) as error:
            raise InvalidInput("sheet-unreadable", detail=f"line {rows.line_num}") from error


def _encoding(path: Path) -> str:
    """UTF-16 where it is marked so, UTF-8 where all of it is, else GB18030."""
    with path.open("rb") as stream:
        if stream.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
        stream.seek(0)
        reader = io.TextIOWrapper(stream, "utf-8-sig")
        try:
            while reader.read(_SAMPLE):
                pass
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8-sig"


def _delimiter(sample: str) -> str:
    """The mark that cuts the first lines into equally many values, and into most."""
    lines = [line for line in sample.splitlines()[:20] if line.strip()]
    marks = ",\t;"
    counts = {mark: min((line.count(mark) for line in lines), default=0) for mark in marks}
    if any(counts.values()):
        return max(marks, key=lambda mark: counts[mark])
    return max(marks, key=lambda mark: sum(line.count(mark) for line in lines))
