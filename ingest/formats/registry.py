"""The PRONOM registry, asked through Siegfried for the format of a file or of a part of it.

Siegfried runs on the Go runtime, which does not survive a fork: a process that has identified a file must start others
with `spawn`. A forked child is refused instead of hanging.

It is shown an anonymous file without a name, so that a name never makes a format. What it is shown is chosen by whoever
asks: Siegfried inflates parts of a ZIP into memory, so a ZIP must have been weighed before.
"""

import os
import tempfile
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from archive.errors import Unavailable
from ingest.formats import known
from ingest.formats.types import Certainty, Identified

if TYPE_CHECKING:
    from pygfried import Scanner

_WINDOW = 4 << 20


def ask_registry(stream: BinaryIO, size: int, whole: int = 2 * _WINDOW) -> Identified | None:
    """What the registry says of the bytes in `stream`; None where it knows no signature in them.

    A file of more than `whole` bytes is shown by its first and last 4 MiB.

    Raises:
        Unavailable: `format-registry-forked`, `format-registry-failed`.
    """
    with tempfile.TemporaryFile() as shown:
        for start, end in [(0, size)] if size <= whole else [(0, _WINDOW), (size - _WINDOW, size)]:
            _copy(stream, shown, start, end)
        return _asked(shown)


def ask_registry_of(content: bytes) -> Identified | None:
    """What the registry says of `content`, which is only a part of a file.

    Raises:
        Unavailable: as `ask_registry`.
    """
    with tempfile.TemporaryFile() as shown:
        shown.write(content)
        return _asked(shown)


def _copy(stream: BinaryIO, shown: BinaryIO, start: int, end: int) -> None:
    stream.seek(start)
    left = end - start
    while left > 0 and (piece := stream.read(min(1 << 20, left))):
        shown.write(piece)
        left -= len(piece)


def _asked(shown: BinaryIO) -> Identified | None:
    shown.flush()
    try:
        answer = _scanner().identify(f"/dev/fd/{shown.fileno()}", detailed=True)
    except OSError as error:
        raise Unavailable("format-registry-failed") from error
    match = answer["files"][0]["matches"][0]
    if match["id"] == "UNKNOWN":
        return None
    label = f"{match['format']} {match['version']}".strip()
    mime = match["mime"].split(",")[0].strip().lower()
    mime = known.RENAMED.get(mime, mime) or known.NAMELESS.get(match["id"], known.UNKNOWN)
    return Identified(match["id"], mime, label, match["basis"], None, _certainty(match["basis"]))


def _certainty(basis: str) -> Certainty:
    if "container" in basis:
        return Certainty.CONTAINER
    return Certainty.TEXT if basis.startswith("text match") else Certainty.CONTENT


def _scanner() -> "Scanner":
    owner, scanner = _loaded_scanner()
    if owner != os.getpid():
        raise Unavailable("format-registry-forked")
    return scanner


@cache
def _loaded_scanner() -> "tuple[int, Scanner]":
    # Importing it starts threads of the Go runtime, so it waits until a file asks for it.
    from pygfried import Scanner  # noqa: PLC0415 - see above: importing is work

    return os.getpid(), Scanner()
