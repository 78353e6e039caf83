"""Documents from a folder: every file in it, at any depth, is one document named after its path.

The title is the file's name without its ending, the publication is unknown unless the name begins with a date. A file
beside which `NAME.json` lies takes title, published, region and hints from there.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.locale import Locale
from ingest.connectors.moments import read_moment
from ingest.connectors.port import Arrival, ConnectorKind, Context, Known, Opened, Refused
from ingest.connectors.streams import from_bytes, from_file
from ingest.connectors.texts import hint, json_object, well_formed
from ingest.types import Source

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
        unread: list[OSError] = []
        for folder, folders, names in os.walk(self._root, onerror=unread.append):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and not _is_sidecar(path):
                    yield self._arrival(path, self._root)
        for error in unread:
            yield self._unread(_id(Path(error.filename), self._root), error)

    def _arrival(self, path: Path, root: Path) -> Arrival:
        external_id = _id(path, root)
        file = os.fsencode(path.name)
        sidecar = path.with_name(path.name + ".json")
        data = b""
        try:
            incoming = Incoming(
                name=file.decode("utf-8", "replace"),
                role=ComponentRole.MAIN,
                open=from_file(path, external_id),
                name_bytes=None if _is_utf8(file) else file,
                announced_size=path.stat().st_size,
            )
            if not sidecar.is_file():
                return Arrival(external_id, self._delivery(external_id, path, {}, (incoming,)))
            data = sidecar.read_bytes()
            envelope = Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(data))
            return Arrival(external_id, self._delivery(external_id, path, json_object(data), (incoming, envelope)))
        except OSError as error:
            return self._unread(external_id, error)
        except InvalidInput as error:
            return Arrival(external_id, Refused(error.code, error.params, data))

    @staticmethod
    def _unread(external_id: str, error: OSError) -> Arrival:
        params = {"name": external_id, "detail": error.strerror or str(error)}
        return Arrival(external_id, Refused("file-unreadable-source", params))

    def _delivery(
        self, external_id: str, path: Path, said: Mapping[str, object], components: tuple[Incoming, ...]
    ) -> Delivery:
        def text(field: str) -> str:
            value = said.get(field)
            if value is not None and not isinstance(value, str):
                raise InvalidInput("row-field-type", external_id=external_id, field=field)
            return well_formed(value or "")

        name = os.fsencode(path.name).decode("utf-8", "replace")
        hints = {well_formed(key): hint(value) for key, value in said.items() if key not in {"title", "published"}}
        return Delivery(
            external_id=external_id,
            title=text("title") or name.rpartition(".")[0] or name,
            region=self._locale.region_of(text("region")),
            published=read_moment(text("published") or name[:_DATE], self._locale.zone),
            components=components,
            # What is neither a text nor a list of texts stays in the envelope.
            hints={key: value for key, value in hints.items() if value},
        )


def _id(path: Path, root: Path) -> str:
    """A file's path as an id: plain text, and telling two names apart even where neither is UTF-8.

    No path begins with the slash that marks one written in percent signs.
    """
    raw = os.fsencode(path.relative_to(root))
    return raw.decode() if _is_utf8(raw) else "/" + quote_from_bytes(raw, safe="/ ")


def _is_sidecar(path: Path) -> bool:
    return path.suffix == ".json" and path.with_suffix("").is_file()


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def open_folder(source: Source, context: Context) -> Iterator[Opened]:
    """A folder or a file, open for one reading.

    Raises:
        InvalidInput: there is neither.
    """
    path = Path(source.location)
    if not path.exists():
        raise InvalidInput("import-path", path=str(path), detail="not found")
    yield Opened(FolderConnector(path, context.locale), {})


KIND: Final = ConnectorKind("folder", "目录，每个文件一件", "a folder, every file a document", open_folder)
