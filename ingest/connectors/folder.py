"""Documents from a folder: every file in it, at any depth, is one document named after its path.

The title is the file's name without its ending, the publication is unknown unless the name begins with a date. A file
beside which `NAME.json` lies takes title, published, region and hints from there.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote_from_bytes

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.moments import read_moment
from ingest.connectors.notices import Locale
from ingest.connectors.port import Arrival, Known, Refused
from ingest.connectors.streams import from_bytes, from_file

_DATE = len("2026-01-31")


class FolderConnector:
    """Reads one folder, or one file. Links are not followed: they lead out of the folder or in a circle."""

    def __init__(self, root: Path, locale: Locale) -> None:
        self._root = root
        self._locale = locale

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        del known
        if self._root.is_file():
            yield self._arrival(self._root, self._root.parent)
            return
        if not self._root.is_dir():
            raise InvalidInput("import-path", path=str(self._root), detail="not found")
        for folder, folders, names in os.walk(self._root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and not _is_sidecar(path):
                    yield self._arrival(path, self._root)

    def _arrival(self, path: Path, root: Path) -> Arrival:
        name = path.relative_to(root)
        raw = os.fsencode(name)
        shown = raw.decode("utf-8", "replace")
        # An id must be plain text and tell two names apart even where neither is UTF-8.
        external_id = shown if shown.encode() == raw else quote_from_bytes(raw, safe="/ ")
        file = os.fsencode(path.name)
        incoming = Incoming(
            name=file.decode("utf-8", "replace"),
            role=ComponentRole.MAIN,
            open=from_file(path, shown),
            name_bytes=None if _is_utf8(file) else file,
            announced_size=path.stat().st_size,
        )
        sidecar = path.with_name(path.name + ".json")
        if not sidecar.is_file():
            return Arrival(external_id, self._delivery(external_id, path, {}, (incoming,)))
        data = sidecar.read_bytes()
        try:
            said = json.loads(data)
        except ValueError as error:
            return Arrival(external_id, Refused("row-not-json", {"line": 1, "detail": str(error)}, data))
        if not isinstance(said, dict):
            return Arrival(external_id, Refused("row-not-json", {"line": 1, "detail": type(said).__name__}, data))
        envelope = Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(data))
        return Arrival(external_id, self._delivery(external_id, path, said, (incoming, envelope)))

    def _delivery(
        self, external_id: str, path: Path, said: Mapping[str, object], components: tuple[Incoming, ...]
    ) -> Delivery:
        name = os.fsencode(path.name).decode("utf-8", "replace")
        title = str(said.get("title") or name.rpartition(".")[0] or name)
        hints = {key: value for key, value in said.items() if key not in {"title", "published"}}
        return Delivery(
            external_id=external_id,
            title=title,
            region=self._locale.region_of(str(said.get("region") or "")),
            published=self._published(str(said.get("published") or name[:_DATE])),
            components=components,
            hints=hints,
        )

    def _published(self, text: str) -> datetime | None:
        return read_moment(text, self._locale.zone)


def _is_sidecar(path: Path) -> bool:
    return path.suffix == ".json" and path.with_suffix("").is_file()


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
