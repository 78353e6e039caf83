"""Intake: reads sources and takes in what they deliver; remembers how each reading ended."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import ArchiveError, Conflict, NotFound
from archive.jobs.port import JobQueue
from archive.messages import render
from ingest.connectors.port import Connector, Held, Known, Opened
from ingest.sources.repository import SourceRepository
from ingest.sources.rereading import begun
from ingest.taking import NO_LONGER_SHOWN, Taker
from ingest.types import ArrivalStatus, SeenArrival, Source, Summary
from ingest.waking import wake_source

Opener = Callable[[Source, Held], AbstractContextManager[Opened]]
"""Opens a source for one reading, given what intake holds of it."""

_HELD_AT_ONCE = 500


class IntakeService:
    """Takes in what sources deliver, document by document (`ingest.taking`)."""

    def __init__(self, database: Database, jobs: JobQueue, clock: Clock, taker: Taker) -> None:
        self._database = database
        self._jobs = jobs
        self._clock = clock
        self._taker = taker

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
        source = self._started(name)
        before = source.position
        source = replace(source, position=begun(before), location=source.location if location is None else location)
        summary = Summary() if summary is None else summary
        try:
            with opener(source, self.held(name)) as opened:
                if opened.reading is not None:
                    before = self._placed(name, opened.reading)
                self.take(name, opened.connector, summary)
                self._succeeded(name, opened, before)
                return summary, opened.more
        except ArchiveError as error:
            self._failed(name, error.code, error.message())
            raise
        except Exception as error:
            params = {"source": name, "detail": type(error).__name__}
            self._failed(name, "source-crashed", render("source-crashed", params))
            raise

    def _started(self, name: str) -> Source:
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            source = repository.get(name)
            if source is None:
                raise NotFound("source-unknown", source=name)
            if source.paused_at is not None:
                raise Conflict("source-paused", source=name)
            repository.update(name, last_read=self._clock.now())
            return source

    def _placed(self, name: str, position: Mapping[str, object]) -> Mapping[str, object]:
        """Remember a position; as it is stored."""
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            repository.update(name, position=position)
            stored = repository.get(name)
            return position if stored is None else stored.position

    def _succeeded(self, name: str, opened: Opened, before: Mapping[str, object]) -> None:
        now, theirs = self._clock.now(), opened.clock()
        values: dict[str, object] = {} if theirs is None else {"clock_skew": (theirs - now).total_seconds()}
        with self._database.writing() as uow:
            repository = SourceRepository(uow.connection)
            stored = repository.get(name)
            # Whoever asked for all of it once more while this was being read still wants it.
            if stored is not None and stored.position == before:
                values["position"] = opened.position
            repository.update(
                name,
                last_success=now,
                failure_code=None,
                failure_message=None,
                **values,
            )
            if opened.more:
                wake_source(uow, self._jobs, name)

    def _failed(self, name: str, code: str, message: str) -> None:
        with self._database.writing() as uow:
            SourceRepository(uow.connection).update(
                name, last_failure=self._clock.now(), failure_code=code, failure_message=message
            )

    def held(self, name: str) -> Held:
        """What intake holds of a source, as its connector may ask for it."""

        def captured(since: datetime | None = None, /) -> Iterator[SeenArrival]:
            after = ""
            while True:
                with self._database.reading() as connection:
                    found = SourceRepository(connection).held(name, since, after, _HELD_AT_ONCE)
                yield from found
                if len(found) < _HELD_AT_ONCE:
                    return
                after = found[-1].external_id

        def stale(before: datetime, limit: int, /) -> list[SeenArrival]:
            with self._database.reading() as connection:
                return SourceRepository(connection).stale(name, before, limit)

        return Held(captured, stale)

    def take(self, source: str, connector: Connector, summary: Summary) -> None:
        """Take in everything `connector` hands over, counting into `summary`."""
        for arrival in connector.arrivals(lambda external_id: self._known(source, external_id)):
            self._taker.take(source, arrival, summary)
            # Counted last, so that the parts add up even where this one breaks off.
            summary.received += 1

    def _known(self, source: str, external_id: str) -> Known | None:
        with self._database.reading() as connection:
            seen = SourceRepository(connection).arrival(source, external_id)
        if seen is None or seen.status is ArrivalStatus.REFUSED:
            # What was refused is looked at afresh each time: the source may have mended it.
            return None
        return Known(seen.fingerprint, seen.status in NO_LONGER_SHOWN, seen.checked_at)
