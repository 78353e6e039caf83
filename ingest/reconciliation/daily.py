"""What the leader has done every day: each source is reconciled in the night, and in the morning it is reported."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from archive.clock import Clock
from archive.db.uow import Database
from archive.jobs.port import JobQueue, Lane
from archive.ledger.repository import Connection
from ingest.reconciliation.report import SOURCE, SourceReport, delivery_of
from ingest.reconciliation.repository import UNSETTLED, ReconciliationRepository
from ingest.reconciliation.service import ReconciliationService
from ingest.reconciliation.types import RECONCILE, REPORT, Run, RunState
from ingest.sources.repository import SourceRepository
from ingest.sources.service import IMPORTED, SourceService
from ingest.taking import Taker
from ingest.types import Source, Summary

_RUN_FROM: Final = time(2)
_REPORT_FROM: Final = time(6)
# Runs that never come to an end, not even a bad one, do not keep the report back for longer.
_REPORT_AT_LAST: Final = time(12)
_AGAIN: Final = timedelta(hours=1)
_MOST_TRIES: Final = 3
_MOST_BUCKETS: Final = 200
_MOST_DIFFERENCES: Final = 200


@dataclass(frozen=True)
class DailyPorts:
    """What the day needs. `zone` says when a day begins, `region` is whose documents the reports are."""

    database: Database
    jobs: JobQueue
    clock: Clock
    taker: Taker
    sources: SourceService
    service: ReconciliationService
    zone: tzinfo
    region: str


@dataclass
class DailyService:
    """Plans the runs of the day and files its report."""

    ports: DailyPorts
    _asked: dict[str, datetime] = field(default_factory=dict)

    def request_due(self) -> int:
        """Ask for the runs whose time has come, and for the report once it has; how many jobs.

        A source is reconciled from the day after it was registered on. A run that failed is tried again an hour later,
        twice at most. The report of the day before is made up for where nobody was at work when its time had come.
        """
        now = self.ports.clock.now()
        local = now.astimezone(self.ports.zone)
        if local.time() < _RUN_FROM:
            return 0
        today, yesterday = local.date(), local.date() - timedelta(days=1)
        with self.ports.database.reading() as connection:
            sources = [source for source in SourceRepository(connection).all() if self._is_reconciled(source, local)]
            runs = ReconciliationRepository(connection).runs(*self._bounds(today))
            unreported = {day for day in (yesterday, today) if self._is_unreported(connection, day)}
            if yesterday in unreported and not ReconciliationRepository(connection).runs(*self._bounds(yesterday)):
                # Nobody was at work on that day.
                unreported.remove(yesterday)
        keys = [(RECONCILE, source.name) for source in sources if self._is_due(source.name, runs, now)]
        if not sources or local.time() < (_REPORT_AT_LAST if keys else _REPORT_FROM):
            unreported.discard(today)
        return self._ask([*keys, *((REPORT, day.isoformat()) for day in sorted(unreported))], now)

    @staticmethod
    def _is_unreported(connection: Connection, day: date) -> bool:
        return SourceRepository(connection).arrival(SOURCE, f"{SOURCE}:{day.isoformat()}") is None

    def _ask(self, keys: list[tuple[str, str]], now: datetime) -> int:
        # A job that is being worked on does not keep another from being asked for; a short memory does.
        wanted = [(kind, key) for kind, key in keys if not self._was_asked(key, now)]
        if wanted:
            with self.ports.database.writing() as uow:
                for kind, key in wanted:
                    self.ports.jobs.enqueue(uow, kind, key, lane=Lane.SYNC)
        self._asked |= {key: now for _, key in wanted}
        return len(wanted)

    def _was_asked(self, key: str, now: datetime) -> bool:
        asked = self._asked.get(key)
        return asked is not None and asked <= now < asked + _AGAIN

    def _is_reconciled(self, source: Source, local: datetime) -> bool:
        if source.paused_at is not None or not self.ports.service.is_read(source):
            return False
        return source.created_at.astimezone(self.ports.zone).date() < local.date()

    @staticmethod
    def _is_due(name: str, runs: list[Run], now: datetime) -> bool:
        of_source = [run for run in runs if run.source == name]
        if any(run.state is not RunState.FAILED for run in of_source) or len(of_source) >= _MOST_TRIES:
            return False
        return not of_source or of_source[-1].ended + _AGAIN <= now

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        begins = datetime.combine(day, time(), self.ports.zone)
        return begins, datetime.combine(day + timedelta(days=1), time(), self.ports.zone)

    def today(self) -> date:
        """The day it is where the centre is."""
        return self.ports.clock.now().astimezone(self.ports.zone).date()

    def file(self, day: str) -> Summary:
        """Take the report of a day in as a document; filed again with the same rows it changes nothing.

        Raises:
            Conflict: the name of the source of reports stands for another source.
        """
        wanted = date.fromisoformat(day)
        self.ports.sources.register(SOURCE, SOURCE, IMPORTED)
        at = datetime.combine(wanted, _REPORT_FROM, self.ports.zone)
        summary = Summary(received=1)
        self.ports.taker.take(SOURCE, delivery_of(wanted, at, self.ports.region, list(self._reports(wanted))), summary)
        return summary

    def _reports(self, day: date) -> Iterator[SourceReport]:
        with self.ports.database.reading() as connection:
            sources = [source.name for source in SourceRepository(connection).all() if source.name != SOURCE]
            runs = ReconciliationRepository(connection).runs(*self._bounds(day))
        for name in sources:
            with self.ports.database.reading() as connection:
                yield _report(ReconciliationRepository(connection), name, [run for run in runs if run.source == name])


def _report(repository: ReconciliationRepository, name: str, runs: list[Run]) -> SourceReport:
    tried = [run for run in runs if run.state is RunState.DONE] or runs
    run = tried[-1] if tried else None
    buckets = repository.buckets(run.id, _MOST_BUCKETS + 1, differing=True) if run is not None else []
    return SourceReport(
        source=name,
        run=run,
        buckets=buckets[:_MOST_BUCKETS],
        buckets_more=len(buckets) > _MOST_BUCKETS,
        differences=repository.differences(name, UNSETTLED, None, "", _MOST_DIFFERENCES),
        standing=repository.count(name),
    )
