"""Evidence bundles for a record, a volume or a project: what goes in, and who may have it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from archive.authorization import Actor, Authorizer, Permission, Scope
from archive.blobs.port import BlobStore
from archive.db.uow import Database
from archive.errors import InvalidInput, NotFound
from archive.evidence.builder import Builder, BuiltBundle, BundleContents, BundleFile
from archive.ledger.canonical import JSON, moment_text
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from archive.ledger.types import SubjectKind
from archive.records.repository import RecordRepository
from archive.records.types import Component, Record, Version
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Project, Volume

Kind = Literal["record", "volume", "project"]
_SUFFIX_LENGTH = 8


@dataclass(frozen=True)
class EvidencePorts:
    """What building evidence needs."""

    database: Database
    blobs: BlobStore
    ledger: LedgerPort
    authorizer: Authorizer
    builder: Builder


@dataclass(frozen=True)
class _Subject:
    id: str
    records: tuple[Record, ...]
    volumes: tuple[Volume, ...]
    project: Project | None


class EvidenceService:
    """Use cases of people who take evidence away. Every bundle is written into the ledger as it is built."""

    def __init__(self, ports: EvidencePorts) -> None:
        self._ports = ports

    def build(self, actor: Actor, kind: Kind, reference: str, out: Path) -> BuiltBundle:
        """A bundle at `out` of every record the actor may take away, with its versions and its ledger entries.

        What the actor may not take is left out, and the bundle says how many records, versions and volumes that are.

        Raises:
            NotFound, Forbidden: there is nothing here that the actor may take away.
            InvalidInput: `out` lies in no folder.
            Damaged: stored bytes have changed; no bundle is made.
        """
        if not out.parent.is_dir():
            raise InvalidInput("evidence-out", path=str(out))
        # Who may build nothing at all learns nothing at all, not even what there is.
        self._ports.authorizer.require(actor, Permission.EVIDENCE_BUILD)
        scope = self._ports.authorizer.scope(actor, Permission.EVIDENCE_BUILD)
        with self._ports.database.reading() as connection:
            subject = self._subject(connection, kind, reference)
            records = self._permitted(actor, kind, reference, subject, scope)
            contents = self._contents(connection, kind, subject, records, scope)
        return self._ports.builder.build(contents, actor, out)

    def _subject(self, connection: Connection, kind: Kind, reference: str) -> _Subject:
        records, volumes = RecordRepository(connection), VolumeRepository(connection)
        if kind == "record":
            record = records.by_id(reference) or records.by_reference(reference)
            if record is None:
                raise _unknown(kind, reference)
            volume = volumes.volume(record.volume_id) if record.volume_id else None
            project = volumes.project(record.project_id) if record.project_id else None
            return _Subject(record.id, (record,), (volume,) if volume else (), project)
        if kind == "volume":
            volume = volumes.volume(reference) or volumes.volume_by_reference(reference)
            if volume is None:
                raise _unknown(kind, reference)
            return _Subject(volume.id, tuple(records.members(volume.id)), (volume,), volumes.project(volume.project_id))
        project = volumes.project(reference) or volumes.project_by_code(reference)
        if project is None:
            raise _unknown(kind, reference)
        siblings = tuple(volumes.volumes_of(project.id))
        members = tuple(member for volume in siblings for member in records.members(volume.id))
        return _Subject(project.id, members, siblings, project)

    def _permitted(
        self, actor: Actor, kind: Kind, reference: str, subject: _Subject, scope: Scope
    ) -> tuple[Record, ...]:
        if len(subject.records) == 1:
            try:
                self._ports.authorizer.require(actor, Permission.EVIDENCE_BUILD, subject.records[0].subject)
            except NotFound as error:
                raise _unknown(kind, reference) from error
        permitted = tuple(record for record in subject.records if scope.admits(record.subject))
        if not permitted:
            raise _unknown(kind, reference)
        return permitted

    def _contents(
        self, connection: Connection, kind: Kind, subject: _Subject, records: tuple[Record, ...], scope: Scope
    ) -> BundleContents:
        repository = RecordRepository(connection)
        files: list[BundleFile] = []
        described: list[JSON] = []
        indexes: set[int] = set()
        left_out = 0
        for record in records:
            grades, every = repository.grades(record.id), repository.versions(record.id)
            versions = [v for v in every if scope.admits(record.subject_of(grades.get(v.number)))]
            left_out += len(every) - len(versions)
            described.append(_describe_record(record, versions))
            indexes |= self._entries(connection, "record", record.id)
            for version in versions:
                files += self._files(record, version, repository.components(version.id))
        held = {record.volume_id for record in records}
        volumes = [volume for volume in subject.volumes if volume.id in held]
        for volume in volumes:
            indexes |= self._entries(connection, "volume", volume.id)
        if subject.project is not None:
            indexes |= self._entries(connection, "project", subject.project.id)
        metadata: dict[str, JSON] = {
            "metadata/records.json": described,
            "metadata/volumes.json": [_describe_volume(volume) for volume in volumes],
            "metadata/project.json": _describe_project(subject.project),
            "metadata/left-out.json": {
                "records": len(subject.records) - len(records),
                "versions": left_out,
                "volumes": len(subject.volumes) - len(volumes),
            },
        }
        return BundleContents(kind, subject.id, files, metadata, sorted(indexes))

    def _entries(self, connection: Connection, kind: SubjectKind, subject_id: str) -> set[int]:
        return {entry.index for entry in self._ports.ledger.entries_for(connection, kind, subject_id)}

    def _files(self, record: Record, version: Version, components: list[Component]) -> Iterator[BundleFile]:
        for component in components:
            yield BundleFile(
                path=f"files/{record.id}/v{version.number}/{component.ordinal:03}{_suffix(component.name)}",
                open=self._opener(component),
                size=component.size,
                sha256=component.sha256,
                sm3=component.sm3,
                media_type=component.media_type or "application/octet-stream",
                original_name=component.name,
                record=record.id,
                version=version.id,
                component=component.id,
            )

    def _opener(self, component: Component) -> Callable[[], BinaryIO]:
        return partial(self._ports.blobs.open, component.sha256)


def _unknown(kind: Kind, reference: str) -> NotFound:
    if kind == "record":
        return NotFound("record-unknown", record=reference)
    if kind == "volume":
        return NotFound("volume-unknown", volume=reference)
    return NotFound("project-unknown", project=reference)


def _suffix(name: str) -> str:
    """The ending of a name where it is plain, so that a file opens with a double click; names themselves stay out."""
    _, dot, ending = name.rpartition(".")
    plain = dot and ending.isascii() and ending.isalnum() and len(ending) <= _SUFFIX_LENGTH
    return f".{ending.lower()}" if plain else ""


def _describe_record(record: Record, versions: list[Version]) -> JSON:
    return {
        "id": record.id,
        "reference_code": record.reference_code,
        "fonds": record.fonds,
        "region": record.region,
        "state": str(record.state),
        "title": record.title,
        "class": record.class_code,
        "doc_type": record.doc_type,
        "trade_type": record.trade_type,
        "stage": record.stage,
        "access_level": str(record.level),
        "source": record.source,
        "external_id": record.external_id,
        "volume": record.volume_id,
        "item": record.item_number,
        "versions": [
            {
                "id": version.id,
                "number": version.number,
                "reason": str(version.reason),
                "title": version.title,
                "published": moment_text(version.published) if version.published else None,
                "captured": moment_text(version.captured_at),
                "digest": version.digest,
            }
            for version in versions
        ],
    }


def _describe_volume(volume: Volume) -> JSON:
    return {
        "id": volume.id,
        "section": volume.section,
        "section_name": volume.section_name,
        "state": str(volume.state),
        "outcome": volume.outcome,
        "ended_on": volume.ended_on.isoformat() if volume.ended_on else None,
        "reference_code": volume.reference_code,
        "retention": volume.retention,
        "items": volume.item_count,
        "declared_missing": list(volume.declared),
    }


def _describe_project(project: Project | None) -> JSON:
    if project is None:
        return None
    return {"id": project.id, "name": project.name, "code": project.code, "deal_code": project.deal_code}
