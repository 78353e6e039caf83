"""Reading records: who may see what is decided here, on every way in; the public gets the public copy.

The public copy is the text of a record with personal data masked. The bytes themselves are never given to the public:
masking them is a matter of renditions, and an original cannot be taken back.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import BinaryIO

from archive.authorization import AccessLevel, Actor, Authorizer, Permission, Scope
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import Forbidden, NotFound
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from archive.ledger.types import Entry, Event, EventType
from archive.records.repository import RecordRepository
from archive.records.types import (
    Component,
    ComponentRole,
    ExtractedText,
    FieldValue,
    Grade,
    Record,
    RecordState,
    Version,
)


@dataclass(frozen=True)
class RecordView:
    """One version of a record as one reader may see it. `redacted` says that it is the public copy.

    `versions` are those that the reader may know of. `components` leave out the envelope for the public; `texts` are by
    component id; `withdrawn` means a tombstone: for the public there is nothing below it. In the public copy, digests
    from which what is masked could be found by trying are "".
    """

    record: Record
    version: Version
    versions: tuple[Version, ...]
    components: tuple[Component, ...]
    texts: dict[str, ExtractedText]
    fields: tuple[FieldValue, ...]
    history: tuple[Entry, ...]
    redacted: bool
    withdrawn: bool


@dataclass(frozen=True)
class ReadingPorts:
    """What reading needs. `redact` masks personal data in a text."""

    database: Database
    blobs: BlobStore
    ledger: LedgerPort
    authorizer: Authorizer
    redact: Callable[[str], str]
    clock: Clock


class RecordReader:
    """Use cases of people who read."""

    def __init__(self, ports: ReadingPorts) -> None:
        self._ports = ports

    def find(self, actor: Actor, reference: str, number: int | None = None) -> RecordView:
        """A record by id or reference code, in version `number` or in the newest that the actor may see.

        Raises:
            NotFound: no such record or version, or outside the actor's scope: nobody learns which of the two it is.
            Forbidden: inside, but not to be read.
        """
        with self._ports.database.reading() as connection:
            repository = RecordRepository(connection)
            record = repository.by_id(reference) or repository.by_reference(reference)
            if record is None:
                raise NotFound("record-unknown", record=reference)
            with _absent("record-unknown", record=reference):
                self._ports.authorizer.require(actor, Permission.RECORD_READ, record.subject)
            scope = self._scope(actor)
            open_to = _open_versions(scope, record, repository)
            version = _chosen(scope, record, open_to, number)
            if version is None and number is not None:
                raise NotFound("record-version-unknown", record=reference, version=number)
            if version is None:
                raise NotFound("record-unknown", record=reference)
            view = self._view(connection, record, version, open_to)
            copy = self._public_copy(repository, view) if scope.redacted else view
            return self._sealed_copy(actor, copy, open_to)

    def _scope(self, actor: Actor) -> Scope:
        return self._ports.authorizer.scope(actor, Permission.RECORD_READ)

    def _view(self, connection: Connection, record: Record, version: Version, open_to: "_Open") -> RecordView:
        repository = RecordRepository(connection)
        return RecordView(
            record=record,
            version=version,
            versions=open_to.versions,
            components=tuple(repository.components(version.id)),
            texts=repository.texts(version.id),
            fields=tuple(repository.fields(record.id, version.number)),
            history=tuple(self._ports.ledger.entries_for(connection, "record", record.id)),
            redacted=False,
            withdrawn=record.state is RecordState.WITHDRAWN,
        )

    def _sealed_copy(self, actor: Actor, view: RecordView, open_to: "_Open") -> RecordView:
        """The same without any content where it is sealed and not to be opened: listed and described, never read."""
        own = view.record.subject_of(open_to.grades.get(view.version.number))
        sealed = [subject for subject in (view.record.subject, own) if subject.level is AccessLevel.SEALED]
        decide = self._ports.authorizer.decide
        if all(decide(actor, Permission.RECORD_OPEN, subject).allowed for subject in sealed):
            return view
        return replace(view, version=replace(view.version, hints={}), texts={}, fields=())

    def _public_copy(self, repository: RecordRepository, view: RecordView) -> RecordView:
        redact, settled = self._ports.redact, view.record.settled_version
        tombstone = view.record.id in repository.tombstones([view.record.id])
        shown = () if tombstone else tuple(c for c in view.components if c.role is not ComponentRole.ENVELOPE)
        texts = {c.id: view.texts[c.id] for c in shown if c.id in view.texts}
        numbers = {settled, *(version.number for version in view.versions)}
        return replace(
            view,
            record=replace(public_record(view.record, redact, tombstone=tombstone), published=view.version.published),
            version=self._public_version(repository, view.version),
            versions=tuple(self._public_version(repository, version) for version in view.versions),
            components=tuple(self._public_component(c, texts.get(c.id)) for c in shown),
            texts={key: replace(text, text=redact(text.text)) for key, text in texts.items()},
            fields=(),
            history=tuple(entry for entry in view.history if _is_public(entry, numbers)),
            redacted=True,
            withdrawn=tombstone,
        )

    def _public_component(self, component: Component, text: ExtractedText | None) -> Component:
        """Without digests where its text was masked: what is masked could be found again by trying."""
        copy = replace(component, name=self._ports.redact(component.name), name_bytes=None)
        return replace(copy, sha256="", sm3="") if text is not None and self._masks(text.text) else copy

    def _public_version(self, repository: RecordRepository, version: Version) -> Version:
        said = [version.title, *(c.name for c in repository.components(version.id))]
        said += [text.text for text in repository.texts(version.id).values()]
        masked = any(self._masks(text) for text in said)
        copy = replace(version, title=self._ports.redact(version.title), hints={})
        return replace(copy, digest="", content_digest="") if masked else copy

    def _masks(self, text: str) -> bool:
        return self._ports.redact(text) != text

    def open(self, actor: Actor, component_id: str) -> tuple[Component, BinaryIO]:
        """The stored bytes of a component. Opening what is not public is written into the ledger first, once a sitting.

        Raises:
            NotFound: no such component, or outside the actor's scope.
            Forbidden: not to be opened; the public never gets original bytes (`original-not-public`).
            Damaged: the bytes are missing.
        """
        with self._ports.database.reading() as connection:
            repository = RecordRepository(connection)
            component = repository.component(component_id)
            found = repository.record_of(component_id)
            grades = repository.grades(found[0].id) if found else {}
        if component is None or found is None:
            raise NotFound("component-unknown", component=component_id)
        record, grade = found[0], grades.get(found[1])
        subjects = (record.subject, record.subject_of(grade))
        with _absent("component-unknown", component=component_id):
            for subject in subjects:
                self._ports.authorizer.require(actor, Permission.RECORD_OPEN, subject)
        if self._scope(actor).redacted:
            if grade is None or not grade.shown:
                raise NotFound("component-unknown", component=component_id)
            raise Forbidden("original-not-public", record=record.id)
        if any(subject.level is not AccessLevel.PUBLIC for subject in subjects):
            self._tell_opened(actor, record, component)
        return component, self._ports.blobs.open(component.sha256)

    def _tell_opened(self, actor: Actor, record: Record, component: Component) -> None:
        """Write an opening into the ledger, once for each sitting: a player asks for a recording piece by piece."""
        now = self._ports.clock.now()
        with self._ports.database.writing() as uow:
            told = any(
                entry.event.type is EventType.CONTENT_OPENED
                and (entry.event.actor, entry.event.body.get("component")) == (actor.id, component.id)
                and now - entry.at < _SITTING
                for entry in self._ports.ledger.entries_for(uow.connection, "record", record.id)
            )
            if not told:
                body = {"component": component.id, "sha256": component.sha256}
                self._ports.ledger.append(uow, Event(EventType.CONTENT_OPENED, actor.id, "record", record.id, body))

    def page(
        self, actor: Actor, states: tuple[RecordState, ...] = (), limit: int = 50, offset: int = 0
    ) -> list[Record]:
        """Records the actor may list, newest publication first."""
        scope = self._ports.authorizer.scope(actor, Permission.RECORD_LIST)
        with self._ports.database.reading() as connection:
            repository = RecordRepository(connection)
            records = repository.page(scope, states=states, limit=limit, offset=offset)
            return public_records(repository, records, self._ports.redact) if scope.redacted else records

    def count_by_state(self, actor: Actor) -> dict[RecordState, int]:
        """How many records the actor may list stand in each state."""
        scope = self._ports.authorizer.scope(actor, Permission.RECORD_LIST)
        with self._ports.database.reading() as connection:
            return RecordRepository(connection).count_by_state(scope)


def public_records(
    repository: RecordRepository, records: Sequence[Record], redact: Callable[[str], str]
) -> list[Record]:
    """`records` as the public may know of them: as of their settled versions, with personal data masked."""
    tombstones = repository.tombstones([record.id for record in records])
    return [public_record(record, redact, tombstone=record.id in tombstones) for record in records]


def public_record(record: Record, redact: Callable[[str], str], *, tombstone: bool) -> Record:
    """One record as of its settled version: nothing tells that a later version is under way."""
    state = RecordState.PLACED if record.reference_code is None else RecordState.FILED
    title = redact(record.settled_title or "")
    return replace(
        record,
        title=title,
        settled_title=title,
        version=record.settled_version or 0,
        state=RecordState.WITHDRAWN if tombstone else state,
    )


@dataclass(frozen=True)
class _Open:
    """The versions of a record that one reader may know of, and the grades of all."""

    versions: tuple[Version, ...]
    grades: dict[int, Grade]
    tombstone: Version | None


def _open_versions(scope: Scope, record: Record, repository: RecordRepository) -> _Open:
    grades = repository.grades(record.id)
    admitted = [
        version
        for version in repository.versions(record.id)
        if scope.admits(record.subject_of(grades.get(version.number)))
    ]
    if not scope.redacted:
        return _Open(tuple(admitted), grades, None)
    graded = [(version, grades[version.number]) for version in admitted if version.number in grades]
    shown = tuple(version for version, grade in graded if grade.shown)
    present = next((pair for pair in graded if pair[0].number == record.settled_version), None)
    return _Open(shown, grades, present[0] if present and present[1].withdrawn else None)


def _chosen(scope: Scope, record: Record, open_to: _Open, number: int | None) -> Version | None:
    """The version that is asked for; without a number the newest for staff, and for the public the settled one."""
    if open_to.tombstone is not None:
        return open_to.tombstone if number in {None, open_to.tombstone.number} else None
    wanted = number or (record.settled_version if scope.redacted else None)
    if wanted is None:
        return open_to.versions[-1] if open_to.versions else None
    return next((version for version in open_to.versions if version.number == wanted), None)


@contextmanager
def _absent(code: str, **params: object) -> Iterator[None]:
    """Let what is outside the scope look exactly like what is not there."""
    try:
        yield
    except NotFound as error:
        raise NotFound(code, **params) from error


def _is_public(entry: Entry, numbers: Container[object]) -> bool:
    """Whether an entry is told to the public: nothing of versions that it may not know of."""
    kind = entry.event.type
    if kind is EventType.RECORD_WITHDRAWN:
        return True
    return kind in _PUBLIC_HISTORY and entry.event.body.get("version") in numbers


_SITTING = timedelta(minutes=15)
"""How long reading on counts as the same opening."""

_PUBLIC_HISTORY = frozenset(
    {
        EventType.RECORD_CAPTURED,
        EventType.RECORD_VERSION_ADDED,
        EventType.RECORD_RENAMED,
        EventType.RECORD_FILED,
    }
)
