"""Runs of reconciliation: a source is asked what it has, or hands its list in, and both sides are compared.

A run that could not compare says so with its reason. A list that broke off is no list: nothing is concluded from it.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import structlog

from archive.authorization import SYSTEM_ACTOR
from archive.clock import Clock
from archive.db.uow import Database
from archive.errors import ArchiveError, Conflict, InvalidInput, NotFound, SourceFailed, Unavailable
from archive.ids import Ids
from ingest.connectors.port import Held, Listed, Opened
from ingest.connectors.registry import Registry
from ingest.reconciliation.comparison import Comparison, Ours
from ingest.reconciliation.repository import UNSETTLED, ReconciliationRepository
from ingest.reconciliation.spool import Spool
from ingest.reconciliation.types import Bucket, Difference, DifferenceState, Kind, Run, RunState
from ingest.sources.repository import SourceRepository
from ingest.sources.service import IMPORTED
from ingest.types import Source

Opener = Callable[[Source, Held], AbstractContextManager[Opened]]

_OURS_AT_ONCE = 2_000
_FOUND_AT_ONCE = 200


@dataclass(frozen=True)
class ReconciliationPorts:
    """What runs need. `held` gives what intake holds of a source, as its connector may ask for it."""

    database: Database
    clock: Clock
    ids: Ids
    registry: Registry
    opener: Opener
    held: Callable[[str], Held]


class ReconciliationService:
    """Compares sources with what is held of them. Permission is the caller's business."""

    def __init__(self, ports: ReconciliationPorts) -> None:
        self._ports = ports
        self._log = structlog.get_logger()

    def reconcile(self, name: str) -> Run:
        """Ask a source what it has, and compare. What keeps it from answering is the outcome of the run.

        Raises:
            NotFound: there is no such source.
            Unavailable: something of our own does not answer.
        """
        source, started = self._source(name), self._ports.clock.now()
        if source.paused_at is not None:
            return self._not_done(name, RunState.NOT_POSSIBLE, started, Conflict("source-paused", source=name))
        if not self.is_read(source):
            return self._not_done(
                name, RunState.NOT_POSSIBLE, started, InvalidInput("inventory-of-sender", source=name)
            )
        try:
            return self._read(source, started)
        except Unavailable:
            raise
        except ArchiveError as error:
            return self._not_done(name, RunState.FAILED, started, error)
        except Exception as error:  # noqa: BLE001 - a connector of somebody else: the run says what it died of
            self._log.exception("reconciliation.crashed", source=name)
            crashed = SourceFailed("source-crashed", source=name, detail=type(error).__name__)
            return self._not_done(name, RunState.FAILED, started, crashed)

    def _read(self, source: Source, started: datetime) -> Run:
        with tempfile.TemporaryDirectory(prefix="juanzong-") as scratch:
            spool = Spool(Path(scratch))
            with self._ports.opener(source, self._ports.held(source.name)) as opened:
                if opened.inventory is None:
                    error = InvalidInput("inventory-none", source=source.name, connector=source.connector)
                    return self._not_done(source.name, RunState.NOT_POSSIBLE, started, error)
                spool.fill(opened.inventory())
            return self._compare(source.name, spool, started)

    def hand_in(self, name: str, listing: Iterator[Listed]) -> Run:
        """Compare with a list that the source, or whoever runs it, hands in.

        Raises:
            NotFound: there is no such source.
            Conflict: it is paused.
            InvalidInput: the list cannot be used; nothing was concluded from it, and the run says so.
        """
        source, started = self._source(name), self._ports.clock.now()
        if source.paused_at is not None:
            raise Conflict("source-paused", source=name)
        try:
            with tempfile.TemporaryDirectory(prefix="juanzong-") as scratch:
                spool = Spool(Path(scratch))
                spool.fill(listing)
                return self._compare(name, spool, started)
        except InvalidInput as error:
            self._not_done(name, RunState.FAILED, started, error)
            raise

    def _compare(self, name: str, spool: Spool, started: datetime) -> Run:
        ports, comparison = self._ports, Comparison(started)
        run_id = ports.ids.new("run")
        with ports.database.reading() as connection:
            before = ReconciliationRepository(connection).runs_of_standing(name)
        found = comparison.differences(spool.read(), self._ours(name))
        while batch := list(islice(found, _FOUND_AT_ONCE)):
            new = [ports.ids.new("run") for _ in batch]
            with ports.database.writing() as uow:
                ReconciliationRepository(uow.connection).put_found(name, run_id, batch, new, ports.clock.now())
        now = ports.clock.now()
        run = Run(run_id, name, RunState.DONE, started, now, comparison.counts.as_json())
        with ports.database.writing() as uow:
            repository = ReconciliationRepository(uow.connection)
            repository.add_run(run, comparison.buckets)
            # What an earlier run found and this one does not is settled, whoever settled it. What another run has found
            # in the meantime is not: it may stand at its place in the list still.
            repository.close_unfound(name, before, SYSTEM_ACTOR.id, now)
        self._log.info("reconciliation.done", source=name, differences=comparison.counts.differences)
        return run

    def _ours(self, name: str) -> Iterator[Ours]:
        after = ""
        while True:
            with self._ports.database.reading() as connection:
                page = ReconciliationRepository(connection).ours(name, after, _OURS_AT_ONCE)
            yield from page
            if len(page) < _OURS_AT_ONCE:
                return
            after = page[-1].external_id

    def _not_done(self, name: str, state: RunState, started: datetime, error: ArchiveError) -> Run:
        ports = self._ports
        run = Run(ports.ids.new("run"), name, state, started, ports.clock.now(), {}, error.code, error.message())
        with ports.database.writing() as uow:
            ReconciliationRepository(uow.connection).add_run(run, ())
        self._log.warning("reconciliation.not-done", source=name, code=error.code)
        return run

    def is_read(self, source: Source) -> bool:
        """Whether a source can be asked, rather than pushing or being delivered by people."""
        return source.location != IMPORTED and self._ports.registry.is_read(source.connector)

    def _source(self, name: str) -> Source:
        with self._ports.database.reading() as connection:
            source = SourceRepository(connection).get(name)
        if source is None:
            raise NotFound("source-unknown", source=name)
        return source

    def latest(self, name: str) -> Run | None:
        """The last run of a source."""
        with self._ports.database.reading() as connection:
            return ReconciliationRepository(connection).latest(name)

    def buckets(self, run: str, limit: int, *, differing: bool = True) -> list[Bucket]:
        """What a run counted by data set and day."""
        with self._ports.database.reading() as connection:
            return ReconciliationRepository(connection).buckets(run, limit, differing=differing)

    def differences(
        self,
        source: str | None = None,
        states: tuple[DifferenceState, ...] = UNSETTLED,
        kind: Kind | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[Difference]:
        """Differences that stand so, by id from `after` on."""
        with self._ports.database.reading() as connection:
            return ReconciliationRepository(connection).differences(source, states, kind, after, limit)
