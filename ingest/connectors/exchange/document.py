"""A row of an exchange table as an arrival."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.exchange.port import Row
from ingest.connectors.locale import Locale
from ingest.connectors.mapping import FieldMapping, Mapped, plain
from ingest.connectors.moments import read_moment
from ingest.connectors.port import DELETED, Arrival, Listed, Refused, Stated, Withdrawn
from ingest.connectors.rows import canonical, envelope, main_of, row_digest
from ingest.connectors.streams import from_file
from ingest.connectors.texts import is_well_formed, well_formed

_LIST_ENDS: Final = re.compile(r"[;；]")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = 200_000_000_000
_LONGEST_ID: Final = 500
_LEAST_GARBLED: Final = 0.8


@dataclass(frozen=True)
class Reading:
    """How the rows of a table are read.

    `transport` are columns that say only how a row is handed over; `version` is the column that grows with every state
    of a document. `files` is the folder under which the paths in the columns `attachments` lie. Texts are in
    `encoding` where the database believes them to be Latin-1. `told` is a digest of all that the source is told:
    rows are looked at afresh when it changes.
    """

    data_set: str
    key: tuple[str, ...]
    transport: frozenset[str]
    told: str
    version: str = ""
    deleted: str = ""
    deleted_values: frozenset[str] = frozenset()
    files: Path | None = None
    attachments: tuple[str, ...] = ()
    encoding: str = ""
    ignored: frozenset[str] = field(default_factory=frozenset)


class RowReader:
    """Turns rows into arrivals."""

    def __init__(self, reading: Reading, mapping: FieldMapping, locale: Locale) -> None:
        self._reading = reading
        self._mapping = mapping
        self._locale = locale

    def external_id(self, row: Row) -> str:
        """The id of a row: the values of its key, apart by slashes."""
        return id_of([row[name] for name in self._reading.key])

    def digest(self, row: Row) -> str:
        """The digest of what a row says."""
        return row_digest(row, self._reading.transport)

    def listed(self, row: Row) -> Listed | None:
        """A row as part of what the source says it has; None where it says that it has deleted it."""
        if self._is_deleted(row):
            return None
        row = self._readable(row)
        return Listed(self.external_id(row), self._stated(row, self._mapping.apply(row)))

    def arrival(self, row: Row) -> Arrival:
        """What becomes of a row."""
        row = self._readable(row)
        external_id, mapped = self.external_id(row), self._mapping.apply(row)
        stated = self._stated(row, mapped)
        data = canonical({name: value for name, value in row.items() if name not in self._reading.transport})
        try:
            if self._is_deleted(row):
                return Arrival(external_id, Withdrawn(DELETED), self._fingerprint(row, "deleted"), stated)
            files, stamp = self._attached(external_id, row)
            what = self._delivery(external_id, row, mapped, (envelope(data), *files))
        except InvalidInput as error:
            return Arrival(external_id, Refused(error.code, error.params, data), "", stated)
        return Arrival(external_id, what, self._fingerprint(row, stamp), stated)

    def _delivery(self, external_id: str, row: Row, mapped: Mapped, beside: tuple[Incoming, ...]) -> Delivery:
        if len(external_id) > _LONGEST_ID or not is_well_formed(external_id) or not external_id.strip("/ "):
            raise InvalidInput("exchange-key-unusable", key="、".join(self._reading.key), longest=_LONGEST_ID)
        if mapped.refusal is not None:
            raise InvalidInput(mapped.refusal.code, **mapped.refusal.params)
        if not self._reading.encoding:
            self._require_readable(mapped)
        shown = {name: value for name, value in row.items() if name not in self._silent()}
        title = mapped.texts.get("title", "")
        region = mapped.texts.get("region", "")
        return Delivery(
            external_id=external_id,
            title=title,
            region=self._locale.region_of(region),
            published=mapped.moments.get("published"),
            components=(main_of(mapped.texts.get("content", ""), title or external_id, shown), *beside),
            hints=self._hints(mapped, row),
        )

    def _hints(self, mapped: Mapped, row: Row) -> dict[str, object]:
        named = {name: mapped.texts.get(name, "") for name in ("category", "source_label", "data_no", "region")}
        hints: dict[str, object] = {name: value for name, value in named.items() if value} | dict(mapped.hints)
        if mapped.problems:
            hints["field_problems"] = [f"{found.code}:{found.params['target']}" for found in mapped.problems]
        # The envelope is not compared: without this a change in a column that nothing is mapped from would go unseen.
        hints["row"] = row_digest(row, self._silent())
        return hints

    def _silent(self) -> frozenset[str]:
        """Columns of which a change is no change of the document."""
        reading = self._reading
        moving = {name for name in (reading.version, reading.deleted) if name}
        return reading.transport | reading.ignored | moving

    def _stated(self, row: Row, mapped: Mapped) -> Stated:
        published = mapped.moments.get("published")
        revised = mapped.moments.get("revised") or self._version(row)
        data_set = mapped.texts.get("data_no") or self._reading.data_set
        day = (published or revised or _EPOCH).astimezone(self._locale.zone).date()
        return Stated(data_set[:64], day if published or revised else None, revised, None, self.digest(row))

    def _version(self, row: Row) -> datetime | None:
        """The moment of this state. A number that names none counts seconds: only its order says something."""
        text = (plain(row.get(self._reading.version)) or "").strip() if self._reading.version else ""
        moment = read_moment(text, self._locale.zone)
        if moment is not None or not text.isascii() or not text.isdigit() or len(text) > 12:
            return moment
        return _EPOCH + timedelta(seconds=int(text)) if int(text) < _LAST_SECOND else None

    def _is_deleted(self, row: Row) -> bool:
        name = self._reading.deleted
        return bool(name) and (plain(row.get(name)) or "").strip() in self._reading.deleted_values

    def _attached(self, external_id: str, row: Row) -> tuple[list[Incoming], str]:
        """The files a row names, and what tells whether they are still the same."""
        root, files, stamps = self._reading.files, [], []
        if root is None:
            return [], ""
        for column in self._reading.attachments:
            for name in _LIST_ENDS.split(plain(row.get(column)) or ""):
                if name.strip():
                    path = _inside(root, name.strip(), external_id)
                    size = path.stat().st_size
                    stamps.append(f"{name.strip()}:{size}:{path.stat().st_mtime_ns}")
                    opener = from_file(path, name.strip())
                    files.append(
                        Incoming(path.name, ComponentRole.ATTACHMENT, opener, announced_size=size, code=column)
                    )
        return files, "\n".join(stamps)

    def _fingerprint(self, row: Row, stamp: str) -> str:
        said = "\n".join([self.digest(row), self._reading.told, stamp])
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:40]

    def _readable(self, row: Row) -> Row:
        if not self._reading.encoding:
            return row
        return {name: self._reread(value) if isinstance(value, str) else value for name, value in row.items()}

    def _reread(self, text: str) -> str:
        """A text in its own encoding; as it is where it cannot have been in it."""
        try:
            return text.encode("latin-1").decode(self._reading.encoding)
        except UnicodeError:
            return text

    def _require_readable(self, mapped: Mapped) -> None:
        for target in ("title", "content"):
            if is_garbled(mapped.texts.get(target, "")[:10_000]):
                raise InvalidInput("exchange-text-garbled", target=target)


def id_of(values: Sequence[object]) -> str:
    """The values of a key as an id. One value stands as it is; of several each is made free of slashes."""
    texts = [well_formed(text.rstrip()) if (text := plain(value)) is not None else "" for value in values]
    return texts[0] if len(texts) == 1 else "/".join(quote(text, safe="") if "/" in text else text for text in texts)


def is_garbled(text: str) -> bool:
    """Whether a text reads as Latin-1 only because nobody told the database that it is GB18030."""
    try:
        reread = text.encode("latin-1").decode("gb18030")
    except UnicodeError:
        return False
    foreign = [character for character in reread if character > "\x7f"]
    chinese = [character for character in foreign if "\u3000" <= character <= "\u9fff" or character >= "\uff00"]
    return len(foreign) >= 2 and len(chinese) >= _LEAST_GARBLED * len(foreign)


def _inside(root: Path, name: str, external_id: str) -> Path:
    """The file that a row names by a path relative to `root`.

    Raises:
        InvalidInput: the path leads elsewhere (`exchange-file-outside`), or there is no such file
            (`exchange-file-missing`).
    """
    said = PurePosixPath(name.replace("\\", "/"))
    params: Mapping[str, object] = {"external_id": external_id, "name": name}
    if said.is_absolute() or ".." in said.parts or _DRIVE.match(name) or "\x00" in name:
        raise InvalidInput("exchange-file-outside", **params)
    try:
        path = (root / said).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise InvalidInput("exchange-file-missing", **params) from error
    if not path.is_relative_to(root.resolve()):
        raise InvalidInput("exchange-file-outside", **params)
    if not path.is_file():
        raise InvalidInput("exchange-file-missing", **params)
    return path
