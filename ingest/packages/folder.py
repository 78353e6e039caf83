"""The files of a package that lies in a folder of this machine. Links are never followed."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from archive.errors import InvalidInput
from ingest.packages.findings import Findings
from ingest.packages.members import Member
from ingest.packages.names import shown

_DEEPEST: Final = 64


def members_in(folder: Path, most: int, findings: Findings) -> list[Member]:
    """All files below a folder by their paths in it. Links, pipes and devices are findings (`package-not-a-file`).

    Raises:
        InvalidInput: there are more than `most` names (`package-too-many`), or folders more than sixty-four deep
            (`package-too-deep`).
    """
    found: list[Member] = []
    for count, (entry, path) in enumerate(_entries(os.fsencode(folder), findings)):
        if count >= most:
            raise InvalidInput("package-too-many", most=most)
        if entry.is_symlink() or not (entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)):
            findings.error("package-not-a-file", shown(path))
        elif entry.is_file(follow_symlinks=False):
            try:
                size = entry.stat(follow_symlinks=False).st_size
            except OSError as error:
                findings.caught(_unreadable(path, error))
                continue
            found.append(Member(path, size, _opener(entry.path, path)))
    return sorted(found, key=lambda member: member.path)


def _entries(folder: bytes, findings: Findings) -> Iterator[tuple[os.DirEntry[bytes], bytes]]:
    waiting = [(folder, b"")]
    while waiting:
        place, prefix = waiting.pop()
        if prefix.count(b"/") > _DEEPEST:
            raise InvalidInput("package-too-deep", most=_DEEPEST)
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    path = prefix + entry.name
                    yield entry, path
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, path + b"/"))
        except OSError as error:
            findings.caught(_unreadable(prefix, error))


def _unreadable(name: bytes, error: OSError) -> InvalidInput:
    return InvalidInput("package-file-unreadable", name=shown(name), detail=error.strerror or type(error).__name__)


def _opener(path: bytes, name: bytes) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        try:
            # A link put here since the folder was listed is not followed either, a pipe not waited for.
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        except OSError as error:
            raise _unreadable(name, error) from error

    return opened
