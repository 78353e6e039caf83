"""Notices from a file of JSON lines: one notice a line, as crawlers and aggregators hand them on.

A row has `id`, `title`, `body` and, where the source gave them, `html`, `published`, `source_label`, `category`,
`notice_type`, `region` and `url`. The line itself is kept as the envelope. Fields that say nothing stay unknown.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.port import Arrival, ConnectorKind, Context, Known, Opened, Refused
from ingest.connectors.streams import from_bytes
from ingest.connectors.texts import is_well_formed, well_formed
from ingest.types import Source

_TEXTS = ("title", "body", "html", "published", "source_label", "category", "notice_type", "region", "url")
_HINTS = ("source_label", "category", "notice_type", "region", "url")


class NoticesConnector:
    """Reads one file of JSON lines."""

    def __init__(self, path: Path, locale: Locale) -> None:
        self._path = path
        self._locale = locale

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        del known
        try:
            with self._path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield self._arrival(number, line)
        except OSError as error:
            raise InvalidInput("import-path", path=str(self._path), detail=error.strerror) from error

    def _arrival(self, number: int, line: bytes) -> Arrival:
        row: object = None
        try:
            row = json.loads(_decode(line, number))
            return self._delivery(number, line, _mapping(row, number))
        except (ValueError, RecursionError) as error:
            refused = Refused("row-not-json", {"line": number, "detail": str(error)}, line)
        except InvalidInput as error:
            refused = Refused(error.code, error.params, line)
        given = _id(row) if isinstance(row, dict) else ""
        # Without an id its content tells it apart, so that lines of two files are two documents to look into.
        return Arrival(given or f"line-{number}-{sha256(line).hexdigest()[:12]}", refused)

    def _delivery(self, number: int, line: bytes, row: Mapping[str, object]) -> Arrival:
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
        delivery = Delivery(
            external_id=external_id,
            title=texts["title"].strip(),
            region=self._locale.region_of(texts["region"]),
            published=read_moment(texts["published"], self._locale.zone),
            components=(_main(texts), Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(line))),
            hints={field: texts[field] for field in _HINTS if texts[field]},
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
        InvalidInput: there is no such file.
    """
    path = Path(source.location)
    if not path.exists():
        raise InvalidInput("import-path", path=str(path), detail="not found")
    yield Opened(NoticesConnector(path, context.locale), {})


KIND: Final = ConnectorKind("notices", "JSON 文件，每行一条公告", "a file of JSON lines, each a notice", open_notices)
