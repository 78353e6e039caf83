"""What happens to records: captured, given versions, moved from state to state. Every act ends in the ledger.

Bytes first (`store`), then rows, then the ledger, in the caller's unit of work. A crash in between leaves bytes that
nobody refers to, which is harmless: the same delivery comes again and finds them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive.authorization import AccessLevel, Actor
from archive.blobs.digests import Digest
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.errors import Conflict, NotFound
from archive.ids import Ids
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.records.digests import DeliveryDigests, digest_delivery
from archive.records.repository import RecordRepository
from archive.records.types import (
    TRANSITIONS,
    Component,
    Delivery,
    FieldValue,
    Grade,
    Incoming,
    Placement,
    Record,
    RecordState,
    Version,
    VersionReason,
)


class Receipt(StrEnum):
    """What became of a delivery; the names are those of the command line's summary."""

    CAPTURED = "captured"
    NEW_VERSION = "new_versions"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Stored:
    """A delivery whose bytes are durable; nothing else has been said about it yet."""

    delivery: Delivery
    files: tuple[tuple[Incoming, Digest], ...]
    digests: DeliveryDigests


@dataclass(frozen=True)
class Registered:
    """What became of a stored delivery, and the record it belongs to."""

    receipt: Receipt
    record_id: str
    version: int


_REASONS = {
    Receipt.NEW_VERSION: (VersionReason.CHANGED, EventType.RECORD_VERSION_ADDED),
    Receipt.RENAMED: (VersionReason.RENAMED, EventType.RECORD_RENAMED),
}


class RecordService:
    """Use cases; `fonds_of` gives the fonds code of a region.

    Permission is the caller's business here: these acts are the pipeline's own.
    """

    def __init__(
        self, blobs: BlobStore, ledger: LedgerPort, clock: Clock, ids: Ids, fonds_of: Callable[[str], str]
    ) -> None:
        self._blobs = blobs
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._fonds_of = fonds_of

    def store(self, delivery: Delivery) -> Stored:
        """Put every component of a delivery into the store of bytes, durably, in constant memory.

        Raises:
            Unavailable: the store cannot take them; nothing may be acknowledged to the source.
        """
        files = []
        for incoming in delivery.components:
            with incoming.open() as stream:
                files.append((incoming, self._blobs.put(stream)))
        return Stored(delivery, tuple(files), digest_delivery(delivery, files))

    def register(self, uow: UnitOfWork, source: str, stored: Stored, actor: Actor) -> Registered:
        """Make the rows of a stored delivery: a new record, a new version, a new name, or nothing at all."""
        repository = RecordRepository(uow.connection)
        record = repository.by_source(source, stored.delivery.external_id)
        if record is None:
            return self._capture(uow, source, stored, actor)
        receipt = self._compare(repository, record, stored)
        if receipt is Receipt.UNCHANGED:
            return Registered(receipt, record.id, record.version)
        reason, event = _REASONS[receipt]
        if record.state is RecordState.WITHDRAWN:
            reason = VersionReason.REAPPEARED
        return self._add_version(uow, record, stored, actor, (receipt, reason, event))

    @staticmethod
    def _compare(repository: RecordRepository, record: Record, stored: Stored) -> Receipt:
        current = repository.version(record.id, record.version)
        if current is None:
            raise Conflict("record-version-missing", record=record.id, version=record.version)
        if record.state is RecordState.WITHDRAWN:
            return Receipt.NEW_VERSION
        if current.digest == stored.digests.everything:
            return Receipt.UNCHANGED
        known = () if stored.delivery.current else repository.versions(record.id)
        if any(version.digest == stored.digests.everything for version in known):
            return Receipt.UNCHANGED
        if current.content_digest == stored.digests.content and _named(repository, current) != _names(stored):
            return Receipt.RENAMED
        return Receipt.NEW_VERSION

    def _capture(self, uow: UnitOfWork, source: str, stored: Stored, actor: Actor) -> Registered:
        now, delivery = self._clock.now(), stored.delivery
        record = Record(
            id=self._ids.new("rec"),
            source=source,
            external_id=delivery.external_id,
            fonds=self._fonds_of(delivery.region),
            region=delivery.region,
            state=RecordState.CAPTURED,
            version=1,
            title=delivery.title,
            published=delivery.published,
            class_code=None,
            doc_type=None,
            trade_type=None,
            stage=None,
            # Until it has been understood, nobody but those who file may see it.
            level=AccessLevel.INTERNAL,
            released_from=None,
            project_id=None,
            volume_id=None,
            item_number=None,
            reference_code=None,
            created_at=now,
            updated_at=now,
        )
        repository = RecordRepository(uow.connection)
        repository.insert_record(record)
        version, components = self._version(record, 1, VersionReason.CAPTURED, stored)
        repository.insert_version(version, components)
        self._tell(uow, EventType.RECORD_CAPTURED, actor, record, _captured(record, version, components))
        return Registered(Receipt.CAPTURED, record.id, 1)

    def _add_version(
        self,
        uow: UnitOfWork,
        record: Record,
        stored: Stored,
        actor: Actor,
        kind: tuple[Receipt, VersionReason, EventType],
    ) -> Registered:
        receipt, reason, event = kind
        number = record.version + 1
        repository = RecordRepository(uow.connection)
        version, components = self._version(record, number, reason, stored)
        repository.insert_version(version, components)
        repository.update_record(
            record.id,
            version=number,
            title=version.title,
            published=version.published,
            region=stored.delivery.region,
            state=RecordState.CAPTURED,
            updated_at=version.captured_at,
        )
        self._tell(uow, event, actor, record, _captured(record, version, components))
        return Registered(receipt, record.id, number)

    def _version(
        self, record: Record, number: int, reason: VersionReason, stored: Stored
    ) -> tuple[Version, list[Component]]:
        version = Version(
            id=self._ids.new("ver"),
            record_id=record.id,
            number=number,
            reason=reason,
            title=stored.delivery.title,
            published=stored.delivery.published,
            captured_at=self._clock.now(),
            digest=stored.digests.everything,
            content_digest=stored.digests.content,
            hints=dict(stored.delivery.hints),
        )
        components = [
            Component(
                id=self._ids.new("cmp"),
                version_id=version.id,
                ordinal=ordinal,
                role=incoming.role,
                name=incoming.name,
                name_bytes=incoming.name_bytes,
                media_type=incoming.media_type,
                code=incoming.code,
                size=digest.size,
                sha256=digest.sha256,
                sm3=digest.sm3,
                announced_size=incoming.announced_size,
                announced_sha256=incoming.announced_sha256,
            )
            for ordinal, (incoming, digest) in enumerate(stored.files, start=1)
        ]
        return version, components

    def withdraw(self, uow: UnitOfWork, source: str, external_id: str, actor: Actor, reason: str) -> str | None:
        """The source no longer shows a document: keep every version, leave a tombstone. The record's id, if known."""
        record = RecordRepository(uow.connection).by_source(source, external_id)
        if record is None or record.state is RecordState.WITHDRAWN:
            return None
        RecordRepository(uow.connection).withdraw_grades(record.id)
        self.move(uow, record, RecordState.WITHDRAWN, Act(EventType.RECORD_WITHDRAWN, actor, {"reason": reason}))
        return record.id

    def move(self, uow: UnitOfWork, record: Record, state: RecordState, act: "Act", **values: object) -> None:
        """Take a record to another state, with further columns where the act changes them.

        A withdrawn record is understood and filed like any other, but it stays withdrawn: whether the source took it
        back before or after it was placed makes no difference to where it ends. Placing and filing settle the present
        version: from then on the record is as open as that version.

        Raises:
            Conflict: the state does not follow the present one.
        """
        repository, settles = RecordRepository(uow.connection), state in _SETTLING
        if record.state is RecordState.WITHDRAWN:
            state = RecordState.WITHDRAWN
        if state is not record.state and state not in TRANSITIONS[record.state]:
            raise Conflict("record-transition", record=record.id, before=record.state, after=state)
        if settles:
            values |= _settle(repository, record)
        repository.update_record(record.id, state=state, updated_at=self._clock.now(), **values)
        self._tell(uow, act.type, act.actor, record, {"version": record.version} | dict(act.body))

    def classify(
        self, uow: UnitOfWork, record: Record, placement: Placement, fields: Sequence[FieldValue], act: "Act"
    ) -> None:
        """Give a record its class and described values, and its present version its grade.

        A record of which something is settled stays as open as it was until this version is settled too; only what
        turns out to be stricter is closed at once.
        """
        repository = RecordRepository(uow.connection)
        repository.put_fields(record.id, record.version, fields)
        level, withdrawn = placement.level, record.state is RecordState.WITHDRAWN
        repository.put_grade(
            Grade(record.id, record.version, level, placement.released_from, settled=False, withdrawn=withdrawn)
        )
        values: dict[str, object] = {
            "class_code": placement.class_code,
            "doc_type": placement.doc_type,
            "trade_type": placement.trade_type,
            "stage": placement.stage,
        }
        if record.settled_version is None or _stricter(level, record.level):
            values |= {"level": level, "released_from": None}
        self.move(uow, record, RecordState.CLASSIFIED, act, **values)

    def _tell(self, uow: UnitOfWork, kind: EventType, actor: Actor, record: Record, body: Mapping[str, JSON]) -> None:
        self._ledger.append(uow, Event(kind, actor.id, "record", record.id, body))


@dataclass(frozen=True)
class Act:
    """Who does what to a record, as the ledger will tell it."""

    type: EventType
    actor: Actor
    body: Mapping[str, JSON]


_SETTLING = frozenset({RecordState.PLACED, RecordState.FILED})


def _settle(repository: RecordRepository, record: Record) -> dict[str, object]:
    """Settle the present version; the columns of the record that follow. Without a grade nothing is settled."""
    grade = repository.grades(record.id).get(record.version)
    if grade is None:
        return {}
    repository.settle(record.id, record.version)
    return {
        "level": grade.level,
        "released_from": grade.released_from,
        "settled_version": record.version,
        "settled_title": record.title,
    }


def _stricter(one: AccessLevel, other: AccessLevel) -> bool:
    levels = list(AccessLevel)
    return levels.index(one) > levels.index(other)


def existing(repository: RecordRepository, record_id: str) -> Record:
    """The record with this id.

    Raises:
        NotFound: there is none.
    """
    record = repository.by_id(record_id)
    if record is None:
        raise NotFound("record-unknown", record=record_id)
    return record


def _named(repository: RecordRepository, version: Version) -> list[str]:
    files = repository.components(version.id)
    return [version.title, *(file.name for file in files if file.role != "envelope")]


def _names(stored: Stored) -> list[str]:
    return [stored.delivery.title, *(file.name for file, _ in stored.files if file.role != "envelope")]


def _captured(record: Record, version: Version, components: Sequence[Component]) -> dict[str, JSON]:
    return {
        "source": record.source,
        "external_id": record.external_id,
        "version": version.number,
        "reason": str(version.reason),
        "digest": version.digest,
        "components": [
            {
                "id": component.id,
                "role": str(component.role),
                "sha256": component.sha256,
                "sm3": component.sm3,
                "size": component.size,
            }
            for component in components
        ],
    }
