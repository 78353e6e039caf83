"""Reading records: who may see what is decided here, on every way in; the public gets the public copy.

The public copy is the text of a record with personal data masked. The bytes themselves are never given to the public:
masking them is a matter of renditions, and an original cannot be taken back.
"""

from collections.abc import Callable
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
from archive.records.types import Component, ComponentRole, ExtractedText, FieldValue, Record, RecordState, Version


@dataclass(frozen=True)
class RecordView:
    """One version of a record as one reader may see it. `redacted` says that it is the public copy.

    `components` leave out the envelope for the public; `texts` are by component id; `withdrawn` means a tombstone:
    for the public there is nothing below it.
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
        """A record by id or reference code, in its present version or in version `number`.

        Raises:
            NotFound: no such record or version, or outside the actor's scope.
            Forbidden: inside, but not to be read.
        """
        with self._ports.database.reading() as connection:
            repository = RecordRepository(connection)
            record = repository.by_id(reference) or repository.by_reference(reference)
            if record is None:
                raise NotFound("record-unknown", record=reference)
            self._ports.authorizer.require(actor, Permission.RECORD_READ, record.subject)
            return self._view(connection, repository, record, number, self._scope(actor))

    def _scope(self, actor: Actor) -> Scope:
        return self._ports.authorizer.scope(actor, Permission.RECORD_READ)

    def _view(
        self, connection: Connection, repository: RecordRepository, record: Record, number: int | None, scope: Scope
    ) -> RecordView:
        version = repository.version(record.id, number or record.version)
        if version is None:
            raise NotFound("record-version-unknown", record=record.id, version=number)
        withdrawn = record.state is RecordState.WITHDRAWN
        view = RecordView(
            record=record,
            version=version,
            versions=tuple(repository.versions(record.id)),
            components=tuple(repository.components(version.id)),
            texts=repository.texts(version.id),
            fields=tuple(repository.fields(record.id, version.number)),
            history=tuple(self._ports.ledger.entries_for(connection, "record", record.id)),
            redacted=scope.redacted,
            withdrawn=withdrawn,
        )
        return self._public_copy(view) if scope.redacted else view

    def _public_copy(self, view: RecordView) -> RecordView:
        redact = self._ports.redact
        shown = () if view.withdrawn else tuple(c for c in view.components if c.role is not ComponentRole.ENVELOPE)
        texts = {c.id: view.texts[c.id] for c in shown if c.id in view.texts}
        return replace(
            view,
            record=replace(view.record, title=redact(view.record.title)),
            version=replace(view.version, title=redact(view.version.title), hints={}),
            versions=tuple(replace(v, title=redact(v.title), hints={}) for v in view.versions),
            components=tuple(replace(c, name=redact(c.name), name_bytes=None) for c in shown),
            texts={key: replace(text, text=redact(text.text)) for key, text in texts.items()},
            fields=(),
            history=tuple(entry for entry in view.history if entry.event.type in _PUBLIC_HISTORY),
        )

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
            record = repository.record_of(component_id)
        if component is None or record is None:
            raise NotFound("component-unknown", component=component_id)
        self._ports.authorizer.require(actor, Permission.RECORD_OPEN, record.subject)
        if self._scope(actor).redacted:
            raise Forbidden("original-not-public", record=record.id)
        if record.level is not AccessLevel.PUBLIC:
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
            records = RecordRepository(connection).page(scope, states=states, limit=limit, offset=offset)
        if scope.redacted:
            return [replace(record, title=self._ports.redact(record.title)) for record in records]
        return records

    def count_by_state(self, actor: Actor) -> dict[RecordState, int]:
        """How many records the actor may list stand in each state."""
        scope = self._ports.authorizer.scope(actor, Permission.RECORD_LIST)
        with self._ports.database.reading() as connection:
            return RecordRepository(connection).count_by_state(scope)


_SITTING = timedelta(minutes=15)
"""How long reading on counts as the same opening."""

_PUBLIC_HISTORY = frozenset(
    {
        EventType.RECORD_CAPTURED,
        EventType.RECORD_VERSION_ADDED,
        EventType.RECORD_RENAMED,
        EventType.RECORD_WITHDRAWN,
        EventType.RECORD_FILED,
    }
)
