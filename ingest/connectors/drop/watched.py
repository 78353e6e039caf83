"""A folder of this machine, or one mounted on it, into which others put files as they please."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from archive.errors import SourceFailed
from ingest.connectors.drop.kinds import COMMON, PACKAGES, opened_drop
from ingest.connectors.drop.local import LocalTree
from ingest.connectors.drop.reading import Patience
from ingest.connectors.options import Options
from ingest.connectors.port import ConnectorKind, Context, Opened
from ingest.types import Source


@contextmanager
def open_watched(source: Source, context: Context) -> Iterator[Opened]:
    """A watched folder, open for one reading.

    Raises:
        InvalidInput: an option cannot be used.
        SourceFailed: there is no such folder now; it may not be mounted.
    """
    options = Options(KIND, source)
    root = Path(source.location)
    if not root.is_dir():
        raise SourceFailed("source-unreachable", source=source.location, detail="no folder")
    with opened_drop(source, context, LocalTree(root), options, Patience()) as opened:
        yield opened


KIND: Final = ConnectorKind(
    "watched",
    "受监视的目录，写完的文件自动接收",
    "a watched folder, files taken once they are complete",
    open_watched,
    (*COMMON, PACKAGES),
)
