"""Documents from a spreadsheet: every row below the heading is one.

Which row is the heading is found by its words. A row whose values stand in other columns than they should is refused,
never filed as good. A row is known by the id it gives, or by what it says: one that is changed then counts as another.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput, SourceFailed
from archive.records.types import Delivery
from ingest.connectors.mapping import FieldMapping, Mapped, folded
from ingest.connectors.options import Options
from ingest.connectors.port import (
    GONE,
    Arrival,
    ConnectorKind,
    Context,
    Gone,
    Known,
    Listed,
    Opened,
    Option,
    Refused,
    Same,
    Stated,
)
from ingest.connectors.rows import MARK, canonical, envelope, main_of, row_digest
from ingest.connectors.sheets.columns import KINDS, ColumnKind, heading_kind, kinds_of, misfit
from ingest.connectors.sheets.workbook import SheetRow, rows_of
from ingest.connectors.texts import is_well_formed, well_formed
from ingest.types import Source

USUAL: Final[Mapping[str, object]] = {
    "id": ["编号", "唯一编号", "公告编号", "id", "infoid"],
    "title": ["标题", "公告标题", "公告名称", "采购项目名称", "项目名称", "名称", "title"],
    "published": ["发布时间", "发布日期", "公告时间", "公告日期", "published"],
    "region": ["地区", "地市", "行政区划", "区域", "region"],
    "content": ["正文", "公告内容", "公告正文", "html", "body", "content"],
    "source_label": ["公告类型", "信息类型", "source_label"],
    "hints.project_code": ["项目编号", "采购项目编号", "招标编号"],
    "hints.url": ["链接", "网址", "link", "url"],
}
"""Where a sheet without a mapping of its own has what."""

_HEADING_ROWS: Final = 30
_FEWEST: Final = 2
_LONGEST_ID: Final = 500


@dataclass(frozen=True)
class _Heading:
    """The columns of one sheet."""

    names: tuple[str, ...]
    kinds: tuple[ColumnKind, ...]


@dataclass
class _Pass:
    """One reading while it lasts: ids with how many rows had each, and whether a sheet could not be made out."""

    seen: dict[str, int] = field(default_factory=dict)
    headless: bool = False


class SheetsConnector:
    """Reads one file.

    `kinds` say what a column holds, by its heading, where the heading does not tell. `flags`: rows that are held and no
    longer there are gone.
    """

    def __init__(
        self, path: Path, mapping: FieldMapping, kinds: Mapping[str, ColumnKind], context: Context, *, flags: bool
    ) -> None:
        self._path = path
        self._mapping = mapping
        self._kinds = {folded(name): kind for name, kind in kinds.items()}
        self._context = context
        self._flags = flags
        self._words = {folded(name) for name in mapping.fields()}

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        reading = _Pass()
        for arrival in self._all(reading):
            before = known(arrival.external_id)
            same = before is not None and not before.gone and before.fingerprint == arrival.fingerprint
            if same and arrival.fingerprint:
                yield Arrival(arrival.external_id, Same(), arrival.fingerprint, arrival.stated)
            else:
                yield arrival
        if self._flags and not reading.headless:
            for held in self._context.held.captured():
                if held.external_id not in reading.seen:
                    yield Arrival(held.external_id, Gone(GONE))

    def inventory(self) -> Iterator[Listed]:
        """What the file says it has.

        Raises:
            InvalidInput: a sheet has no heading, so that nobody can say what its rows are (`sheet-without-heading`).
        """
        for arrival in self._all(_Pass()):
            if isinstance(arrival.what, Refused) and arrival.what.code == "sheet-without-heading":
                raise InvalidInput(arrival.what.code, **arrival.what.params)
            yield Listed(arrival.external_id, arrival.stated)

    def _all(self, reading: _Pass) -> Iterator[Arrival]:
        before = _mark(self._path)
        for name, rows in groupby(self._rows(), lambda row: row.sheet):
            first = list(islice(rows, _HEADING_ROWS))
            place = self._heading_at(first)
            if place is None:
                reading.headless = True
                refused = Refused("sheet-without-heading", {"sheet": name, "wanted": "、".join(self._mapping.fields())})
                yield Arrival(f"sheet-{well_formed(name)}", refused)
                continue
            heading = self._heading(first[place])
            for row in chain(first[place + 1 :], rows):
                yield self._arrival(reading, heading, row)
        if _mark(self._path) != before:
            raise SourceFailed("sheet-changed", path=str(self._path))

    def _rows(self) -> Iterator[SheetRow]:
        try:
            yield from rows_of(self._path, self._context.scratch)
        except InvalidInput as error:
            # It may just be being written; if not, this says so each time.
            raise SourceFailed("sheet-unreadable-file", path=str(self._path), detail=error.message()) from error
        except OSError as error:
            raise SourceFailed("source-unreachable", source=str(self._path), detail=error.strerror or "") from error

    def _heading_at(self, rows: Sequence[SheetRow]) -> int | None:
        """Which row is the heading: that with most of the words looked for, else the first that is words only."""
        scores = [len({folded(cell) for cell in row.cells} & self._words) for row in rows]
        if max(scores, default=0) >= _FEWEST:
            return scores.index(max(scores))
        for place, row in enumerate(rows):
            filled = [cell for cell in row.cells if cell.strip()]
            words = len(set(filled)) >= _FEWEST and all(kinds_of(cell) == ("text",) for cell in filled)
            if words and self._words & {folded(cell) for cell in filled}:
                return place
        return None

    def _heading(self, row: SheetRow) -> _Heading:
        names = [well_formed(" ".join(cell.split())) for cell in row.cells]
        while names and not names[-1]:
            names.pop()
        first = dict(reversed([(name, place) for place, name in enumerate(names)]))
        unique = [name if name and first[name] == place else f"{name}#{place + 1}" for place, name in enumerate(names)]
        kinds = [self._kinds.get(folded(name)) or heading_kind(name) for name in names]
        return _Heading(tuple(unique), tuple(kinds))

    def _arrival(self, reading: _Pass, heading: _Heading, row: SheetRow) -> Arrival:
        said = dict(zip(heading.names, (*row.cells, *[""] * len(heading.names)), strict=False))
        data = canonical(said, {"sheet": row.sheet, "number": row.number, "beyond": row.cells[len(heading.names) :]})
        mapped = self._mapping.apply(said)
        ordinals = {name for name, kind in zip(heading.names, heading.kinds, strict=True) if kind == "ordinal"}
        digest = row_digest(said, ordinals)
        external_id = self._id(reading, mapped, digest)
        published = mapped.moments.get("published")
        day = published.astimezone(self._context.locale.zone).date() if published else None
        stated = Stated(day=day, revised=mapped.moments.get("revised"), digest=digest)
        refused = self._refused(heading, row, mapped, external_id)
        if refused is not None:
            return Arrival(external_id, Refused(refused.code, refused.params, data), "", stated)
        title = mapped.texts["title"]
        shown = {name: value for name, value in said.items() if name not in ordinals}
        delivery = Delivery(
            external_id=external_id,
            title=title,
            region=self._context.locale.region_of(mapped.texts.get("region", "")),
            published=published,
            components=(main_of(mapped.texts.get("content", ""), title, shown), envelope(data)),
            hints=_hints(mapped),
        )
        return Arrival(external_id, delivery, digest.removeprefix(MARK)[:40], stated)

    def _id(self, reading: _Pass, mapped: Mapped, digest: str) -> str:
        """The id of a row: its own, else what it says; rows that are told apart by neither are numbered."""
        given = mapped.texts.get("id", "")
        usable = given and len(given) <= _LONGEST_ID and is_well_formed(given)
        base = given if usable else "row-" + digest.removeprefix(MARK)[:24]
        number = reading.seen[base] = reading.seen.get(base, 0) + 1
        if number == 1:
            return base
        reading.seen[f"{base}#{number}"] = 1
        return f"{base}#{number}"

    def _refused(self, heading: _Heading, row: SheetRow, mapped: Mapped, external_id: str) -> InvalidInput | None:
        where = {"sheet": row.sheet, "row": row.number}
        if _repeats(heading, row):
            return InvalidInput("row-repeats-heading", **where)
        wrong = misfit(heading.kinds, row.cells)
        if wrong is not None:
            named = heading.names[wrong.index] if wrong.index < len(heading.names) else f"#{wrong.index + 1}"
            code = "row-columns-shifted" if wrong.shifted else "row-column-kind"
            return InvalidInput(code, **where, column=named, expected=wrong.expected, found=wrong.found)
        if mapped.refusal is not None:
            return InvalidInput(mapped.refusal.code, **mapped.refusal.params)
        if not mapped.texts.get("title"):
            return InvalidInput("row-without-title", **where)
        if "#" in external_id and mapped.texts.get("id") and external_id != mapped.texts["id"]:
            return InvalidInput("row-id-twice", **where, external_id=mapped.texts["id"])
        return None


def _repeats(heading: _Heading, row: SheetRow) -> bool:
    """Whether a row is the heading once more, as where tables were put below one another."""
    filled = [(place, cell) for place, cell in enumerate(row.cells) if cell.strip()]
    again = [place for place, cell in filled if place < len(heading.names) and cell.strip() == heading.names[place]]
    return len(again) >= _FEWEST and len(again) == len(filled)


def _hints(mapped: Mapped) -> dict[str, object]:
    named = {name: mapped.texts.get(name, "") for name in ("category", "source_label", "data_no", "region")}
    hints: dict[str, object] = {name: value for name, value in named.items() if value} | dict(mapped.hints)
    if mapped.problems:
        hints["field_problems"] = [f"{found.code}:{found.params['target']}" for found in mapped.problems]
    return hints


def _mark(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise SourceFailed("source-unreachable", source=str(path), detail=error.strerror or "") from error
    return state.st_size, state.st_mtime_ns


@contextmanager
def open_sheets(source: Source, context: Context) -> Iterator[Opened]:
    """A spreadsheet, open for one reading.

    Raises:
        InvalidInput: an option cannot be used.
        SourceFailed: there is no such file.
    """
    options = Options(KIND, source)
    path = Path(source.location)
    _mark(path)
    mapping = FieldMapping(options.table("mapping"), context.locale).with_defaults(USUAL)
    kinds = {name: kind for name, said in options.table("columns").items() for kind in KINDS if kind == said}
    if len(kinds) != len(options.table("columns")):
        raise InvalidInput("columns-unknown", known="、".join(KINDS))
    # What people hand over file by file under one name need not hold what the file before it held.
    again = source.position.get("path") == str(path)
    keeps = options.text("vanished") == "keep"
    connector = SheetsConnector(path, mapping, kinds, context, flags=again and options.text("vanished") == "flag")
    # A file that is emptied lists nothing of what it once held: that it is no longer there says nothing.
    yield Opened(connector, {"path": str(path)}, inventory=None if keeps else connector.inventory)


KIND: Final = ConnectorKind(
    "sheets",
    "电子表格（xlsx、xls、csv），表头以下每行一件",
    "a spreadsheet (xlsx, xls, csv), every row below the heading a document",
    open_sheets,
    (
        Option("mapping", "table", "字段映射：目标 → 来自哪一列", "field mapping: target → which column"),
        Option(
            "columns",
            "table",
            "列的种类：表头 → text、ordinal、money、date、yes-no、link，用于发现错列",
            "kinds of columns: heading → text, ordinal, money, date, yes-no, link; tells rows that are shifted",
        ),
        Option(
            "vanished",
            "text",
            "同一文件中不再有的行：flag 标记（缺省），keep 不管",
            "what a row means that is no longer in the same file: `flag` (default) or `keep`",
            default="flag",
        ),
    ),
)
