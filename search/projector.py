"""From the ledger to the index: for every entry that touches a record, the record as it stands now.

Documents are made from the rows, never from the entry, so entries may come twice, in batches of any size, or after the
record has moved on: the index ends up showing the rows.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from archive.authorization import AccessLevel
from archive.db.uow import Database
from archive.ledger.repository import Connection
from archive.ledger.types import Entry, EventType
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Record, RecordState
from archive.tracing import span
from archive.volumes.repository import VolumeRepository
from search.port import Target
from search.types import Document, Removal

FOLLOWER = "search"
LONGEST_TEXT = 200_000
"""Characters of a record that are indexed and shown in hits; the record itself keeps everything."""

_MOST_AT_ONCE = 500
_MOST_CHARACTERS = 4_000_000
_ORDER = (ComponentRole.MAIN, ComponentRole.ATTACHMENT)
_ENDS = "\n。；，;, "


class ProjectNames(Protocol):
    """What a project is called."""

    def __call__(self, connection: Connection, project_id: str, /) -> tuple[str, str | None, str] | None:
        """Name, code and what the public may call it; None where there is no such project."""
        ...


def project_names(connection: Connection, project_id: str) -> tuple[str, str | None, str] | None:
    """`ProjectNames` from the rows of projects."""
    project = VolumeRepository(connection).project(project_id)
    return None if project is None else (project.name, project.code, project.shown_name)


class Projector:
    """A follower of the ledger that keeps `target` in step. `redact` masks personal data for the public copy."""

    def __init__(
        self,
        database: Database,
        target: Target,
        redact: Callable[[str], str],
        names: ProjectNames = project_names,
    ) -> None:
        self._database = database
        self._target = target
        self._redact = redact
        self._names = names
        self._log = structlog.get_logger()

    @property
    def name(self) -> str:
        """Under which the ledger stores how far this follower has come."""
        return FOLLOWER

    def onto(self, target: Target) -> "Projector":
        """The same for another index."""
        return Projector(self._database, target, self._redact, self._names)

    def apply(self, entries: Sequence[Entry]) -> None:
        """Bring the index to the last of `entries`; durable when it returns.

        Raises:
            Unavailable: somebody else writes to the index just now, or it cannot be written.
        """
        if not entries:
            return
        with self._database.reading() as connection:
            touched = _touched(connection, entries)
        started, counts = time.perf_counter(), {"entries": len(entries), "records": len(touched)}
        with span("index.batch", **counts):
            self.project(touched, entries[0].index - 1, entries[-1].index)
        milliseconds = round((time.perf_counter() - started) * 1000, 3)
        self._log.info("index.batch", **counts, position=entries[-1].index, milliseconds=milliseconds)

    def project(self, touched: Mapping[str, int], before: int, after: int) -> None:
        """Index the records in `touched`, each as of its ledger index, and move from entry `before` to `after`."""
        waiting, done = list(touched.items()), 0
        while True:
            documents = self._read(waiting[done : done + _MOST_AT_ONCE])
            done += len(documents)
            over = done >= len(waiting)
            self._target.apply(documents, after if over else before)
            for document in documents:
                self._log.debug("index.applied", record=document.record_id, entry=document.ledger_index)
            if over:
                return

    def _read(self, waiting: Sequence[tuple[str, int]]) -> list[Document | Removal]:
        """As many of the records as fit into memory comfortably, but at least the first."""
        found: list[Document | Removal] = []
        characters = 0
        with self._database.reading() as connection:
            for record_id, index in waiting:
                change = self._change(connection, record_id, index)
                found.append(change)
                characters += len(change.body) + len(change.public_body) if isinstance(change, Document) else 0
                if characters > _MOST_CHARACTERS:
                    break
        return found

    def _change(self, connection: Connection, record_id: str, index: int) -> Document | Removal:
        records = RecordRepository(connection)
        record = records.by_id(record_id)
        if record is None:
            return Removal(record_id, index)
        project = self._names(connection, record.project_id) if record.project_id else None
        name, code, public_name = project or (None, None, "")
        return Document(
            record_id=record.id,
            ledger_index=index,
            title=record.title,
            body=_body(records, record, record.version),
            # The public copy shows what was settled, never what is still under way.
            public_title=self._redact(record.settled_title or ""),
            public_body=self._redact(_public_body(records, record)),
            reference_code=record.reference_code,
            class_code=record.class_code,
            doc_type=record.doc_type,
            trade_type=record.trade_type,
            stage=record.stage,
            region=record.region,
            level=record.level,
            released_from=record.released_from,
            settled=record.subject.settled,
            state=str(record.state),
            withdrawn=record.state is RecordState.WITHDRAWN,
            project_id=record.project_id,
            project_name=name,
            public_project_name=self._redact(public_name) or None,
            project_code=code,
            published=record.published,
            source=record.source,
        )


def _touched(connection: Connection, entries: Iterable[Entry]) -> dict[str, int]:
    """The records that entries are about, each with the last of its entries."""
    found: dict[str, int] = {}
    for entry in entries:
        for record_id in _records(connection, entry):
            found[record_id] = entry.index
    return found


def _records(connection: Connection, entry: Entry) -> list[str]:
    event = entry.event
    if event.subject_kind == "record":
        return [event.subject_id]
    if event.type is EventType.VOLUME_CLOSED:
        volumes = [event.subject_id]
    elif event.type is EventType.PROJECT_CHANGED:
        volumes = [volume.id for volume in VolumeRepository(connection).volumes_of(event.subject_id)]
    else:
        return []
    records = RecordRepository(connection)
    return [member.id for volume in volumes for member in records.members(volume)]


def _public_body(records: RecordRepository, record: Record) -> str:
    """The texts of the settled version; of a withdrawn one the public gets the tombstone only."""
    grade = records.grades(record.id).get(record.settled_version or 0)
    return _body(records, record, grade.version) if grade is not None and grade.shown else ""


def _body(records: RecordRepository, record: Record, number: int) -> str:
    """The texts of one version, the main document first; of a sealed record nothing may be found by its content."""
    version = None if record.level is AccessLevel.SEALED else records.version(record.id, number)
    if version is None:
        return ""
    texts = records.texts(version.id)
    components = sorted(
        (component for component in records.components(version.id) if component.role in _ORDER),
        key=lambda component: (_ORDER.index(component.role), component.ordinal),
    )
    found = [texts[component.id].text for component in components if component.id in texts]
    return _cut("\n\n".join(text for text in found if text))


def _cut(text: str) -> str:
    """As much as is indexed, not cut inside a word: half an identity number would not be recognised and masked."""
    if len(text) <= LONGEST_TEXT:
        return text
    end = max(text.rfind(mark, LONGEST_TEXT - 1_000, LONGEST_TEXT) for mark in _ENDS)
    return text[: end if end > 0 else LONGEST_TEXT - 1_000]
