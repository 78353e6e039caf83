"""Intake: takes what a connector hands over, durably, and says what became of each document.

Bytes first, then one transaction per document with its rows, what is remembered of it, its ledger entry and the job
that wakes the pipeline. A kill at any moment leaves whole documents only; the rest comes again.
"""

import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from structlog.contextvars import bound_contextvars

from archive.authorization import SYSTEM_ACTOR
from archive.blobs.port import BlobStore
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import ArchiveError, Conflict, InvalidInput, NotFound
from archive.jobs.port import JobQueue
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.messages import render
from archive.records.service import Receipt, RecordService, Registered
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.port import Arrival, Captured, Connector, Gone, Known, Refused, Same
from ingest.pipeline.graph import Graph
from ingest.repository import OutcomeRepository, SourceRepository
from ingest.types import ArrivalStatus, SeenArrival, Source, Status, StepOutcome, Summary
from ingest.waking import wake_records, wake_source

IMPORTED = "import:"
"""The location of a source that people deliver file by file."""


@dataclass(frozen=True)
class Opened:
    """A source ready to be read. `position` is what to remember after a full reading, `more` whether to read again.

    `reading` is what to remember while it is read, and for good if it breaks off; None leaves what was remembered.
    """

    connector: Connector
    position: dict[str, object]
    more: bool
    reading: dict[str, object] | None = None


Opener = Callable[[Source, Captured], AbstractContextManager[Opened]]


class IntakeService:
    """Registers sources and takes in what they deliver."""

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

    def register(self, name: str, connector: str, location: str) -> Source:
        """Register a source, or find it registered.

        Raises:
            Conflict: the name stands for another source already.
        """
        with self._database.writing() as uow:
            return self._register(uow, name, connector, location)

    def _register(self, uow: UnitOfWork, name: str, connector: str, location: str) -> Source:
        repository = SourceRepository(uow.connection)
        found = repository.get(name)
        if found is not None:
            if (found.connector, found.location) != (connector, location):
                raise Conflict("source-differs", source=name, connector=found.connector)
            return found
        source = Source(name, connector, location, {}, self._clock.now(), None, None, None, None)
        repository.add(source)
        body: dict[str, JSON] = {"connector": connector}
        self._ledger.append(uow, Event(EventType.SOURCE_REGISTERED, SYSTEM_ACTOR.id, "source", name, body))
        return source

    def sources(self) -> list[Source]:
        """Every registered source."""
        with self._database.reading() as connection:
            return SourceRepository(connection).all()

    def source(self, name: str) -> Source:
        """One registered source.

        Raises:
            NotFound: there is none of this name.
        """
        with self._database.reading() as connection:
            source = SourceRepository(connection).get(name)
        if source is None:
            raise NotFound("source-unknown", source=name)
        return source

    def request(self, sources: Sequence[tuple[str, str, str]]) -> None:
        """Register sources (name, connector, location) and ask for them to be read, durably and all together.

        Raises:
            Conflict: a name stands for another source already; nothing is asked for then.
        """
        with self._database.writing() as uow:
            for name, connector, location in sources:
                self._register(uow, name, connector, location)
                wake_source(uow, self._jobs, name)

    def request_all(self) -> None:
        """Ask for every source to be read that can be read without a person."""
        with self._database.writing() as uow:
            for source in SourceRepository(uow.connection).all():
                if source.location != IMPORTED:
                    wake_source(uow, self._jobs, source.name)

    def sync(
        self, name: str, opener: Opener, location: str | None = None, summary: Summary | None = None
    ) -> tuple[Summary, bool]:
        """Read a source once; what became of its documents, and whether there is more to read at once.

        `location` is where to read this time, for a source that people deliver file by file. Whoever hands in a
        `summary` keeps what was counted when the reading breaks off.

        Raises:
            SourceFailed: the source failed; what was taken before stays, and the failure is remembered.
            Exception: so does whatever else breaks the reading off.
        """
        source = self.source(name)
        if location is not None:
            source = replace(source, location=location)
        summary = Summary() if summary is None else summary
        try:
            with opener(source, lambda since=None: self._recent(name, since)) as opened:
                if opened.reading is not None:
                    with self._database.writing() as uow:
                        SourceRepository(uow.connection).update(name, position=opened.reading)
                self.take(name, opened.connector, summary)
                with self._database.writing() as uow:
                    SourceRepository(uow.connection).update(
                        name,
                        position=opened.position,
                        last_success=self._clock.now(),
                        failure_code=None,
                        failure_message=None,
                    )
                    if opened.more:
                        wake_source(uow, self._jobs, name)
                return summary, opened.more
        except ArchiveError as error:
            self._failed(name, error.code, error.message())
            raise
        except Exception as error:
            params = {"source": name, "detail": type(error).__name__}
            self._failed(name, "source-crashed", render("source-crashed", params))
            raise

    def _failed(self, name: str, code: str, message: str) -> None:
        with self._database.writing() as uow:
            SourceRepository(uow.connection).update(
                name, last_failure=self._clock.now(), failure_code=code, failure_message=message
            )

    def _recent(self, name: str, since: datetime | None) -> list[SeenArrival]:
        with self._database.reading() as connection:
            return SourceRepository(connection).captured(name, since)

    def take(self, source: str, connector: Connector, summary: Summary) -> None:
        """Take in everything `connector` hands over, counting into `summary`."""
        for arrival in connector.arrivals(lambda external_id: self._known(source, external_id)):
            self._take(source, arrival, summary)
            # Counted last, so that the parts add up even where this one breaks off.
            summary.received += 1

    def _known(self, source: str, external_id: str) -> Known | None:
        with self._database.reading() as connection:
            seen = SourceRepository(connection).arrival(source, external_id)
        if seen is None or seen.status is ArrivalStatus.REFUSED:
            # What was refused is looked at afresh each time: the source may have mended it.
            return None
        return Known(seen.fingerprint, seen.status is ArrivalStatus.GONE, seen.checked_at)

    def _take(self, source: str, arrival: Arrival, summary: Summary) -> None:
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
        else:
            self._same(source, arrival, what, summary)

    def _deliver(self, source: str, arrival: Arrival, delivery: Delivery, summary: Summary) -> None:
        stored = self._records.store(delivery)
        with self._database.writing() as uow:
            registered = self._records.register(uow, source, stored, SYSTEM_ACTOR)
            seen = self._seen(uow, source, arrival, ArrivalStatus.CAPTURED)
            SourceRepository(uow.connection).put_arrival(replace(seen, record_id=registered.record_id))
            if registered.receipt is not Receipt.UNCHANGED:
                self._received(uow, registered)
        _log_receipt(self._log, source, registered)
        _count(summary, registered.receipt)

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
            seen = self._seen(uow, source, arrival, ArrivalStatus.REFUSED)
            SourceRepository(uow.connection).put_arrival(
                replace(seen, code=refused.code, message=message, raw_sha256=raw)
            )
            if news:
                body: dict[str, JSON] = {"external_id": arrival.external_id, "code": refused.code, "sha256": raw}
                self._ledger.append(uow, Event(EventType.SOURCE_ITEM_REFUSED, SYSTEM_ACTOR.id, "source", source, body))
        self._log.warning("intake.refused", source=source, external_id=arrival.external_id, code=refused.code)
        summary.refused.append({"id": arrival.external_id, "code": refused.code, "message": message})

    def _gone(self, source: str, arrival: Arrival, gone: Gone, summary: Summary) -> None:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            known = repository.arrival(source, arrival.external_id)
            seen = self._seen(uow, source, arrival, ArrivalStatus.GONE)
            repository.put_arrival(replace(seen, code=gone.code, message=render(gone.code, {})))
            if known is not None and known.status is ArrivalStatus.GONE:
                summary.unchanged += 1
                return
            record = self._records.withdraw(uow, source, arrival.external_id, SYSTEM_ACTOR, gone.code)
            if record is None:
                body: dict[str, JSON] = {"external_id": arrival.external_id, "code": gone.code}
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

    def _seen(self, uow: UnitOfWork, source: str, arrival: Arrival, status: ArrivalStatus) -> SeenArrival:
        known = SourceRepository(uow.connection).arrival(source, arrival.external_id)
        now = self._clock.now()
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
