"""Attachments by reference: files that a sender has put below a folder of his own before he sends the message.

Their paths come from outside: what leads out of the folder is refused before anything is opened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from archive.errors import InvalidInput
from ingest.connectors.drop.tree import Tree
from ingest.connectors.options import Options
from ingest.connectors.secrets import Secrets
from ingest.connectors.streams import from_file
from ingest.sources.service import require_location

_MOST_CHARACTERS: Final = 500
_REMOTE: Final = "sftp://"


class Files(Protocol):
    """The folder of one sender."""

    def opener(self, path: str) -> Callable[[], BinaryIO] | None:
        """An opener of the file at a relative path; None where it is not there, or not yet.

        Raises:
            SourceFailed: the place itself does not answer.
        """
        ...


class LocalFiles:
    """A folder of this machine, or one that is mounted on it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def opener(self, path: str) -> Callable[[], BinaryIO] | None:
        target = (self._root / path).resolve()
        # A link may lead out of the folder even where the path does not.
        if not target.is_relative_to(self._root.resolve()) or not target.is_file():
            return None
        return from_file(target, path)


def relative_path(written: str) -> str | None:
    """A path as senders write it, below their own folder; None for one that leads out of it or names nothing."""
    plain = written.replace("\\", "/").lstrip("/")
    parts = [part for part in plain.split("/") if part not in {"", "."}]
    if not parts or len(plain) > _MOST_CHARACTERS or ".." in parts or ":" in parts[0]:
        return None
    if any(ord(letter) < 32 or letter == "\ufffd" for letter in plain):
        return None
    return "/".join(parts)


class RemoteFiles:
    """A folder of an SFTP server."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def opener(self, path: str) -> Callable[[], BinaryIO] | None:
        leaf = self._tree.stat(path.encode())
        return None if leaf is None else lambda: self._tree.open(leaf, 0)


@contextmanager
def files_at(options: Options, secrets: Secrets) -> Iterator[Files]:
    """The files behind what a source is told of them: an absolute path, or `sftp://user@host/path`.

    Raises:
        InvalidInput: it is neither (`push-files-place`), holds a password (`source-location-secret`), or a credential
            cannot be used.
    """
    place = options.text("files")
    require_location(place)
    if place.startswith(_REMOTE):
        from ingest.connectors.drop.sftp import sftp_tree  # noqa: PLC0415 - loads long, and few senders need it

        with sftp_tree(place, options, secrets) as tree:
            yield RemoteFiles(tree)
    elif Path(place).is_absolute():
        yield LocalFiles(Path(place))
    else:
        raise InvalidInput("push-files-place")
