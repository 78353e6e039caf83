"""How sources are: one answer for the command line, the API and the console."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from archive.clock import Clock
from archive.db.uow import Database
from archive.jobs.port import FailedJob, JobQueue
from ingest.sources.repository import SourceRepository
from ingest.sources.service import SourceService
from ingest.types import ArrivalStatus, SeenArrival, Source
from ingest.waking import SYNC

SKEW_SECONDS: Final = 60
"""By so many seconds another clock may differ before somebody should set it right."""

_PAUSED: Final = "source-paused"
_LEAST_GRACE: Final = timedelta(minutes=5)
_REFUSED_SHOWN: Final = 50


class SourceState(StrEnum):
    """How a source is.

    `failing`: what was last tried has failed. `late`: it should have been read long ago, and nobody has. `never`: it
    has not been read yet.
    """

    FINE = "fine"
    FAILING = "failing"
    PAUSED = "paused"
    NEVER = "never"
    LATE = "late"


@dataclass(frozen=True)
class SourceHealth:
    """A source and how it is.

    `since` is when it was paused, when it last went well before it failed, or when it should have been read. `refused`
    and `gone` count documents. `asked` says that a reading waits for its turn, `reading` that one is under way;
    `set_aside` is one that has been given up. `skewed` says that the clock of the source differs so much that somebody
    should know.
    """

    source: Source
    state: SourceState
    since: datetime | None
    next_reading: datetime | None
    captured: int
    refused: int
    gone: int
    asked: bool
    reading: bool
    set_aside: FailedJob | None
    skewed: bool


class SourceHealthService:
    """Says how sources are. Permission is the caller's business."""

    def __init__(self, database: Database, jobs: JobQueue, clock: Clock, sources: SourceService) -> None:
        self._database = database
        self._jobs = jobs
        self._clock = clock
        self._sources = sources

    def all(self) -> list[SourceHealth]:
        """Every source by name."""
        return self._seen(self._sources.all())

    def of(self, name: str) -> SourceHealth:
        """One source.

        Raises:
            NotFound: there is none of this name.
        """
        (found,) = self._seen([self._sources.get(name)])
        return found

    def refused(self, name: str) -> list[SeenArrival]:
        """The documents of a source that were refused last."""
        with self._database.reading() as connection:
            return SourceRepository(connection).refused_of(name, _REFUSED_SHOWN)

    def _seen(self, sources: list[Source]) -> list[SourceHealth]:
        with self._database.reading() as connection:
            repository = SourceRepository(connection)
            counted, readings = repository.count_by_status(), repository.readings()
        # A reading that met a pause has nothing to be mended: resuming asks for it anew.
        given_up = {job.key: job for job in self._jobs.failed() if job.kind == SYNC and job.code != _PAUSED}
        return [self._of(source, counted, readings.get(source.name), given_up.get(source.name)) for source in sources]

    def _of(
        self,
        source: Source,
        counted: Mapping[tuple[str, ArrivalStatus], int],
        reading: bool | None,
        given_up: FailedJob | None,
    ) -> SourceHealth:
        planned = self._sources.next_reading(source)
        state, since = self._state(source, planned)
        return SourceHealth(
            source,
            state,
            since,
            planned,
            counted.get((source.name, ArrivalStatus.CAPTURED), 0),
            counted.get((source.name, ArrivalStatus.REFUSED), 0),
            counted.get((source.name, ArrivalStatus.GONE), 0),
            reading is False,
            reading is True,
            given_up,
            source.clock_skew is not None and abs(source.clock_skew) > SKEW_SECONDS,
        )

    def _state(self, source: Source, planned: datetime | None) -> tuple[SourceState, datetime | None]:
        if source.paused_at is not None:
            return SourceState.PAUSED, source.paused_at
        if source.failure_code is not None:
            return SourceState.FAILING, source.last_success
        if source.last_success is None:
            return SourceState.NEVER, None
        # Readings are asked for, wait for their turn and take their time: late is only what has missed a whole turn.
        grace = max(self._sources.pause_between(source), _LEAST_GRACE)
        if planned is not None and planned + grace < self._clock.now():
            return SourceState.LATE, planned
        return SourceState.FINE, None
