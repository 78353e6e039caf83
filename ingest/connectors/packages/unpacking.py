"""What a package holds once its manifest has been read: which files are the document, and what they must be like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Incoming
from ingest.connectors.packages.manifest import Announced, Manifest, is_manifest, read_manifest
from ingest.connectors.packages.verifying import verified
from ingest.packages.bagit import is_bag, read_bag
from ingest.packages.bounded import validate_members
from ingest.packages.kinds import rules_for
from ingest.packages.members import Member, Members
from ingest.packages.names import exact, shown
from ingest.packages.records import PackedRecord

_JSON: Final = b"manifest.json"
_PAYLOAD: Final = b"data/"
_BESIDE: Final = ComponentRole.ATTACHMENT

_LONGEST_ID: Final = 1_000
"""Bytes of a record's name in its package: with the path of the package it is an id, and a key of the database."""


@dataclass(frozen=True)
class Contents:
    """The files of a package as components, and what its manifest says of them together."""

    components: tuple[Incoming, ...]
    said: Mapping[str, object] = field(default_factory=dict)
    withdrawn: bool = False


def unpack_all(members: Members) -> Mapping[str, Contents]:
    """The documents of a package by their names in it; a package that is one document has it under "".

    A package of the archives' own kinds (E-ARK, DA/T 93, DA/T 103, DA/T 48) is validated as a whole first, in a bounded
    process, and each of its records is a document; what the package announces of its files is compared again while they
    are read.

    Raises:
        InvalidInput: as `unpack`; or the package breaks a rule of its kind, under the code of the first, with the codes
            of all in `findings`.
    """
    rules = None if is_bag(members) or any(is_manifest(name) for name in members) else rules_for(members)
    if rules is None or rules.records is None:
        return {"": unpack(members)}
    validate_members(members).require_valid()
    found: dict[str, Contents] = {}
    for record in rules.records(members):
        if record.id in found:
            raise InvalidInput("package-record-twice", name=record.id)
        if len(record.id.encode()) > _LONGEST_ID:
            raise InvalidInput("package-record-name", name=record.id[:80], most=_LONGEST_ID)
        found[record.id] = _of_record(record)
    if not found:
        raise InvalidInput("package-empty")
    return found if len(found) > 1 else {"": next(iter(found.values()))}


def _of_record(record: PackedRecord) -> Contents:
    if not record.files:
        raise InvalidInput("package-empty")
    files = [
        incoming(
            Member(file.path, file.size or 0, file.open),
            Announced(file.path, file.size, file.digests),
            ComponentRole.MAIN if number == 0 else _BESIDE,
        )
        for number, file in enumerate(record.files)
    ]
    about = (
        incoming(Member(file.path, file.size or 0, file.open), None, ComponentRole.ENVELOPE) for file in record.about
    )
    said = dict(record.said)
    if "dated" in said:
        said["published"] = said["dated"]
    return Contents((*files, *about), said)


def unpack(members: Members) -> Contents:
    """The components of a package: its main file first, its manifests as envelopes last.

    What a manifest or a bag announces is compared while the components are read. Where several say something of one
    file, all must be right.

    Raises:
        InvalidInput: manifest and files do not agree, or manifests with each other (`manifest-file-missing`,
            `manifest-file-unlisted`, `manifest-digest-differs`, as `read_bag` and `read_manifest` say), or there is
            nothing but a manifest that takes nothing back (`package-empty`).
    """
    if is_bag(members):
        return _bag(members)
    names = [name for name in members if is_manifest(name)]
    if not names:
        return _of(members, Manifest({}), ())
    # Where there are several, the one that can say most goes before, and all must agree.
    names.sort(key=lambda name: (name != _JSON, name))
    manifests = [read_manifest(members[name].read(), name) for name in names]
    files = _joined(manifests)
    _require_agreement(members, files, names)
    ordered = Manifest(files, manifests[0].said, manifests[0].withdrawn)
    return _of(members, ordered, tuple(names))


def _bag(members: Members) -> Contents:
    digests = read_bag(members)
    said = Manifest({})
    inner = _PAYLOAD + _JSON
    if inner in members:
        read = read_manifest(members[inner].read(), _JSON)
        said = Manifest({_PAYLOAD + path: given for path, given in read.files.items()}, read.said, read.withdrawn)
        missing = [path for path in said.files if path not in members]
        if missing:
            raise InvalidInput("manifest-file-missing", name=shown(missing[0]))
    files = {
        path: Announced(path, given.size, _agreed(path, given.digests, digests[path]), given.said, main=given.main)
        for path, given in ((path, said.files.get(path, Announced(path))) for path in _first(said.files, digests))
    }
    envelopes = tuple(path for path in members if not path.startswith(_PAYLOAD) or path == inner)
    return _of(members, Manifest(files, said.said, said.withdrawn), envelopes)


def _first(order: Mapping[bytes, object], rest: Mapping[bytes, object]) -> list[bytes]:
    """The paths of `rest`, those that `order` names before the others."""
    return [*(path for path in order if path in rest), *sorted(path for path in rest if path not in order)]


def _agreed(path: bytes, one: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    """The digests that two manifests give of one file.

    Raises:
        InvalidInput: they give different ones (`manifest-digest-differs`).
    """
    for algorithm in one.keys() & other.keys():
        if one[algorithm] != other[algorithm]:
            raise InvalidInput("manifest-digest-differs", name=shown(path), algorithm=algorithm)
    return {**one, **other}


def _joined(manifests: list[Manifest]) -> dict[bytes, Announced]:
    files: dict[bytes, Announced] = {}
    for manifest in manifests:
        for path, given in manifest.files.items():
            known = files.get(path, given)
            files[path] = Announced(
                path, known.size, _agreed(path, given.digests, known.digests), known.said, known.main, known.withdrawn
            )
    return files


def _require_agreement(members: Members, files: Mapping[bytes, Announced], names: list[bytes]) -> None:
    for path in files:
        if path not in members and not files[path].withdrawn:
            raise InvalidInput("manifest-file-missing", name=shown(path))
    for path in members:
        if path not in files and path not in names:
            raise InvalidInput("manifest-file-unlisted", name=shown(path))


def _of(members: Members, manifest: Manifest, envelopes: tuple[bytes, ...]) -> Contents:
    listed = [path for path in manifest.files if path in members and path not in envelopes]
    order = listed or [path for path in members if path not in envelopes]
    if not order and manifest.withdrawn:
        return Contents((), manifest.said, withdrawn=True)
    if not order:
        raise InvalidInput("package-empty")
    main = next((path for path in order if path in manifest.files and manifest.files[path].main), order[0])
    components = [
        incoming(members[path], manifest.files.get(path), ComponentRole.MAIN if path == main else _BESIDE)
        for path in (main, *(path for path in order if path != main))
    ]
    kept = (incoming(members[path], manifest.files.get(path), ComponentRole.ENVELOPE) for path in envelopes)
    return Contents((*components, *kept), manifest.said, manifest.withdrawn)


def incoming(member: Member, announced: Announced | None, role: ComponentRole) -> Incoming:
    """One file as a component; what was announced of it is compared when it has been read."""
    given = announced or Announced(member.path)
    name = shown(member.path)
    return Incoming(
        name=name,
        role=role,
        open=lambda: verified(member.open(), name, given.digests, given.size),
        name_bytes=exact(member.path),
        announced_size=given.size,
        announced_sha256=given.digests.get("sha256"),
    )
