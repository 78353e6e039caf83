"""What a bounded process says of its own confinement."""

from pathlib import Path
from typing import Any, BinaryIO

from archive.servers import Described, Lack
from ingest.bounded.confinement import is_confined
from ingest.bounded.room import Room


def isolation(room: Room, outside: Path) -> Described:
    """How far a process of `room` is shut in, as it says itself; `outside` is a folder that it must not reach.

    Raises:
        InvalidInput: it broke off.
        Unavailable: it cannot be started.
    """
    said = room.call(f"{__name__}:describe", {"outside": str(outside)})
    held = {"confined": ("no network, no programs", "isolation-no-filter")}
    held |= {"kept_to_files": ("no files of the archive", "isolation-no-guard")}
    abilities = tuple(ability for name, (ability, _) in held.items() if said[name])
    lacks = tuple(Lack(code) for name, (_, code) in held.items() if not said[name])
    return Described("", "", abilities, lacks)


def describe(stream: BinaryIO | None, arguments: dict[str, Any]) -> dict[str, bool]:
    """Whether the kernel keeps this process from connecting and starting programs, and from the archive's files.

    `arguments` names as `outside` a folder that exists and must not be readable.
    """
    del stream
    return {"confined": is_confined(), "kept_to_files": not _readable(arguments["outside"])}


def _readable(folder: str) -> bool:
    try:
        next(Path(folder).iterdir(), None)
    except PermissionError:
        return False
    return True
