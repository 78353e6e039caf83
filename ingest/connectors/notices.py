"""Notices from a file of JSON lines: one notice a line, as crawlers and aggregators hand them on.

A row has `id`, `title`, `body` and, where the source gave them, `html`, `published`, `source_label`, `category`,
`notice_type`, `region` and `url`; where fields are called otherwise, a source has a `mapping`. The line itself is kept
as the envelope. Fields that say nothing stay unknown. A row whose text holds a table of which some lines are shifted is
refused.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput, SourceFailed
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.locale import Locale
from ingest.connectors.mapping import FieldMapping
from ingest.connectors.moments import read_moment
from ingest.connectors.options import Options
from ingest.connectors.port import Arrival, ConnectorKind, Context, Known, Opened, Option, Refused
from ingest.connectors.rows import looks_marked
from ingest.connectors.sheets.columns import shifted_line
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import is_well_formed, well_formed
from ingest.types import Source

_TEXTS = ("title", "body", "html", "published", "source_label", "category", "notice_type", "region", "url")
_HINTS = ("source_label", "category", "notice_type", "region", "url")
_USUAL: Final[Mapping[str, object]] = {
    **{name: name for name in ("id", "title", "published", "region", "category", "source_label")},
    "content": ["html", "body"],
    "hints.notice_type": "notice_type",
    "hints.url": "url",
}


class NoticesConnector:
    """Reads one file of JSON lines. `mapping` says where a row has what, where that is not as usual."""

    def __init__(self, path: Path, locale: Locale, mapping: Mapping[str, object] | None = None) -> None:
        self._path = path
        self._locale = locale
        self._mapping = FieldMapping(mapping, locale).with_defaults(_USUAL) if mapping else None

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        del known
        try:
            with self._path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield self._arrival(number, line)
        except OSError as error:
            raise SourceFailed("import-path", path=str(self._path), detail=error.strerror) from error

    def _arrival(self, number: int, line: bytes) -> Arrival:
        row: object = None
        try:
            row = json.loads(_decode(line, number))
            row, hints = self._renamed(_mapping(row, number))
            return self._delivery(number, line, row, hints)
        except (ValueError, RecursionError) as error:
            refused = Refused("row-not-json", {"line": number, "detail": str(error)}, line)
        except InvalidInput as error:
            refused = Refused(error.code, error.params, line)
        given = _id(row) if isinstance(row, dict) else ""
        # Without an id its content tells it apart, so that lines of two files are two documents to look into.
        return Arrival(given or f"line-{number}-{sha256(line).hexdigest()[:12]}", refused)

    def _renamed(self, row: Mapping[str, object]) -> tuple[Mapping[str, object], Mapping[str, object]]:
        """A row with its fields called as usual, and further hints.

        Raises:
            InvalidInput: a field that the mapping requires is empty.
        """
        if self._mapping is None:
            return row, {}
        mapped = self._mapping.apply(row)
        if mapped.refusal is not None:
            raise InvalidInput(mapped.refusal.code, **mapped.refusal.params)
        content = mapped.texts.get("content", "")
        moments = {name: moment.isoformat() for name, moment in mapped.moments.items()}
        said = dict(mapped.texts) | moments | {"html" if looks_marked(content) else "body": content}
        return said, mapped.hints

    def _delivery(self, number: int, line: bytes, row: Mapping[str, object], hints: Mapping[str, object]) -> Arrival:
        external_id = _id(row)
        if not external_id:
            raise InvalidInput("row-without-id", line=number)
        texts: dict[str, str] = {}
        for field in _TEXTS:
            value = row.get(field)
            if value is not None and not isinstance(value, str):
                raise InvalidInput("row-field-type", external_id=external_id, field=field)
            texts[field] = well_formed(value or "")
        if not texts["html"].strip() and not texts["body"].strip():
            raise InvalidInput("row-without-content", external_id=external_id)
        if not texts["html"].strip() and (shifted := shifted_line(texts["body"])) is not None:
            where = {"line": shifted.index + 1, "expected": shifted.expected, "found": shifted.found}
            raise InvalidInput("row-table-shifted", external_id=external_id, **where)
        delivery = Delivery(
            external_id=external_id,
            title=texts["title"].strip(),
            region=self._locale.region_of(texts["region"]),
            published=read_moment(texts["published"], self._locale.zone),
            components=(_main(texts), Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(line))),
            hints={field: texts[field] for field in _HINTS if texts[field]} | dict(hints),
            current=False,
        )
        return Arrival(external_id, delivery)


def _id(row: Mapping[str, object]) -> str:
    """The id a row gives, "" where it gives none that could be stored."""
    given = row.get("id")
    return given if isinstance(given, str) and given.strip() and is_well_formed(given) else ""


def _main(texts: Mapping[str, str]) -> Incoming:
    if texts["html"].strip():
        return Incoming("notice.html", ComponentRole.MAIN, from_bytes(texts["html"].encode()), "text/html")
    return Incoming("notice.txt", ComponentRole.MAIN, from_bytes(texts["body"].encode()), "text/plain")


def _decode(line: bytes, number: int) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("row-not-utf8", line=number)


def _mapping(row: object, number: int) -> Mapping[str, object]:
    if not isinstance(row, dict):
        raise InvalidInput("row-not-json", line=number, detail=type(row).__name__)
    return row


@contextmanager
def open_notices(source: Source, context: Context) -> Iterator[Opened]:
    """A file of JSON lines, open for one reading.

    Raises:
        InvalidInput: the mapping cannot be used.
        SourceFailed: there is no such file.
    """
    options = Options(KIND, source)
    path = Path(source.location)
    if not path.exists():
        raise SourceFailed("import-path", path=str(path), detail="not found")
    yield Opened(NoticesConnector(path, context.locale, options.table("mapping")), {})


KIND: Final = ConnectorKind(
    "notices",
    "JSON 文件，每行一条公告",
    "a file of JSON lines, each a notice",
    open_notices,
    (Option("mapping", "table", "字段映射：目标 → 来自哪个字段", "field mapping: target → where it comes from"),),
)
