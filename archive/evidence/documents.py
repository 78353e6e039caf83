"""The documents inside a bundle: manifest, inclusion proofs, and what the ledger says about the manifest.

All are canonical JSON, so that each has one spelling; `docs/evidence-bundle.md` describes their fields. Parsers raise
`NotCanonical` for other spellings and `Malformed` for canonical JSON of another shape. Standard library only.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from archive.evidence.container import safe_name
from archive.evidence.digests import Digests
from archive.ledger.canonical import JSON, dump, load
from archive.ledger.merkle import HASH_SIZE

FORMAT = "juanzong-evidence"
VERSION = 1
MANIFEST = "manifest.json"
README = "README.txt"
EXTRACT = "ledger/entries.jsonl"
BUILT_ENTRY = "proof/manifest-entry.json"
INCLUSION = "proof/inclusion.json"
CHECKPOINT = "proof/checkpoint.txt"
PROOFS = (BUILT_ENTRY, INCLUSION, CHECKPOINT)
UNLISTED = (MANIFEST, *PROOFS)
HELD = frozenset({EXTRACT, *UNLISTED})
PAYLOAD = "files/"
BUILT = "evidence.built"
_HEX = re.compile(r"[0-9a-f]{64}")


class Malformed(ValueError):
    """Canonical JSON, but not the document it should be."""


@dataclass(frozen=True)
class ListedFile:
    """A file as the manifest lists it.

    `path` is its name in the bundle, `original_name` the one it had at its source, `size` in bytes, digests in
    lower-case hexadecimal. `record`, `version` and `component` are ids; every file under `files/` has them.
    """

    path: str
    size: int
    sha256: str
    sm3: str
    media_type: str
    original_name: str | None = None
    record: str | None = None
    version: str | None = None
    component: str | None = None


@dataclass(frozen=True)
class ListedEntry:
    """A ledger entry that the extract holds: its index and the SHA-256 leaf hash (RFC 9162) of its bytes."""

    index: int
    leaf: bytes


@dataclass(frozen=True)
class Manifest:
    """What a bundle holds: about whom, made when, from the ledger called `origin`."""

    origin: str
    created: str
    subject_kind: str
    subject_id: str
    files: tuple[ListedFile, ...]
    entries: tuple[ListedEntry, ...]

    def names(self) -> list[str]:
        """The names of all members of the bundle, in their order."""
        return [MANIFEST, *(file.path for file in self.files), *PROOFS]


@dataclass(frozen=True)
class InclusionProofs:
    """For each entry by index, its path to the root of the checkpoint over `size` entries.

    `in_order` says that the document had them by strictly ascending index, the one spelling of a set of proofs.
    """

    size: int
    paths: Mapping[int, tuple[bytes, ...]]
    in_order: bool = True


def dump_manifest(manifest: Manifest) -> bytes:
    """The bytes of `manifest.json`."""
    return dump(
        {
            "created": manifest.created,
            "entries": [{"index": entry.index, "leaf": entry.leaf.hex()} for entry in manifest.entries],
            "files": [asdict(file) for file in manifest.files],
            "format": FORMAT,
            "format_version": VERSION,
            "origin": manifest.origin,
            "subject": {"id": manifest.subject_id, "kind": manifest.subject_kind},
        }
    )


def parse_manifest(data: bytes) -> Manifest:
    """Read `manifest.json`.

    Raises:
        NotCanonical: other bytes would say the same.
        Malformed: it is no manifest of version 1, a path is unsafe, reserved or listed twice, or the README or the
            ledger extract is not listed.
    """
    value = _object(load(data), "created", "entries", "files", "format", "format_version", "origin", "subject")
    if value["format"] != FORMAT or _count(value["format_version"]) != VERSION:
        raise Malformed("not version 1 of the format")
    subject = _object(value["subject"], "id", "kind")
    files = tuple(_file(item) for item in _list(value["files"]))
    paths = {file.path for file in files}
    if len(paths) != len(files) or not paths.isdisjoint(UNLISTED) or not paths.issuperset({README, EXTRACT}):
        raise Malformed("a path is listed twice, is reserved, or is missing")
    entries = tuple(_entry(item) for item in _list(value["entries"]))
    if len({entry.index for entry in entries}) != len(entries):
        raise Malformed("an entry is listed twice")
    origin, created = _text(value["origin"]), _text(value["created"])
    return Manifest(origin, created, _text(subject["kind"]), _text(subject["id"]), files, entries)


def dump_inclusion(proofs: InclusionProofs) -> bytes:
    """The bytes of `proof/inclusion.json`."""
    entries: list[JSON] = [
        {"hashes": [value.hex() for value in path], "index": index} for index, path in sorted(proofs.paths.items())
    ]
    return dump({"entries": entries, "size": proofs.size, "version": VERSION})


def parse_inclusion(data: bytes) -> InclusionProofs:
    """Read `proof/inclusion.json`. Raises as `parse_manifest`."""
    value = _object(load(data), "entries", "size", "version")
    if _count(value["version"]) != VERSION:
        raise Malformed("not version 1")
    paths: dict[int, tuple[bytes, ...]] = {}
    indexes = []
    for item in _list(value["entries"]):
        entry = _object(item, "hashes", "index")
        indexes.append(_count(entry["index"]))
        paths[indexes[-1]] = tuple(_hash(text) for text in _list(entry["hashes"]))
    return InclusionProofs(_count(value["size"]), paths, in_order=indexes == sorted(paths))


def built_body(manifest: Digests) -> dict[str, JSON]:
    """The body of the ledger entry that vouches for a manifest."""
    digests: dict[str, JSON] = {"sha256": manifest.sha256, "size": manifest.size, "sm3": manifest.sm3}
    return {"format": FORMAT, "format_version": VERSION, "manifest": digests}


def parse_built_entry(data: bytes) -> tuple[int, tuple[int, str, str]]:
    """The index of a ledger entry that vouches for a manifest, and the manifest's size, SHA-256 and SM3.

    Raises as `parse_manifest`; also where the entry vouches for something else.
    """
    entry = load(data)
    if not isinstance(entry, dict) or entry.get("type") != BUILT:
        raise Malformed("not an entry about a bundle")
    body = _object(entry.get("body"), "format", "format_version", "manifest")
    if body["format"] != FORMAT or _count(body["format_version"]) != VERSION:
        raise Malformed("about a bundle of another format")
    digests = _object(body["manifest"], "sha256", "size", "sm3")
    return _count(entry.get("index")), (_count(digests["size"]), _hex(digests["sha256"]), _hex(digests["sm3"]))


def _file(value: Any) -> ListedFile:
    item = _object(value, *(field.name for field in fields(ListedFile)))
    origin = [item[name] for name in ("record", "version", "component")]
    if not safe_name(_text(item["path"])):
        raise Malformed("an unsafe path")
    if item["path"].startswith(PAYLOAD) and None in origin:
        raise Malformed("a file without its record")
    for text in (item["original_name"], *origin):
        if text is not None:
            _text(text)
    _text(item["media_type"])
    _count(item["size"])
    _hex(item["sha256"])
    _hex(item["sm3"])
    return ListedFile(**item)


def _entry(value: Any) -> ListedEntry:
    item = _object(value, "index", "leaf")
    return ListedEntry(_count(item["index"]), _hash(item["leaf"]))


def _object(value: Any, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise Malformed(f"not an object with {', '.join(names)}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("not a list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("not text")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise Malformed("not a count")
    return value


def _hex(value: Any) -> str:
    if not _HEX.fullmatch(_text(value)):
        raise Malformed("not a digest")
    return str(value)


def _hash(value: Any) -> bytes:
    raw = bytes.fromhex(_hex(value))
    assert len(raw) == HASH_SIZE
    return raw
