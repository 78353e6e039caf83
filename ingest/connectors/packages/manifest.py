"""Manifests: what a sender says that it sends, as JSON or as the lines of `sha256sum` and its kin.

    {"title": …, "published": …, "region": …, "withdrawn": false, "hints": {…},
     "files": [{"path": "公告.pdf", "size": 1024, "sha256": "…", "title": …, "role": "main"}, …]}

Paths are relative to the folder in which the manifest lies.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from archive.errors import InvalidInput
from ingest.packages.digests import ALGORITHMS, hex_length
from ingest.packages.names import safe_path, shown

MOST_BYTES: Final = 16 << 20
MOST_FILES: Final = 100_000

_SUMS: Final = re.compile(rb"(?:manifest-([a-z0-9]+)|([a-z0-9]+)sums?)\.txt", re.IGNORECASE)
_LINE: Final = re.compile(rb"\\?([0-9A-Fa-f]+)[ \t]+\*?(.+)")
_OF_FILES: Final = frozenset({"path", "size", "role", "title", "published", "withdrawn", "hints", *ALGORITHMS})
_OF_ALL: Final = frozenset({"files", "title", "published", "withdrawn", "hints"})


@dataclass(frozen=True)
class Announced:
    """What is said of one file. `size` is in bytes, `digests` are by algorithm, `said` is what else stands there."""

    path: bytes
    size: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, object] = field(default_factory=dict)
    main: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Manifest:
    """What is said of a delivery: its files by path, in the order given, and of all of them together."""

    files: Mapping[bytes, Announced]
    said: Mapping[str, object] = field(default_factory=dict)
    withdrawn: bool = False


def algorithm_of(name: bytes) -> str | None:
    """The digest in a file of sums by its name (`md5sums.txt`, `manifest-sha256.txt`); None for another name."""
    found = _SUMS.fullmatch(name)
    algorithm = shown(found[1] or found[2]).lower() if found else ""
    return algorithm if algorithm in ALGORITHMS else None


def is_manifest(name: bytes) -> bool:
    """Whether a file of this name says what lies beside it."""
    return name == b"manifest.json" or algorithm_of(name) is not None


def read_manifest(data: bytes, name: bytes) -> Manifest:
    """What a manifest says.

    Raises:
        InvalidInput: it is too large (`manifest-too-large`), makes no sense (`manifest-malformed`), names a path
            outside its folder (`manifest-path-unsafe`) or one path twice (`manifest-path-twice`).
    """
    if len(data) > MOST_BYTES:
        raise InvalidInput("manifest-too-large", name=shown(name), most=f"{MOST_BYTES >> 20} MiB")
    algorithm = algorithm_of(name)
    manifest = _of_json(data, name) if algorithm is None else Manifest(_of_sums(data, algorithm, name))
    if len(manifest.files) > MOST_FILES:
        raise InvalidInput("manifest-too-large", name=shown(name), most=MOST_FILES)
    return manifest


def _of_sums(data: bytes, algorithm: str, name: bytes) -> dict[bytes, Announced]:
    files: dict[bytes, Announced] = {}
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip())
        if found is None or len(found[1]) != hex_length(algorithm):
            raise InvalidInput("manifest-malformed", name=shown(name), detail=f"line {number}")
        path = safe_path(found[2])
        _once(files, path)
        files[path] = Announced(path, digests={algorithm: found[1].decode().lower()})
    return files


def _of_json(data: bytes, name: bytes) -> Manifest:
    value = _object(data, name)
    rows = value.get("files", [])
    if not isinstance(rows, list):
        raise InvalidInput("manifest-malformed", name=shown(name), detail="files")
    files: dict[bytes, Announced] = {}
    for number, row in enumerate(rows):
        announced = _announced(row, name, number)
        _once(files, announced.path)
        files[announced.path] = announced
    return Manifest(files, _said(value, _OF_ALL), value.get("withdrawn") is True)


def _object(data: bytes, name: bytes) -> Mapping[str, object]:
    detail = "neither UTF-8 nor GB18030"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            value = json.loads(data.decode(encoding))
        except UnicodeDecodeError:
            continue
        except (ValueError, RecursionError) as error:
            detail = type(error).__name__
            break
        if isinstance(value, dict):
            return value
        detail = type(value).__name__
        break
    raise InvalidInput("manifest-malformed", name=shown(name), detail=detail)


def _announced(row: object, name: bytes, number: int) -> Announced:
    path = row.get("path") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(path, str):
        raise InvalidInput("manifest-malformed", name=shown(name), detail=f"files[{number}].path")
    size = row.get("size")
    if size is not None and (type(size) is not int or size < 0):
        raise InvalidInput("manifest-malformed", name=shown(name), detail=f"files[{number}].size")
    digests = {}
    for algorithm in ALGORITHMS:
        given = row.get(algorithm)
        length = hex_length(algorithm)
        if given is not None and not (isinstance(given, str) and re.fullmatch(f"[0-9A-Fa-f]{{{length}}}", given)):
            raise InvalidInput("manifest-malformed", name=shown(name), detail=f"files[{number}].{algorithm}")
        if given:
            digests[algorithm] = given.lower()
    raw = path.replace("\\", "/").encode("utf-8", "surrogatepass")
    return Announced(
        safe_path(raw),
        size,
        digests,
        _said(row, _OF_FILES),
        main=row.get("role") == "main",
        withdrawn=row.get("withdrawn") is True,
    )


def _said(value: Mapping[str, object], known: frozenset[str]) -> Mapping[str, object]:
    """Title, publication, and whatever else is said, with what stands under `hints` as if it stood beside."""
    said = {key: said for key, said in value.items() if key not in known}
    hints = value.get("hints")
    if isinstance(hints, dict):
        said |= {str(key): hint for key, hint in hints.items()}
    return said | {key: value[key] for key in ("title", "published") if value.get(key) is not None}


def _once(files: Mapping[bytes, Announced], path: bytes) -> None:
    if path in files:
        raise InvalidInput("manifest-path-twice", name=shown(path))
