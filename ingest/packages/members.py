"""What a package is made of, wherever it lies: in a folder, in a container, in a bucket."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.packages.names import shown

_OF_MACOS: Final = b"__MACOSX/"

MOST_MEMBERS: Final = 10_000
MOST_BYTES: Final = 16 << 20
"""How much of a manifest or tag file is read."""


@dataclass(frozen=True)
class Member:
    """One file of a package. `path` is byte-exact as its writer named it, `size` is in bytes."""

    path: bytes
    size: int
    open: Callable[[], BinaryIO]

    def read(self, most: int = MOST_BYTES) -> bytes:
        """All of a small file.

        Raises:
            InvalidInput: it is larger than any manifest may be (`manifest-too-large`), or cannot be read.
        """
        if self.size > most:
            raise InvalidInput("manifest-too-large", name=shown(self.path), most=f"{most >> 20} MiB")
        with self.open() as stream:
            return stream.read(most + 1)


Members = Mapping[bytes, Member]
"""The members of a package by path."""


def by_path(members: Iterable[Member], most: int = MOST_MEMBERS) -> Members:
    """Members by path, without a single folder that holds them all, in the order given.

    What macOS adds beside such a folder when it packs one is not counted.

    Raises:
        InvalidInput: there are none (`package-empty`), too many (`package-too-many`), or two of one name.
    """
    given = list(members)
    if not given:
        raise InvalidInput("package-empty")
    if len(given) > most:
        raise InvalidInput("package-too-many", most=most)
    own = [member.path for member in given if not member.path.startswith(_OF_MACOS)] or [given[0].path]
    top = own[0].partition(b"/")[0] + b"/"
    inside = all(path.startswith(top) for path in own)
    found: dict[bytes, Member] = {}
    for member in given:
        path = member.path[len(top) :] if inside and member.path.startswith(top) else member.path
        if path in found:
            raise InvalidInput("manifest-path-twice", name=shown(path))
        found[path] = Member(path, member.size, member.open)
    return found
