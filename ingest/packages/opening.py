"""A package that is one file: a ZIP or tar container, or an encapsulation, told by how it begins."""

import os
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.formats.containers import ContainerLimits
from ingest.packages.findings import Findings
from ingest.packages.members import Member
from ingest.packages.tarred import is_tar, members_of_tar, part_of
from ingest.packages.zipped import members_of

_COMPRESSED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"(\xb5/\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!")
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")


def members_in_file(stream: BinaryIO, name: bytes, limits: ContainerLimits, findings: Findings) -> list[Member]:
    """What such a file holds; what is no container is its own only member, under `name`.

    Raises:
        InvalidInput: it is compressed as a whole (`package-compressed`), or as `members_of` and `members_of_tar` say.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    opening = stream.read(8)
    if opening.startswith(_ZIP):
        return members_of(stream, limits)
    if opening.startswith(_COMPRESSED):
        raise InvalidInput("package-compressed")
    if is_tar(stream):
        return members_of_tar(stream, limits.entries, findings)
    return [Member(name, size, part_of(stream, 0, size))]
