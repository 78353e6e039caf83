"""A small archive in a database: records with texts, a project, a volume, and the acts that made them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.authorization import AccessLevel
from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.ledger.service import Ledger
from archive.ledger.types import Event, EventType, SubjectKind
from archive.records.repository import RecordRepository
from archive.records.types import (
    Component,
    ComponentRole,
    ExtractedText,
    Grade,
    Record,
    RecordState,
    Version,
    VersionReason,
)
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Project, Volume, VolumeState

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """Rows and the ledger over one database."""

    database: Database
    ledger: Ledger

    @classmethod
    def at(cls, folder: Path) -> "Rows":
        database = Database(build_engine(f"sqlite:///{folder / 'archive.db'}"))
        metadata.create_all(database.engine)
        return cls(database, Ledger(FixedClock(START)))

    def act(self, kind: EventType, subject_id: str, subject_kind: SubjectKind = "record") -> None:
        """Append an entry about something that has already happened to the rows."""
        with self.database.writing() as uow:
            self.ledger.append(uow, Event(kind, "system", subject_kind, subject_id, {}))

    def record(self, record_id: str, title: str, *texts: tuple[ComponentRole, str]) -> None:
        """A placed, released record with one version, and the entry that says so."""
        with self.database.writing() as uow:
            repository = RecordRepository(uow.connection)
            repository.insert_record(_record(record_id, title))
            version = Version(f"ver_{record_id}", record_id, 1, VersionReason.CAPTURED, title, START, START, "", "", {})
            parts = [_component(version.id, number, role) for number, (role, _) in enumerate(texts)]
            repository.insert_version(version, parts)
            found = zip(parts, texts, strict=True)
            repository.put_texts([_text(part.id, text) for part, (_, text) in found])
            repository.put_grade(Grade(record_id, 1, AccessLevel.PUBLIC, START, settled=True, withdrawn=False))
            self.ledger.append(uow, Event(EventType.RECORD_PLACED, "system", "record", record_id, {}))

    def change(self, record_id: str, **values: object) -> None:
        """Change a record's row without an entry."""
        with self.database.writing() as uow:
            RecordRepository(uow.connection).update_record(record_id, **values)

    def withdraw(self, record_id: str) -> None:
        """Take a record back without an entry."""
        with self.database.writing() as uow:
            repository = RecordRepository(uow.connection)
            repository.withdraw_grades(record_id)
            repository.update_record(record_id, state=RecordState.WITHDRAWN)

    def project(self, project_id: str, name: str, code: str | None) -> None:
        """A project with one open volume, `vol_1`."""
        with self.database.writing() as uow:
            volumes = VolumeRepository(uow.connection)
            volumes.insert_project(Project(project_id, name, code, None, "A", "Z001", "370100", START, name))
            volumes.insert_volume(
                Volume(
                    id="vol_1",
                    project_id=project_id,
                    section="",
                    section_name="",
                    state=VolumeState.OPEN,
                    outcome=None,
                    ended_on=None,
                    number=None,
                    reference_code=None,
                    retention=None,
                    item_count=0,
                    missing=(),
                    declared=(),
                    opened_at=START,
                    closed_at=None,
                )
            )


def _record(record_id: str, title: str) -> Record:
    return Record(
        id=record_id,
        source="portal",
        external_id=record_id,
        fonds="Z001",
        region="370102",
        state=RecordState.PLACED,
        version=1,
        title=title,
        published=START,
        class_code="GC.03.05",
        doc_type="中标候选人公示",
        trade_type="A",
        stage="评标",
        level=AccessLevel.PUBLIC,
        released_from=START,
        project_id=None,
        volume_id=None,
        item_number=None,
        reference_code=None,
        created_at=START,
        updated_at=START,
        settled_version=1,
        settled_title=title,
    )


def _component(version_id: str, number: int, role: ComponentRole) -> Component:
    return Component(
        id=f"cmp_{version_id}_{number}",
        version_id=version_id,
        ordinal=number,
        role=role,
        name=f"{number}.html",
        name_bytes=None,
        media_type="text/html",
        code=None,
        size=1,
        sha256="0" * 64,
        sm3="0" * 64,
        announced_size=None,
        announced_sha256=None,
    )


def _text(component_id: str, text: str) -> ExtractedText:
    return ExtractedText(component_id=component_id, text=text, complete=True, extractor="html", extractor_version="1")
