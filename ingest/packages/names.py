"""Names of files as their writers meant them, and as they are."""

from typing import Final

from archive.errors import InvalidInput

_LONGEST: Final = 4096


def shown(name: bytes) -> str:
    """A name for people: as it is where it is UTF-8, read as GB18030 where it may be that, else with marks."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", "replace")


def exact(name: bytes) -> bytes | None:
    """The bytes of a name that is not UTF-8, None for one that is."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return name
    return None


def safe_path(path: bytes) -> bytes:
    """A path of a manifest, without the `./` some tools write before it.

    Raises:
        InvalidInput: it leads out of its folder, or is none on some machine: it is absolute, climbs, names a drive, a
            share or somebody's home (`manifest-path-unsafe`).
    """
    while path.startswith(b"./"):
        path = path[2:]
    parts = path.split(b"/")
    drive = path[1:2] == b":" and path[:1].isalpha()
    home = path.startswith(b"~") and len(parts) > 1
    share = path.startswith(b"\\\\") or (path.startswith(b"%") and b"%\\" in path)
    climbing = any(part in {b"", b".", b".."} for part in parts)
    if drive or home or share or climbing or b"\0" in path or len(path) > _LONGEST:
        raise InvalidInput("manifest-path-unsafe", name=shown(path))
    return path
