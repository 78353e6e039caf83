"""The examination of a whole archive: bytes against rows, rows against the ledger, the ledger against its signatures.

It shares no code with what wrote them beyond digests and tree, reads everything, changes nothing, and says of every
defect where it is. Finding nothing is the statement that nothing was lost, changed or done twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive.blobs.port import BlobStore
from archive.db.uow import Database
from archive.errors import Damaged
from archive.ledger.fsck import check_ledger
from archive.ledger.repository import Connection, LedgerRepository
from archive.ledger.trust import Trust
from archive.ledger.types import Entry, EventType, Finding, Severity
from archive.messages import render
from archive.records.digests import digest_version
from archive.records.repository import RecordRepository
from archive.records.types import Component, Record, Version
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Volume

_PAGE = 500
_CAPTURES = frozenset({EventType.RECORD_CAPTURED, EventType.RECORD_VERSION_ADDED, EventType.RECORD_RENAMED})

_Telling = tuple[str, frozenset[tuple[str, str, str, object]]]
"""Of one version: the digest of everything said with it; id, digests and size of each file."""

Progress = Callable[[int], None]
"""Called with how many files have been read again."""


@dataclass(frozen=True)
class Examined:
    """What was looked at, and what was found."""

    records: int
    files: int
    volumes: int
    entries: int
    findings: tuple[Finding, ...]


class Examination:
    """One run over one archive."""

    def __init__(self, database: Database, blobs: BlobStore, trust: Trust, progress: Progress | None = None) -> None:
        self._database = database
        self._blobs = blobs
        self._trust = trust
        self._progress = progress
        self._files = 0
        self._records = 0
        self._volumes = 0

    def run(self) -> Examined:
        """Look at everything."""
        with self._database.reading() as connection:
            findings = [
                *check_ledger(connection, self._trust),
                *self._examine_records(connection),
                *self._examine_volumes(connection),
                *_examine_tellings(connection),
            ]
            entries = LedgerRepository(connection).size()
        return Examined(self._records, self._files, self._volumes, entries, tuple(findings))

    def _examine_records(self, connection: Connection) -> Iterator[Finding]:
        repository = RecordRepository(connection)
        last = ""
        while ids := repository.ids_after(last, _PAGE):
            for record_id in ids:
                record = repository.by_id(record_id)
                if record is not None:
                    self._records += 1
                    yield from self._examine_record(connection, repository, record)
            last = ids[-1]

    def _examine_record(
        self, connection: Connection, repository: RecordRepository, record: Record
    ) -> Iterator[Finding]:
        try:
            told = _told(LedgerRepository(connection).entries_for("record", record.id))
        except Damaged as error:
            yield Finding(error.code, Severity.ERROR, error.message(), f"record/{record.id}")
            told = {}
        versions = repository.versions(record.id)
        if [version.number for version in versions] != list(range(1, record.version + 1)):
            yield _finding("fsck-versions", f"record/{record.id}", record=record.id)
        for version in versions:
            components = repository.components(version.id)
            if told.get(version.number) != _written(version, components) or not _agree(record, version, components):
                yield _finding("fsck-capture-differs", f"record/{record.id}/v{version.number}", version=version.number)
            for component in components:
                yield from self._examine_bytes(record, component)
        if set(told) - {version.number for version in versions}:
            yield _finding("fsck-versions", f"record/{record.id}", record=record.id)

    def _examine_bytes(self, record: Record, component: Component) -> Iterator[Finding]:
        self._files += 1
        if self._progress is not None:
            self._progress(self._files)
        path = f"record/{record.id}/{component.id}"
        try:
            digest = self._blobs.verify(component.sha256)
        except Damaged as error:
            yield Finding(error.code, Severity.ERROR, error.message(), path)
            return
        if (digest.sm3, digest.size) != (component.sm3, component.size):
            yield _finding("fsck-digest-differs", path, component=component.id)

    def _examine_volumes(self, connection: Connection) -> Iterator[Finding]:
        volumes = VolumeRepository(connection).closed()
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for volume in volumes:
            self._volumes += 1
            yield from self._examine_volume(connection, volume)
            # The running number stands at the end of the reference code; the rest is its scope.
            numbers[(volume.reference_code or "").rpartition("-")[0]].append(volume.number or 0)
        for scope, found in sorted(numbers.items()):
            if sorted(found) != list(range(1, len(found) + 1)):
                yield _finding("fsck-volume-numbers", f"scope/{scope}", scope=scope)

    def _examine_volume(self, connection: Connection, volume: Volume) -> Iterator[Finding]:
        path = f"volume/{volume.id}"
        members = RecordRepository(connection).members(volume.id)
        numbered = sorted(m.item_number for m in members if m.item_number is not None)
        if numbered != list(range(1, volume.item_count + 1)):
            yield _finding("fsck-item-numbers", path, volume=volume.reference_code)
        try:
            entries = LedgerRepository(connection).entries_for("volume", volume.id)
        except Damaged as error:
            yield Finding(error.code, Severity.ERROR, error.message(), path)
            return
        sealed = [entry.event.body for entry in entries if entry.event.type is EventType.VOLUME_CLOSED]
        if len(sealed) != 1 or sealed[0].get("reference_code") != volume.reference_code:
            yield _finding("fsck-volume-unsealed", path, volume=volume.reference_code)
            return
        items = sealed[0].get("items")
        listed = {
            (item["record"], item["item"])
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict)
        }
        if not listed <= {(member.id, member.item_number) for member in members}:
            yield _finding("fsck-volume-differs", path, volume=volume.reference_code)


def _examine_tellings(connection: Connection) -> Iterator[Finding]:
    """Whatever the ledger says was captured or closed is there."""
    ledger, start = LedgerRepository(connection), 0
    while rows := ledger.rows(start, _PAGE):
        captured = [row.subject_id for row in rows if row.type == EventType.RECORD_CAPTURED]
        for lost in sorted(set(captured) - RecordRepository(connection).known(captured)):
            yield _finding("fsck-record-missing", f"record/{lost}", record=lost)
        closed = [row.subject_id for row in rows if row.type == EventType.VOLUME_CLOSED]
        for lost in sorted(set(closed) - VolumeRepository(connection).known_closed(closed)):
            yield _finding("fsck-volume-missing", f"volume/{lost}", volume=lost)
        start = rows[-1].index + 1


def _written(version: Version, components: list[Component]) -> _Telling:
    return version.digest, frozenset((c.id, c.sha256, c.sm3, c.size) for c in components)


def _agree(record: Record, version: Version, components: list[Component]) -> bool:
    """Whether the rows of the present version are those that were digested, and the record shows what it says.

    What earlier versions said of their region is no longer known; of them the ledger vouches for the files only.
    """
    if version.number != record.version:
        return True
    shown = (record.title, record.published) == (version.title, version.published)
    return shown and digest_version(version, record.region, components).everything == version.digest


def _told(entries: list[Entry]) -> dict[int, _Telling]:
    """What the ledger says was captured, by version."""
    told: dict[int, _Telling] = {}
    for entry in entries:
        number, components = entry.event.body.get("version"), entry.event.body.get("components")
        if entry.event.type in _CAPTURES and isinstance(number, int) and isinstance(components, list):
            files = (
                (str(c["id"]), str(c["sha256"]), str(c["sm3"]), c["size"]) for c in components if isinstance(c, dict)
            )
            told[number] = str(entry.event.body.get("digest")), frozenset(files)
    return told


def _finding(code: str, path: str, **params: object) -> Finding:
    return Finding(code, Severity.ERROR, render(code, params), path)
