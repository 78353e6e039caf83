"""The examination of a whole archive: bytes against rows, rows against the ledger, the ledger against its signatures.

It shares no code with what wrote them beyond digests and tree, reads everything, changes nothing, and says of every
defect where it is. Finding nothing is the statement that no file, record, volume or project was lost, that every byte
is what was taken in, and that rows say what the ledger says wherever it says anything: `standing` lists the columns
that are compared and those that are not. Title, publication, hints and region of superseded versions are vouched for
by no entry that could still be worked out; of these versions files and their parts are compared.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive.blobs.port import BlobStore
from archive.db.uow import Database
from archive.errors import Damaged
from archive.fixity.repository import EveryRow
from archive.fixity.standing import CAPTURES, Difference, project_differences, record_differences, volume_differences
from archive.ledger.fsck import check_ledger
from archive.ledger.repository import Connection, LedgerRepository
from archive.ledger.trust import Trust
from archive.ledger.types import Entry, EventType, Finding, Severity
from archive.messages import render
from archive.records.digests import digest_version
from archive.records.repository import RecordRepository
from archive.records.types import Component, Record, Version
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Volume, VolumeState

_PAGE = 500

_Telling = tuple[str, str, frozenset[tuple[str, str, str, str, object]]]
"""Of one version: why it exists, the digest of everything said with it; id, part, digests and size of each file."""

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
        self._project_of: dict[str, str] = {}

    def run(self) -> Examined:
        """Look at everything."""
        with self._database.reading() as connection:
            findings = [
                *check_ledger(connection, self._trust),
                # Volumes before records: a supplement names its volume, and that its project.
                *self._examine_volumes(connection),
                *self._examine_records(connection),
                *_examine_projects(connection),
                *_examine_tellings(connection),
            ]
            entries = LedgerRepository(connection).size()
        return Examined(self._records, self._files, self._volumes, entries, tuple(findings))

    def _examine_records(self, connection: Connection) -> Iterator[Finding]:
        repository = RecordRepository(connection)
        last = ""
        while ids := repository.ids_after(last, _PAGE):
            for record_id in ids:
                self._records += 1
                yield from _readable(self._examine_record(connection, record_id), f"record/{record_id}")
            last = ids[-1]

    def _examine_record(self, connection: Connection, record_id: str) -> Iterator[Finding]:
        repository = RecordRepository(connection)
        record = repository.by_id(record_id)
        assert record is not None, "one reading transaction: what was listed is there"
        try:
            entries = LedgerRepository(connection).entries_for("record", record_id)
        except Damaged as error:
            yield Finding(error.code, Severity.ERROR, error.message(), f"record/{record_id}")
            told = {}
        else:
            told = _told(entries)
            differences = record_differences(record, repository.grades(record_id), entries, self._project_of)
            yield from _differing("fsck-record-differs", "record", record_id, differences)
        yield from self._examine_versions(repository, record, told)

    def _examine_versions(
        self, repository: RecordRepository, record: Record, told: dict[int, _Telling]
    ) -> Iterator[Finding]:
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
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        last = ""
        while ids := EveryRow(connection).volumes_after(last, _PAGE):
            for volume_id in ids:
                yield from _readable(self._examine_volume(connection, volume_id, numbers), f"volume/{volume_id}")
            last = ids[-1]
        for scope, found in sorted(numbers.items()):
            if sorted(found) != list(range(1, len(found) + 1)):
                yield _finding("fsck-volume-numbers", f"scope/{scope}", scope=scope)

    def _examine_volume(
        self, connection: Connection, volume_id: str, numbers: dict[str, list[int]]
    ) -> Iterator[Finding]:
        volume = VolumeRepository(connection).volume(volume_id)
        assert volume is not None, "one reading transaction: what was listed is there"
        if volume.state is VolumeState.CLOSED:
            self._volumes += 1
            # The running number stands at the end of the reference code; the rest is its scope.
            numbers[(volume.reference_code or "").rpartition("-")[0]].append(volume.number or 0)
        try:
            entries = LedgerRepository(connection).entries_for("volume", volume_id)
        except Damaged as error:
            yield Finding(error.code, Severity.ERROR, error.message(), f"volume/{volume_id}")
            return
        yield from self._examine_opening(volume, entries)
        yield from _differing("fsck-volume-differs", "volume", volume_id, volume_differences(volume, entries))
        if volume.state is VolumeState.CLOSED:
            yield from _examine_closing(volume, RecordRepository(connection).members(volume_id), entries)

    def _examine_opening(self, volume: Volume, entries: list[Entry]) -> Iterator[Finding]:
        opened = [entry.event.body for entry in entries if entry.event.type is EventType.VOLUME_OPENED]
        if len(opened) != 1:
            yield _finding("fsck-volume-unopened", f"volume/{volume.id}", volume=volume.id)
        else:
            self._project_of[volume.id] = str(opened[0].get("project"))


def _examine_closing(volume: Volume, members: list[Record], entries: list[Entry]) -> Iterator[Finding]:
    path = f"volume/{volume.id}"
    numbered = sorted(m.item_number for m in members if m.item_number is not None)
    if numbered != list(range(1, volume.item_count + 1)):
        yield _finding("fsck-item-numbers", path, volume=volume.reference_code)
    sealed = [entry.event.body for entry in entries if entry.event.type is EventType.VOLUME_CLOSED]
    if len(sealed) != 1 or sealed[0].get("reference_code") != volume.reference_code:
        yield _finding("fsck-volume-unsealed", path, volume=volume.reference_code)
        return
    items = sealed[0].get("items")
    listed = {
        (item["record"], item["item"]) for item in (items if isinstance(items, list) else []) if isinstance(item, dict)
    }
    if not listed <= {(member.id, member.item_number) for member in members}:
        yield _finding("fsck-volume-items", path, volume=volume.reference_code)


def _examine_projects(connection: Connection) -> Iterator[Finding]:
    last = ""
    while ids := EveryRow(connection).projects_after(last, _PAGE):
        for project_id in ids:
            yield from _readable(_examine_project(connection, project_id), f"project/{project_id}")
        last = ids[-1]


def _examine_project(connection: Connection, project_id: str) -> Iterator[Finding]:
    project = VolumeRepository(connection).project(project_id)
    assert project is not None, "one reading transaction: what was listed is there"
    try:
        entries = LedgerRepository(connection).entries_for("project", project_id)
    except Damaged as error:
        yield Finding(error.code, Severity.ERROR, error.message(), f"project/{project_id}")
        return
    if sum(entry.event.type is EventType.PROJECT_OPENED for entry in entries) != 1:
        yield _finding("fsck-project-unopened", f"project/{project_id}", project=project_id)
    yield from _differing("fsck-project-differs", "project", project_id, project_differences(project, entries))


def _examine_tellings(connection: Connection) -> Iterator[Finding]:
    """Whatever the ledger says was captured, opened or closed is there."""
    ledger, start, said = LedgerRepository(connection), 0, set[str]()
    records, volumes, every = RecordRepository(connection), VolumeRepository(connection), EveryRow(connection)
    kinds = (
        (EventType.RECORD_CAPTURED, "fsck-record-missing", "record", records.known),
        (EventType.PROJECT_OPENED, "fsck-project-missing", "project", every.known_projects),
        (EventType.VOLUME_OPENED, "fsck-volume-missing", "volume", every.known_volumes),
        (EventType.VOLUME_CLOSED, "fsck-volume-missing", "volume", volumes.known_closed),
    )
    while rows := ledger.rows(start, _PAGE):
        for kind, code, subject, known in kinds:
            told = [row.subject_id for row in rows if row.type == kind]
            for lost in sorted(set(told) - known(told) - said):
                said.add(lost)
                yield _finding(code, f"{subject}/{lost}", **{subject: lost})
        start = rows[-1].index + 1


def _written(version: Version, components: list[Component]) -> _Telling:
    files = ((c.id, str(c.role), c.sha256, c.sm3, c.size) for c in components)
    return str(version.reason), version.digest, frozenset(files)


def _agree(record: Record, version: Version, components: list[Component]) -> bool:
    """Whether the rows of the present version are those that were digested, and the record shows what it says.

    What earlier versions said of their region is no longer known; of them the ledger vouches for the files only.
    """
    digests = digest_version(version, record.region, components)
    if version.number == record.settled_version and record.settled_title != version.title:
        return False
    if version.number != record.version:
        return digests.content == version.content_digest
    shown = (record.title, record.published) == (version.title, version.published)
    return shown and (digests.everything, digests.content) == (version.digest, version.content_digest)


def _told(entries: list[Entry]) -> dict[int, _Telling]:
    """What the ledger says was captured, by version."""
    told: dict[int, _Telling] = {}
    for entry in entries:
        number, components = entry.event.body.get("version"), entry.event.body.get("components")
        if entry.event.type in CAPTURES and isinstance(number, int) and isinstance(components, list):
            files = (
                (str(c["id"]), str(c["role"]), str(c["sha256"]), str(c["sm3"]), c["size"])
                for c in components
                if isinstance(c, dict)
            )
            said = entry.event.body
            told[number] = str(said.get("reason")), str(said.get("digest")), frozenset(files)
    return told


def _readable(findings: Iterator[Finding], path: str) -> Iterator[Finding]:
    """`findings`, ending in one more where a row holds what its columns cannot mean: the examination goes on."""
    try:
        yield from findings
    except (ValueError, TypeError):
        yield _finding("fsck-row-unreadable", path, path=path)


def _differing(code: str, subject: str, subject_id: str, differences: Iterator[Difference]) -> Iterator[Finding]:
    for difference in differences:
        said = {"field": difference.field, "found": _shown(difference.found), "told": _shown(difference.told)}
        yield _finding(code, f"{subject}/{subject_id}", **{subject: subject_id}, **said)


def _shown(value: object) -> object:
    return "—" if value is None else value


def _finding(code: str, path: str, /, **params: object) -> Finding:
    return Finding(code, Severity.ERROR, render(code, params), path)
