"""Records, volumes and projects as programs see them: the public copy where that is what the caller gets."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from archive.authorization import AccessLevel
from archive.records.reading import RecordView
from archive.records.types import Component, ComponentRole, ExtractedText, Record, RecordState, Version, VersionReason
from archive.volumes.reading import ProjectView, VolumeView
from archive.volumes.types import Project, Volume, VolumeState
from search.types import Hit, Results
from web.showing.proofs import Proof, ProvenEntry

WITHHELD = "原件含个人信息，摘要不公开 (the original holds personal data: its digests are not public)"
"""What stands where digests would: from them, what is masked could be found again by trying."""


class _Answer(BaseModel):
    model_config = ConfigDict(populate_by_name=True, from_attributes=True)


class HitAnswer(_Answer):
    """A record that answers. `marks` are ranges `[start, end)` of characters in `snippet`."""

    record: str
    title: str
    class_code: str | None = Field(serialization_alias="class")
    doc_type: str | None
    project: str | None
    project_id: str | None
    reference_code: str | None
    region: str
    state: str
    withdrawn: bool
    published: datetime | None
    snippet: str
    marks: list[tuple[int, int]]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """From a hit."""
        return cls(
            record=hit.record_id,
            title=hit.title,
            class_code=hit.class_code,
            doc_type=hit.doc_type,
            project=hit.project,
            project_id=hit.project_id,
            reference_code=hit.reference_code,
            region=hit.region,
            state=hit.state,
            withdrawn=hit.withdrawn,
            published=hit.published,
            snippet=hit.snippet.text,
            marks=list(hit.snippet.ranges),
        )


class SearchAnswer(_Answer):
    """One page of hits out of `total`."""

    total: int
    hits: list[HitAnswer]

    @classmethod
    def of(cls, results: Results) -> Self:
        """From results."""
        return cls(total=results.total, hits=[HitAnswer.of(hit) for hit in results.hits])


class RecordAnswer(_Answer):
    """A record as it stands."""

    id: str
    title: str
    state: RecordState
    version: int
    class_code: str | None = Field(serialization_alias="class")
    doc_type: str | None
    trade_type: str | None
    stage: str | None
    level: AccessLevel
    region: str
    published: datetime | None
    project_id: str | None
    volume_id: str | None
    item_number: int | None
    reference_code: str | None

    @classmethod
    def of(cls, record: Record) -> Self:
        """From a record."""
        return cls.model_validate(record)


class VersionAnswer(_Answer):
    """A version: what the record was at one moment. `digest` is SHA-256 over title, publication and files.

    It is null in the public copy where the original holds personal data, and `withheld` says so.
    """

    number: int
    reason: VersionReason
    title: str
    published: datetime | None
    captured_at: datetime
    digest: str | None
    withheld: str | None

    @classmethod
    def of(cls, version: Version) -> Self:
        """From a version."""
        values = {name: getattr(version, name) for name in cls.model_fields if hasattr(version, name)}
        return cls(**values | {"digest": version.digest or None, "withheld": None if version.digest else WITHHELD})


class ComponentAnswer(_Answer):
    """A file with its digests; `text` is what was read from it, `complete` whether to its end.

    Digests are null in the public copy where the original holds personal data, and `withheld` says so.
    """

    id: str
    role: ComponentRole
    name: str
    media_type: str
    size: int
    sha256: str | None
    sm3: str | None
    withheld: str | None
    text: str | None
    complete: bool | None

    @classmethod
    def of(cls, component: Component, text: ExtractedText | None) -> Self:
        """From a component and its text."""
        values = {name: getattr(component, name) for name in cls.model_fields if hasattr(component, name)}
        digests = {"sha256": component.sha256 or None, "sm3": component.sm3 or None}
        withheld = None if component.sha256 else WITHHELD
        read = {"text": text.text, "complete": text.complete} if text else {"text": None, "complete": None}
        return cls(**values | digests | read, withheld=withheld)


class RecordViewAnswer(_Answer):
    """One version of a record. `redacted` says that it is the public copy; a withdrawn one has no components there."""

    record: RecordAnswer
    version: VersionAnswer
    versions: list[VersionAnswer]
    components: list[ComponentAnswer]
    redacted: bool
    withdrawn: bool

    @classmethod
    def of(cls, view: RecordView) -> Self:
        """From what a reader sees."""
        return cls(
            record=RecordAnswer.of(view.record),
            version=VersionAnswer.of(view.version),
            versions=[VersionAnswer.of(version) for version in view.versions],
            components=[ComponentAnswer.of(item, view.texts.get(item.id)) for item in view.components],
            redacted=view.redacted,
            withdrawn=view.withdrawn,
        )


class VolumeAnswer(_Answer):
    """A volume. `missing` are classes it lacks, `declared` those a person declared absent."""

    id: str
    project_id: str
    section: str
    section_name: str
    state: VolumeState
    outcome: str | None
    ended_on: date | None
    reference_code: str | None
    retention: str | None
    item_count: int
    missing: list[str]
    declared: list[str]

    @classmethod
    def of(cls, volume: Volume) -> Self:
        """From a volume."""
        return cls.model_validate(volume)


class ProjectAnswer(_Answer):
    """A project."""

    id: str
    name: str
    code: str | None
    deal_code: str | None
    trade_type: str
    region: str

    @classmethod
    def of(cls, project: Project) -> Self:
        """From a project."""
        return cls.model_validate(project)


class VolumeViewAnswer(_Answer):
    """A volume with the records of it that the caller may see."""

    volume: VolumeAnswer
    project: ProjectAnswer
    records: list[RecordAnswer]

    @classmethod
    def of(cls, view: VolumeView) -> Self:
        """From what a reader sees."""
        return cls(
            volume=VolumeAnswer.of(view.volume), project=ProjectAnswer.of(view.project), records=_records(view.records)
        )


class ProjectViewAnswer(_Answer):
    """A project with the volumes and records of it that the caller may see."""

    project: ProjectAnswer
    volumes: list[VolumeAnswer]
    records: list[RecordAnswer]

    @classmethod
    def of(cls, view: ProjectView) -> Self:
        """From what a reader sees."""
        volumes = [VolumeAnswer.of(volume) for volume in view.volumes]
        return cls(project=ProjectAnswer.of(view.project), volumes=volumes, records=_records(view.records))


def _records(records: Sequence[Record]) -> list[RecordAnswer]:
    return [RecordAnswer.of(record) for record in records]


class ProvenEntryAnswer(_Answer):
    """An entry of the ledger with its inclusion proof (RFC 9162, 2.1.3): hashes in hex, nearest to the leaf first."""

    index: int
    type: str
    at: datetime
    leaf: str
    path: list[str]
    holds: bool

    @classmethod
    def of(cls, proven: ProvenEntry) -> Self:
        """From a proven entry."""
        entry = proven.entry
        return cls(
            index=entry.index,
            type=str(entry.event.type),
            at=entry.at,
            leaf=proven.leaf,
            path=list(proven.path),
            holds=proven.holds,
        )


class ProofAnswer(_Answer):
    """Where a record stands in the ledger. `checkpoint` is the signed note; `waiting` has no checkpoint yet."""

    checkpoint: str | None
    entries: list[ProvenEntryAnswer]
    waiting: list[int]

    @classmethod
    def of(cls, proof: Proof) -> Self:
        """From a proof."""
        return cls(
            checkpoint=proof.checkpoint.note().decode() if proof.checkpoint else None,
            entries=[ProvenEntryAnswer.of(entry) for entry in proof.proven],
            waiting=[entry.index for entry in proof.waiting],
        )
