"""A whole archive in a temporary folder: the real adapters, a clock that stands still, identifiers that count.

Work is done in the test's own process: `work` takes jobs as a worker would, and closes volumes when all is quiet.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import event

from access_control.memory import EVERYTHING, PUBLISHED, AllowList
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, Actor, Permission, Scope
from archive.clock import FixedClock
from archive.fixity.fsck import Examination, Examined
from archive.ids import SequentialIds
from archive.ledger.signing import create_key, load_signer
from archive.ledger.types import Entry
from archive.records.reading import ReadingPorts, RecordReader
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Delivery, Incoming, Record, RecordState
from archive.settings import Settings
from archive.volumes.closing import Swept
from archive.volumes.reading import VolumeReader
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Volume
from archive.wiring import Kernel, build_kernel, found
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import GONE, WITHDRAWN, Arrival, Connector, Gone, Withdrawn
from ingest.connectors.streams import from_bytes
from ingest.repository import OutcomeRepository
from ingest.review import ReviewPorts, ReviewService
from ingest.sources.repository import SourceRepository
from ingest.sources.service import IMPORTED
from ingest.types import SeenArrival, StepOutcome, Summary
from ingest.verdicts.wiring import build_gate
from ingest.waking import ADVANCE
from ingest.wiring import Ingest, build_ingest

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
SOURCE = "portal"
_USED_BEFORE = 5_000
ARCHIVIST = Actor("acc_archivist", "archivist")


@cache
def _empty_database() -> bytes:
    """The database of a founded home; made once, since migrating takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load({}, Path(folder))
        found(settings)
        return (settings.home / "archive.db").read_bytes()


def _hurry(connection: sqlite3.Connection, record: object) -> None:
    """No waiting for the medium: what survives a power cut is not what these tests ask."""
    del record
    connection.execute("pragma synchronous=off").close()


@dataclass(frozen=True)
class SmallArchive:
    """The parts of one archive."""

    settings: Settings
    kernel: Kernel
    ingest: Ingest
    clock: FixedClock
    authorizer: AllowList
    review: ReviewService

    @classmethod
    @contextmanager
    def at(cls, home: Path, database: str | None = None) -> Iterator["SmallArchive"]:
        """A newly founded archive in `home`, its rows there or in `database`, with one registered source."""
        home.mkdir(parents=True, exist_ok=True)
        if database is None:
            key = Settings.load({}, home).ledger.key_path
            key.parent.mkdir()
            create_key(key)
            (home / "archive.db").write_bytes(_empty_database())
        else:
            found(Settings.load({"ARCHIVE_DATABASE_URL": database}, home))
        with cls.opened(home, database) as small:
            small.ingest.sources.register(SOURCE, "notices", IMPORTED)
            yield small

    @classmethod
    @contextmanager
    def opened(cls, home: Path, database: str | None = None) -> Iterator["SmallArchive"]:
        """The archive that lies in `home`. Its identifiers go on behind those of whoever worked on it before."""
        settings = Settings.load({"ARCHIVE_DATABASE_URL": database} if database else {}, home)
        clock, ids = FixedClock(START), SequentialIds()
        if (home / "blobs").exists():
            for _ in range(_USED_BEFORE):
                ids.new("run")
        kernel = build_kernel(settings, build_gate, clock, ids)
        if database is None:
            event.listen(kernel.database.engine, "connect", _hurry)
        try:
            yield cls._on(settings, kernel, clock)
        finally:
            kernel.database.dispose()

    @classmethod
    def _on(cls, settings: Settings, kernel: Kernel, clock: FixedClock) -> "SmallArchive":
        ingest = build_ingest(kernel)
        everything = dict.fromkeys(Permission, (EVERYTHING,))
        published = dict.fromkeys((Permission.RECORD_LIST, Permission.RECORD_READ), (PUBLISHED,))
        authorizer = AllowList(clock, {ARCHIVIST.id: everything, PUBLIC_ACTOR.id: published})
        ports = ReviewPorts(
            kernel.database, kernel.records, kernel.ledger, kernel.jobs, kernel.clock, kernel.ids, authorizer
        )
        return cls(settings, kernel, ingest, clock, authorizer, ReviewService(ports, ingest.graph))

    @property
    def scope(self) -> Scope:
        """Everything there is."""
        return self.authorizer.scope(ARCHIVIST, Permission.RECORD_LIST)

    def reader(self) -> RecordReader:
        """Reading, with nothing to mask."""
        kernel = self.kernel
        return RecordReader(
            ReadingPorts(kernel.database, kernel.blobs, kernel.ledger, self.authorizer, str, kernel.clock)
        )

    def volume_reader(self) -> VolumeReader:
        """Reading volumes, with nothing to mask."""
        return VolumeReader(self.kernel.database, self.authorizer, str)

    def take(self, *deliveries: Delivery | Arrival, source: str = SOURCE) -> Summary:
        """Let a source hand over documents; what became of them."""
        arrivals = [what if isinstance(what, Arrival) else Arrival(what.external_id, what) for what in deliveries]
        return self.take_from(MemoryConnector(arrivals), source)

    def take_from(self, connector: Connector, source: str = SOURCE) -> Summary:
        """Let a connector hand over documents; the parts of the summary must add up."""
        summary = Summary()
        self.ingest.intake.take(source, connector, summary)
        assert adds_up(summary)
        return summary

    def work(self) -> Swept:
        """Do what there is to do, as the coordinator does it: records first, then volumes."""
        self.advance()
        return self.kernel.closing.sweep(SYSTEM_ACTOR)

    def advance(self) -> None:
        """Take every record that waits for it as far as it goes."""
        while (job := self.kernel.jobs.claim("test", frozenset({ADVANCE}))) is not None:
            self.ingest.runner.advance(job.key)
            self.kernel.jobs.complete(job)

    def fsck(self) -> Examined:
        """Examine everything."""
        signer = load_signer(self.settings.ledger.key_path, self.settings.ledger.origin)
        return Examination(self.kernel.database, self.kernel.blobs, signer.trust()).run()

    def records(self) -> dict[str, Record]:
        """Every record by the id its source gave it."""
        with self.kernel.database.reading() as connection:
            repository = RecordRepository(connection)
            found_records = [repository.by_id(record_id) for record_id in repository.ids_after("", 10_000)]
        return {record.external_id: record for record in found_records if record is not None}

    def record(self, external_id: str) -> Record:
        """One record by the id its source gave it."""
        return self.records()[external_id]

    def states(self) -> dict[str, RecordState]:
        """The state of every record by external id."""
        return {external_id: record.state for external_id, record in self.records().items()}

    def outcomes(self, external_id: str) -> dict[str, StepOutcome]:
        """The stored outcomes of a record's present version."""
        record = self.record(external_id)
        with self.kernel.database.reading() as connection:
            return OutcomeRepository(connection).of(record.id, record.version)

    def arrival(self, external_id: str, source: str = SOURCE) -> SeenArrival | None:
        """What intake remembers of a document."""
        with self.kernel.database.reading() as connection:
            return SourceRepository(connection).arrival(source, external_id)

    def volumes(self) -> list[Volume]:
        """Every volume by its reference code, those without one first."""
        with self.kernel.database.reading() as connection:
            repository = VolumeRepository(connection)
            volumes = [*repository.not_closed(), *repository.closed()]
        return sorted(volumes, key=lambda volume: (volume.reference_code or "", volume.section))

    def history(self, external_id: str) -> list[str]:
        """The acts told of a record, in order."""
        with self.kernel.database.reading() as connection:
            entries = self.kernel.ledger.entries_for(connection, "record", self.record(external_id).id)
        return [str(entry.event.type) for entry in entries]

    def entries(self) -> list[Entry]:
        """The whole ledger."""
        with self.kernel.database.reading() as connection:
            return self.kernel.ledger.read(connection, -1, 100_000)

    def pending(self) -> int:
        """Jobs still to be done."""
        return self.kernel.jobs.pending()


def adds_up(summary: Summary) -> bool:
    """Whether the parts of a summary add up to what was received."""
    changed = summary.captured + summary.new_versions + summary.renamed
    parts = changed + summary.unchanged + summary.withdrawn + summary.gone + summary.superseded
    return summary.received == parts + len(summary.refused)


def notice(
    external_id: str,
    title: str,
    *files: Incoming,
    day: int = 4,
    body: str = "详见正文。",
    hints: Mapping[str, object] = MappingProxyType({}),
) -> Delivery:
    """A notice with an HTML page as its main document, published in May 2026."""
    page = f"<html><body><h1>{title[:100]}</h1><p>{body}</p></body></html>".encode()
    main = Incoming("notice.html", ComponentRole.MAIN, from_bytes(page), "text/html")
    return Delivery(
        external_id=external_id,
        title=title,
        region="370100",
        published=datetime(2026, 5, day, 8, 0, tzinfo=UTC),
        components=(main, *files),
        hints=hints,
    )


def code_of(number: int) -> str:
    """The project code of procurement `number`."""
    return f"SDCG-2026-{number:04d}"


def tender(number: int, project: str, body: str = "详见正文。", **hints: object) -> Delivery:
    """The notice that opens procurement `number`."""
    known = {"data_no": "551", "project_code": code_of(number)}
    return notice(f"t{number}", f"{project}公开招标公告", body=body, hints=known | hints)


def ending(number: int, project: str, day: int = 20, **hints: object) -> Delivery:
    """The notice that ends procurement `number` without an award; its volume is complete then."""
    known = {"category": "D", "project_code": code_of(number)}
    return notice(f"e{number}", f"{project}终止公告", day=day, hints=known | hints)


def gone(external_id: str) -> Arrival:
    """The source no longer gives a document."""
    return Arrival(external_id, Gone(GONE))


def taken_back(external_id: str) -> Arrival:
    """The source has taken a document back."""
    return Arrival(external_id, Withdrawn(WITHDRAWN))


def attachment(name: str, data: bytes, announced_size: int | None = None, name_bytes: bytes | None = None) -> Incoming:
    """A file beside the main document."""
    return Incoming(
        name, ComponentRole.ATTACHMENT, from_bytes(data), name_bytes=name_bytes, announced_size=announced_size
    )
