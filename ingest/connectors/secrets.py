"""Credentials by reference: a source names a secret, the secret lies in a file of its own that only we may read."""

import re
import stat
from pathlib import Path
from typing import Final

from archive.errors import InvalidInput, Unavailable

PREFIX: Final = "secret:"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_BYTES: Final = 64 << 10


def is_reference(value: object) -> bool:
    """Whether `value` names a secret rather than being one."""
    return isinstance(value, str) and value.startswith(PREFIX) and _NAME.fullmatch(value[len(PREFIX) :]) is not None


class Secrets:
    """Secrets in a folder, one file each. Nothing of them is ever logged or stored elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def text(self, reference: str) -> str:
        """The secret behind `secret:NAME`, without the line end an editor leaves.

        Raises:
            InvalidInput: this is no reference (`secret-not-a-reference`), there is no such file (`secret-missing`), it
                is no text, or others than its owner may read it (`secret-exposed`).
            Unavailable: it cannot be read.
        """
        path = self.path(reference)
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise Unavailable("secret-unreadable", name=path.name, detail=error.strerror or str(error)) from error
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput("secret-not-text", name=path.name) from error
        return text.rstrip("\r\n")

    def path(self, reference: str) -> Path:
        """The file behind `secret:NAME`, for libraries that read a key themselves. Raises as `text`."""
        if not is_reference(reference):
            raise InvalidInput("secret-not-a-reference")
        path = self._folder / reference[len(PREFIX) :]
        if not path.is_file():
            raise InvalidInput("secret-missing", name=path.name, folder=str(self._folder))
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InvalidInput("secret-exposed", name=path.name)
        return path
