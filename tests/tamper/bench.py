"""A small archive with one clean bundle, and the tools of somebody who wants to pass off another."""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.authorization import SYSTEM_ACTOR
from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.evidence import container, documents
from archive.evidence.builder import Builder, BundleContents, BundleFile
from archive.evidence.container import Member
from archive.evidence.digests import digests_of
from archive.evidence.documents import InclusionProofs
from archive.ledger.canonical import JSON
from archive.ledger.integrator import Integrator
from archive.ledger.service import Ledger
from archive.ledger.signing import Signer, write_trust
from archive.ledger.tree import StoredTree
from archive.ledger.types import Event, EventType

ORIGIN = "archive.test/ledger"
PAYLOAD = {
    "files/cmp_1.html": "<p>中标结果公告：第一标段</p>".encode() * 40,
    "files/cmp_2.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 8,
    "files/cmp_3.txt": b"",
}
RECORD = "rec_1"


def component_of(path: str) -> str:
    return path.removeprefix("files/").partition(".")[0]


def bundle_file(path: str, data: bytes, component: str | None = None) -> BundleFile:
    return BundleFile(
        path=path,
        open=lambda: io.BytesIO(data),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        sm3=hashlib.new("sm3", data).hexdigest(),
        media_type="application/octet-stream",
        original_name="中标结果公告 (1).bin",
        record=RECORD,
        version="ver_1",
        component=component or component_of(path),
    )


def captured(payload: Mapping[str, bytes]) -> Event:
    components: list[JSON] = []
    for path, data in payload.items():
        file = bundle_file(path, data)
        components.append({"id": file.component, "sha256": file.sha256, "sm3": file.sm3, "size": file.size})
    return Event(EventType.RECORD_CAPTURED, "system", "record", RECORD, {"version": 1, "components": components})


@dataclass
class Bench:
    """The archive, its clean bundle and a folder for bad ones."""

    folder: Path
    database: Database
    ledger: Ledger
    signer: Signer
    integrator: Integrator
    builder: Builder
    clean: Path
    trust: Path
    entries: tuple[int, ...]

    def path(self, name: str = "bad.jzb.zip") -> Path:
        return self.folder / name

    def contents(self, files: Sequence[BundleFile]) -> BundleContents:
        described: dict[str, JSON] = {"metadata/records.json": [{"id": RECORD, "title": "中标结果公告"}]}
        return BundleContents("record", RECORD, files, described, self.entries)

    def members(self) -> dict[str, bytes]:
        with zipfile.ZipFile(self.clean) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def altered(self, change: Callable[[dict[str, bytes]], object]) -> Path:
        """The clean bundle with its members changed, put into a canonical container again."""
        members = self.members()
        change(members)
        return self.canonical(members.items())

    def canonical(self, members: Iterable[tuple[str, bytes]], crc: Mapping[str, int] | None = None) -> Path:
        """A canonical container of any members, even such as the writer refuses; `crc` gives false checksums."""
        out = io.BytesIO()
        written = []
        for name, data in members:
            checksum = (crc or {}).get(name, zlib.crc32(data))
            written.append(Member(name.encode(), len(data), checksum, out.tell()))
            out.write(container.local_header(name.encode(), len(data), checksum) + data)
        offset = out.tell()
        out.write(b"".join(container.central_header(member) for member in written))
        out.write(container.end_records(len(written), offset, out.tell() - offset))
        path = self.path()
        path.write_bytes(out.getvalue())
        return path

    def rezipped(
        self, members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED, folders: Iterable[str] = ()
    ) -> Path:
        """What an ordinary ZIP tool makes of the members."""
        path = self.path()
        with zipfile.ZipFile(path, "w", method) as archive:
            for folder in folders:
                archive.writestr(f"{folder}/", b"")
            for name, data in members:
                archive.writestr(name, data)
        return path

    def vouched(self, manifest: bytes) -> Path:
        """A bundle with another manifest that the ledger really vouches for: what a dishonest archive could make."""
        with self.database.writing() as uow:
            event = Event(
                EventType.EVIDENCE_BUILT, "system", "record", RECORD, documents.built_body(digests_of(manifest))
            )
            index = self.ledger.append(uow, event)
        self.integrator.publish()
        with self.database.reading() as connection:
            signed = self.integrator.latest(connection)
            assert signed is not None
            size, tree = signed.checkpoint.size, StoredTree(connection)
            paths = {each: tuple(tree.inclusion(each, size)) for each in (*self.entries, index)}
            entry = self.ledger.entries_at(connection, [index])[0].data
        proofs = documents.dump_inclusion(InclusionProofs(size, paths))
        return self.altered(
            lambda members: members.update(
                {
                    documents.MANIFEST: manifest,
                    documents.BUILT_ENTRY: entry,
                    documents.INCLUSION: proofs,
                    documents.CHECKPOINT: signed.note(),
                }
            )
        )

    def manifest(self) -> dict[str, JSON]:
        value: dict[str, JSON] = json.loads(self.members()[documents.MANIFEST])
        return value


ENTRIES = (5, 7)
"""Where the record's entries lie, between others."""


def open_bench(folder: Path) -> Bench:
    """The archive whose files lie in `folder`."""
    database = Database(build_engine(f"sqlite:///{folder / 'archive.db'}"))
    metadata.create_all(database.engine)
    clock = FixedClock(datetime(2026, 3, 1, 8, 0, tzinfo=UTC))
    signer = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    ledger, integrator = Ledger(clock), Integrator(database, clock, signer)
    return Bench(
        folder=folder,
        database=database,
        ledger=ledger,
        signer=signer,
        integrator=integrator,
        builder=Builder(database, ledger, integrator, clock),
        clean=folder / "clean.jzb.zip",
        trust=folder / "trust.json",
        entries=ENTRIES,
    )


def fill_bench(bench: Bench) -> None:
    """A few acts, one record, its clean bundle and the trust file."""
    with bench.database.writing() as uow:
        for number in range(8):
            event = Event(EventType.SOURCE_ITEM_GONE, "system", "source", "src_1", {"number": number})
            if number == ENTRIES[0]:
                event = captured(PAYLOAD)
            elif number == ENTRIES[1]:
                event = Event(EventType.RECORD_FILED, "system", "record", RECORD, {"reference_code": "D30-00127"})
            bench.ledger.append(uow, event)
    write_trust(bench.trust, bench.signer.trust())
    files = [bundle_file(path, data) for path, data in PAYLOAD.items()]
    bench.builder.build(bench.contents(files), SYSTEM_ACTOR, bench.clean)
