"""What a snapshot says of itself: which program and schema wrote it, what it holds, the digest of every file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = 1
FILE = "manifest.json"


class NotAManifest(ValueError):
    """Bytes that are no manifest; the text says why."""


@dataclass(frozen=True)
class KeptFile:
    """One file of a snapshot: size in bytes, SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class LedgerHead:
    """The ledger as the snapshot holds it.

    `root` is the Merkle root over all `size` entries, in hex; `checkpoint` the last signed note, None before the first.
    """

    origin: str
    size: int
    root: str
    checkpoint: str | None


@dataclass(frozen=True)
class Manifest:
    """A whole snapshot.

    `format` is the version of this layout, `program` that of the program that wrote it, `revision` that of the database
    schema, `made_at` the moment before the rows were read. `tables` counts rows by table, `files` lists every other
    file of the snapshot by its path. `blobs` and `blob_bytes` count the contents that the rows refer to, each once.
    """

    format: int
    program: str
    revision: str
    made_at: str
    ledger: LedgerHead
    tables: Mapping[str, int]
    blobs: int
    blob_bytes: int
    files: Mapping[str, KeptFile]

    def dump(self) -> bytes:
        """The manifest as a file, laid out for people."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def parse(data: bytes) -> Manifest:
    """Read a manifest. One of another format is read no further than its format.

    Raises:
        NotAManifest: the bytes are not one.
    """
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise NotAManifest("not JSON") from error
    if not isinstance(value, dict) or type(value.get("format")) is not int:
        raise NotAManifest("no format")
    if value["format"] != FORMAT:
        return Manifest(value["format"], "", "", "", LedgerHead("", 0, "", None), {}, 0, 0, {})
    try:
        return _manifest(value)
    except (KeyError, TypeError, AttributeError) as error:
        raise NotAManifest(f"{type(error).__name__}: {error}") from error


def _manifest(value: Mapping[str, Any]) -> Manifest:
    head, checkpoint = value["ledger"], value["ledger"]["checkpoint"]
    return Manifest(
        format=FORMAT,
        program=_text(value["program"]),
        revision=_text(value["revision"]),
        made_at=_text(value["made_at"]),
        ledger=LedgerHead(
            origin=_text(head["origin"]),
            size=_count(head["size"]),
            root=_text(head["root"]),
            checkpoint=None if checkpoint is None else _text(checkpoint),
        ),
        tables={_text(name): _count(number) for name, number in value["tables"].items()},
        blobs=_count(value["blobs"]),
        blob_bytes=_count(value["blob_bytes"]),
        files={
            _text(path): KeptFile(_count(kept["size"]), _text(kept["sha256"])) for path, kept in value["files"].items()
        },
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a count was expected")
    return value
