"""Builds a bundle: files, metadata and ledger entries, with the proofs that hold them together.

The order matters. Payload is copied and checked first, so that nothing enters the ledger for a bundle that cannot be
made; then the ledger vouches for the manifest; then a checkpoint is published and the proofs are written. The file
appears under its name whole or not at all. A stop in between leaves at most an entry about a bundle that never came
to be, which says nothing false: that manifest was vouched for.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import BinaryIO

from archive.authorization import Actor
from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import Damaged, InvalidInput, Unavailable
from archive.evidence import documents
from archive.evidence.container import BLOCK, Writer, safe_name
from archive.evidence.digests import Digests, digests_of
from archive.evidence.documents import InclusionProofs, ListedEntry, ListedFile, Manifest
from archive.evidence.strict import Limits
from archive.ledger.canonical import JSON, NotCanonical, dump, moment_text
from archive.ledger.checkpoint import Checkpoint, SignedCheckpoint
from archive.ledger.integrator import Integrator
from archive.ledger.merkle import leaf_hash
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from archive.ledger.tree import StoredTree
from archive.ledger.types import Entry, Event, EventType, SubjectKind

METADATA = "metadata/"


@dataclass(frozen=True)
class BundleFile:
    """A captured file to be put in: what the manifest will say of it, and how to read its bytes.

    `path` begins with `files/` and is ASCII; `size` in bytes; digests in lower-case hexadecimal.
    """

    path: str
    open: Callable[[], BinaryIO]
    size: int
    sha256: str
    sm3: str
    media_type: str
    original_name: str | None
    record: str
    version: str
    component: str

    def listed(self) -> ListedFile:
        """The file as the manifest lists it."""
        return ListedFile(
            self.path,
            self.size,
            self.sha256,
            self.sm3,
            self.media_type,
            self.original_name,
            self.record,
            self.version,
            self.component,
        )


@dataclass(frozen=True)
class BundleContents:
    """What a bundle is to hold.

    `metadata` are JSON documents by path (`metadata/records.json`), `entries` the indexes of the ledger entries to
    extract; those at which a file was captured must be among them.
    """

    subject_kind: SubjectKind
    subject_id: str
    files: Sequence[BundleFile]
    metadata: Mapping[str, JSON]
    entries: Sequence[int]


@dataclass(frozen=True)
class BuiltBundle:
    """A finished bundle: where it lies, its size in bytes, how many captured files it holds, what proves it."""

    path: Path
    size: int
    files: int
    checkpoint: Checkpoint
    entry: int


class Builder:
    """Makes bundles. Whether the actor may have them is the caller's question."""

    def __init__(self, database: Database, ledger: LedgerPort, integrator: Integrator, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._integrator = integrator
        self._clock = clock

    def build(self, contents: BundleContents, actor: Actor, out: Path) -> BuiltBundle:
        """Write the bundle to `out`, replacing what is there.

        Raises:
            InvalidInput: a path is unsafe or taken, metadata has no canonical form, or it is too much for one bundle.
            NotFound: there is no ledger entry with one of the indexes.
            Damaged: the bytes of a file are not those with the given size and digests; no file is left behind.
            Unavailable: `out` cannot be written, or this machine cannot compute SM3.
        """
        with self._database.reading() as connection:
            entries = self._ledger.entries_at(connection, contents.entries)
        documents_by_path = _documents(contents, entries)
        origin = self._integrator.origin
        manifest = _manifest(contents, documents_by_path, entries, origin, moment_text(self._clock.now()))
        staged = out.with_name(f".{out.name}.{os.getpid()}.part")
        try:
            with ExitStack() as stack:
                stack.callback(staged.unlink, missing_ok=True)
                file = stack.enter_context(staged.open("wb"))
                built = self._write(file, contents, documents_by_path, manifest, actor)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
                staged.replace(out)
                _sync_directory(out.parent)
        except OSError as error:
            raise Unavailable("evidence-not-written", path=out, detail=error.strerror) from error
        return BuiltBundle(out, size, len(contents.files), *built)

    def _write(
        self,
        file: BinaryIO,
        contents: BundleContents,
        documents_by_path: Mapping[str, bytes],
        manifest: bytes,
        actor: Actor,
    ) -> tuple[Checkpoint, int]:
        writer = Writer(file)
        writer.add(documents.MANIFEST, len(manifest), [manifest])
        for path, data in documents_by_path.items():
            writer.add(path, len(data), [data])
        for item in contents.files:
            writer.add(item.path, item.size, _checked(item))
        index = self._vouch(contents, manifest, actor)
        self._integrator.publish()
        with self._database.reading() as connection:
            signed = self._integrator.latest(connection)
            assert signed is not None
            for name, data in self._proofs(connection, contents, signed, index):
                writer.add(name, len(data), [data])
        writer.finish()
        return signed.checkpoint, index

    def _vouch(self, contents: BundleContents, manifest: bytes, actor: Actor) -> int:
        body = documents.built_body(digests_of(manifest))
        event = Event(EventType.EVIDENCE_BUILT, actor.id, contents.subject_kind, contents.subject_id, body)
        with self._database.writing() as uow:
            return self._ledger.append(uow, event)

    def _proofs(
        self, connection: Connection, contents: BundleContents, signed: SignedCheckpoint, index: int
    ) -> Iterator[tuple[str, bytes]]:
        tree = StoredTree(connection)
        size = signed.checkpoint.size
        paths = {each: tuple(tree.inclusion(each, size)) for each in sorted({*contents.entries, index})}
        yield documents.BUILT_ENTRY, self._ledger.entries_at(connection, [index])[0].data
        yield documents.INCLUSION, documents.dump_inclusion(InclusionProofs(size, paths))
        yield documents.CHECKPOINT, signed.note()


def _documents(contents: BundleContents, entries: Sequence[Entry]) -> dict[str, bytes]:
    """The members that are made here, by path, in their order."""
    made = {documents.README: resources.files(__package__).joinpath("readme.txt").read_bytes()}
    for path, value in sorted(contents.metadata.items()):
        try:
            made[path] = dump(value)
        except NotCanonical as error:
            raise InvalidInput("evidence-unwritable", path=path, detail=str(error)) from error
    made[documents.EXTRACT] = b"".join(entry.data + b"\n" for entry in entries)
    return made


def _manifest(
    contents: BundleContents,
    documents_by_path: Mapping[str, bytes],
    entries: Sequence[Entry],
    origin: str,
    created: str,
) -> bytes:
    _require_paths(contents)
    listed = [_listed(path, data) for path, data in documents_by_path.items()]
    manifest = Manifest(
        origin,
        created,
        contents.subject_kind,
        contents.subject_id,
        (*listed, *(file.listed() for file in contents.files)),
        tuple(ListedEntry(entry.index, leaf_hash(entry.data)) for entry in entries),
    )
    try:
        data = documents.dump_manifest(manifest)
    except NotCanonical as error:
        raise InvalidInput("evidence-unwritable", path=documents.MANIFEST, detail=str(error)) from error
    limits = Limits()
    largest = max(len(data), len(documents_by_path[documents.EXTRACT]))
    if len(manifest.names()) > limits.entries or largest > limits.held:
        raise InvalidInput("evidence-too-large", files=len(contents.files), limit=limits.entries)
    return data


def _require_paths(contents: BundleContents) -> None:
    taken: set[str] = set()
    wanted = [(path, METADATA) for path in contents.metadata]
    wanted += [(file.path, documents.PAYLOAD) for file in contents.files]
    for path, folder in wanted:
        if not path.startswith(folder) or not safe_name(path) or path in taken or len(path) > Limits().name:
            raise InvalidInput("evidence-path", path=path, folder=folder)
        taken.add(path)


def _listed(path: str, data: bytes) -> ListedFile:
    digests = digests_of(data)
    if digests.sm3 is None:
        raise Unavailable("evidence-sm3-unavailable")
    media_type = {"txt": "text/plain", "json": "application/json"}.get(path.rpartition(".")[2], "application/jsonl")
    return ListedFile(path, digests.size, digests.sha256, digests.sm3, media_type)


def _checked(item: BundleFile) -> Iterator[bytes]:
    digests = Digests()
    with closing(item.open()) as source:
        while block := source.read(BLOCK):
            digests.update(block)
            yield block
    if (digests.size, digests.sha256, digests.sm3) != (item.size, item.sha256, item.sm3):
        raise Damaged("evidence-payload-changed", path=item.path, record=item.record, component=item.component)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
