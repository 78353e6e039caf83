"""What becomes of one document that a connector hands over.

Bytes first, then one transaction per document with its rows, what is remembered of it, its ledger entry and the job
that wakes the pipeline. A kill at any moment leaves whole documents only; the rest comes again.
"""

import io
from dataclasses import replace
from datetime import datetime

import structlog
from structlog.contextvars import bound_contextvars

from archive.authorization import SYSTEM_ACTOR
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import InvalidInput
from archive.jobs.port import JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.messages import render
from archive.records.service import Receipt, RecordService, Registered, Stored
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.port import DELETED, Arrival, Gone, Refused, Same, Withdrawn
from ingest.pipeline.graph import Graph
from ingest.repository import OutcomeRepository
from ingest.sources.repository import SourceRepository
from ingest.types import ArrivalStatus, SeenArrival, Status, StepOutcome, Summary
from ingest.waking import wake_records

_SUPERSEDED_KEPT = 100


class Taker:
    """Takes documents in, one at a time."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        records: RecordService,
        ledger: LedgerPort,
        jobs: JobQueue,
        clock: Clock,
        graph: Graph,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._records = records
        self._ledger = ledger
        self._jobs = jobs
        self._clock = clock
        self._receive = graph.steps["receive"]
        self._log = structlog.get_logger()

    def take(self, source: str, arrival: Arrival, summary: Summary) -> None:
        """Take in what a source handed over, counting into `summary`."""
        what = arrival.what
        if isinstance(what, Delivery):
            try:
                self._deliver(source, arrival, what, summary)
            except InvalidInput as error:
                # The stream of one component turned out unusable: this document is refused, the others go on. What the
                # source said of it is kept.
                self._refuse(source, arrival, Refused(error.code, error.params, _envelope(what)), summary)
        elif isinstance(what, Refused):
            self._refuse(source, arrival, what, summary)
        elif isinstance(what, Gone):
            self._gone(source, arrival, what, summary)
        elif isinstance(what, Withdrawn):
            self._withdraw(source, arrival, what, summary)
        else:
            self._same(source, arrival, what, summary)

    def _deliver(self, source: str, arrival: Arrival, delivery: Delivery, summary: Summary) -> None:
        stored = self._records.store(delivery)
        with self._database.writing() as uow:
            known = SourceRepository(uow.connection).arrival(source, arrival.external_id)
            deleted = _deleted_before_it_came(known)
            if known is not None and deleted is None and _is_older(arrival.stated.revised, known.revised):
                self._supersede(uow, known, arrival, stored, summary)
                return
            if deleted is not None and _is_older(deleted.revised, arrival.stated.revised):
                # Given anew after it was deleted: what the deletion meant never came, and this is another state.
                deleted = None
            registered = self._records.register(uow, source, stored, SYSTEM_ACTOR)
            status = ArrivalStatus.CAPTURED if deleted is None else ArrivalStatus.WITHDRAWN
            seen = replace(self._seen(known, source, arrival, status), record_id=registered.record_id)
            if deleted is not None:
                revised = deleted.revised or seen.revised
                seen = replace(seen, code=deleted.code, message=deleted.message, revised=revised)
            SourceRepository(uow.connection).put_arrival(_measured(seen, arrival, stored))
            if registered.receipt is not Receipt.UNCHANGED:
                self._received(uow, registered)
            if deleted is not None:
                # Both facts stay, and nobody is shown what was taken back.
                self._records.withdraw(uow, source, arrival.external_id, SYSTEM_ACTOR, DELETED)
        _log_receipt(self._log, source, registered)
        _count(summary, registered.receipt)

    def _supersede(
        self, uow: UnitOfWork, known: SeenArrival, arrival: Arrival, stored: Stored, summary: Summary
    ) -> None:
        """Keep an older state that came after a newer one: its bytes, and an entry that names them."""
        digest = stored.digests.everything
        if digest in known.superseded or known.digest in {_digest(stored), arrival.stated.digest or None}:
            summary.unchanged += 1
            return
        summary.superseded += 1
        latest = [*known.superseded, digest][-_SUPERSEDED_KEPT:]
        SourceRepository(uow.connection).put_arrival(replace(known, superseded=latest, last_seen=self._clock.now()))
        body: dict[str, JSON] = {
            "external_id": known.external_id,
            "digest": digest,
            "components": [digest.sha256 for _, digest in stored.files],
        }
        event = Event(EventType.SOURCE_ITEM_SUPERSEDED, SYSTEM_ACTOR.id, "source", known.source, body)
        self._ledger.append(uow, event)

    def _received(self, uow: UnitOfWork, registered: Registered) -> None:
        OutcomeRepository(uow.connection).put(
            StepOutcome(
                registered.record_id,
                registered.version,
                self._receive.name,
                self._receive.version,
                Status.DONE,
                None,
                {},
                {"receipt": str(registered.receipt)},
                0.0,
                self._clock.now(),
            )
        )
        wake_records(uow, self._jobs, [registered.record_id])

    def _refuse(self, source: str, arrival: Arrival, refused: Refused, summary: Summary) -> None:
        message = render(refused.code, refused.params)
        raw = self._blobs.put(io.BytesIO(refused.raw)).sha256 if refused.raw else None
        with self._database.writing() as uow:
            known = SourceRepository(uow.connection).arrival(source, arrival.external_id)
            # Refused again for the same bytes is no news for the ledger, only for the summary.
            news = known is None or (known.code, known.raw_sha256) != (refused.code, raw)
            deleted = _deleted_before_it_came(known) is not None
            if not deleted:
                # What was deleted before it came stays so: what cannot be taken in of it may come right another time.
                seen = self._seen(known, source, arrival, ArrivalStatus.REFUSED)
                seen = replace(seen, code=refused.code, message=message, raw_sha256=raw)
                # What was taken before still stands, and is what an older state would be older than.
                seen = _as_held(replace(seen, revised=None), known)
                SourceRepository(uow.connection).put_arrival(seen)
            if news and not deleted:
                body: dict[str, JSON] = {"external_id": arrival.external_id, "code": refused.code, "sha256": raw}
                self._ledger.append(uow, Event(EventType.SOURCE_ITEM_REFUSED, SYSTEM_ACTOR.id, "source", source, body))
        self._log.warning("intake.refused", source=source, external_id=arrival.external_id, code=refused.code)
        summary.refused.append({"id": arrival.external_id, "code": refused.code, "message": message})

    def _gone(self, source: str, arrival: Arrival, gone: Gone, summary: Summary) -> None:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            known = repository.arrival(source, arrival.external_id)
            if known is not None and known.status in NO_LONGER_SHOWN:
                repository.put_arrival(replace(known, last_seen=self._clock.now(), checked_at=self._clock.now()))
                summary.unchanged += 1
                return
            seen = self._seen(known, source, arrival, ArrivalStatus.GONE)
            repository.put_arrival(_as_held(replace(seen, code=gone.code, message=render(gone.code, {})), known))
            body: dict[str, JSON] = {"external_id": arrival.external_id, "code": gone.code}
            self._ledger.append(uow, Event(EventType.SOURCE_ITEM_GONE, SYSTEM_ACTOR.id, "source", source, body))
        summary.gone += 1

    def _withdraw(self, source: str, arrival: Arrival, withdrawn: Withdrawn, summary: Summary) -> None:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            known = repository.arrival(source, arrival.external_id)
            if known is not None and _is_older(arrival.stated.revised, known.revised):
                # What it would take back has been given anew since.
                summary.superseded += 1
                return
            seen = self._seen(known, source, arrival, ArrivalStatus.WITHDRAWN)
            code = withdrawn.code
            repository.put_arrival(_as_held(replace(seen, code=code, message=render(code, {})), known))
            if known is not None and known.status is ArrivalStatus.WITHDRAWN:
                summary.unchanged += 1
                return
            record = self._records.withdraw(uow, source, arrival.external_id, SYSTEM_ACTOR, code)
            if record is None:
                body: dict[str, JSON] = {"external_id": arrival.external_id, "code": code}
                self._ledger.append(uow, Event(EventType.SOURCE_ITEM_GONE, SYSTEM_ACTOR.id, "source", source, body))
        summary.withdrawn += 1

    def _same(self, source: str, arrival: Arrival, same: Same, summary: Summary) -> None:
        if same.confirmed:
            with self._database.writing() as uow:
                repository = SourceRepository(uow.connection)
                known = repository.arrival(source, arrival.external_id)
                if known is not None:
                    now = self._clock.now()
                    repository.put_arrival(
                        replace(known, last_seen=now, checked_at=now, fingerprint=arrival.fingerprint)
                    )
        summary.unchanged += 1

    def _seen(self, known: SeenArrival | None, source: str, arrival: Arrival, status: ArrivalStatus) -> SeenArrival:
        now, stated = self._clock.now(), arrival.stated
        stays = known is not None and known.status is status
        return SeenArrival(
            source=source,
            external_id=arrival.external_id,
            status=status,
            record_id=known.record_id if known else None,
            fingerprint=arrival.fingerprint,
            code=None,
            message=None,
            raw_sha256=None,
            first_seen=known.first_seen if known else now,
            last_seen=now,
            checked_at=now,
            since=known.since if known is not None and stays else now,
            tries=(known.tries if known is not None and stays else 0) + 1 if status is ArrivalStatus.REFUSED else 0,
            data_set=stated.data_set,
            day=stated.day,
            revised=stated.revised,
            size=stated.size,
            digest=stated.digest,
            superseded=known.superseded if known else (),
        )


NO_LONGER_SHOWN = frozenset({ArrivalStatus.GONE, ArrivalStatus.WITHDRAWN})


def _deleted_before_it_came(known: SeenArrival | None) -> SeenArrival | None:
    """What is known of a document of which nothing is known but that its source has deleted it."""
    return known if known is not None and known.code == DELETED and known.record_id is None else None


def _is_older(revised: datetime | None, known: datetime | None) -> bool:
    return revised is not None and known is not None and revised < known


def _digest(stored: Stored) -> str:
    """What a document's own content is told by: the digest of its main file."""
    mains = [digest.sha256 for incoming, digest in stored.files if incoming.role is ComponentRole.MAIN]
    return f"sha256:{mains[0]}" if len(mains) == 1 else f"content:{stored.digests.content}"


def _measured(seen: SeenArrival, arrival: Arrival, stored: Stored) -> SeenArrival:
    """What the source stated, and where it stated nothing what we measured ourselves."""
    size = sum(digest.size for incoming, digest in stored.files if incoming.role is not ComponentRole.ENVELOPE)
    published = stored.delivery.published
    return replace(
        seen,
        day=seen.day or (published.date() if published else None),
        size=arrival.stated.size if arrival.stated.size is not None else size,
        digest=arrival.stated.digest or _digest(stored),
    )


def _as_held(seen: SeenArrival, known: SeenArrival | None) -> SeenArrival:
    """What was stated of a document stays known of it when it is no longer shown."""
    if known is None:
        return seen
    return replace(
        seen,
        data_set=known.data_set,
        day=known.day,
        revised=seen.revised or known.revised,
        size=known.size,
        digest=known.digest,
    )


def _envelope(delivery: Delivery) -> bytes:
    for component in delivery.components:
        if component.role is ComponentRole.ENVELOPE:
            try:
                with component.open() as stream:
                    return stream.read()
            except InvalidInput:
                # It is the very stream for which the document is refused.
                return b""
    return b""


def _log_receipt(log: structlog.typing.FilteringBoundLogger, source: str, registered: Registered) -> None:
    """Let the log begin to follow the record: from here to the index, each line about it carries its id."""
    say = log.debug if registered.receipt is Receipt.UNCHANGED else log.info
    with bound_contextvars(record=registered.record_id, version=registered.version):
        say("intake.taken", source=source, receipt=registered.receipt)


def _count(summary: Summary, receipt: Receipt) -> None:
    setattr(summary, str(receipt), getattr(summary, str(receipt)) + 1)
