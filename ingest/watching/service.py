"""The metrics: read from the rows and the parts at the moment of asking.

Nothing is counted in memory, so any number of processes on any number of hosts tell the same, and a restart forgets
nothing. What cannot be read is left out, and the part that failed says so.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata

from archive.clock import Clock
from archive.db.migrating import HEAD
from archive.db.uow import Database
from archive.jobs.repository import ASIDE
from archive.ledger.repository import Connection, LedgerRepository
from archive.records.types import RecordState
from archive.volumes.types import VolumeState
from ingest.pipeline.graph import Graph, Level
from ingest.sources.repository import SourceRepository
from ingest.sources.service import IMPORTED
from ingest.types import ArrivalStatus, Source, Status
from ingest.watching import families
from ingest.watching.families import Family
from ingest.watching.health import HealthService
from ingest.watching.probing import Answer, Prober
from ingest.watching.repository import WatchRepository

_RECENT = timedelta(seconds=300)
_SECONDS = 10.0


@dataclass(frozen=True)
class Sample:
    """One value of one metric; `labels` in the order of the family."""

    family: Family
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True)
class MetricsPorts:
    """What counting needs. `kinds` are those of jobs; `index_lag` counts entries that search does not show yet."""

    database: Database
    health: HealthService
    clock: Clock
    graph: Graph
    kinds: tuple[str, ...]
    index_lag: Callable[[Connection], int]


class MetricsService:
    """Reads every metric. `seconds` is how long the counts may take, beside the probes."""

    def __init__(self, ports: MetricsPorts, seconds: float = _SECONDS) -> None:
        self._ports = ports
        self._counts = Prober({"counts": self._count, "lag": self._lag})
        self._seconds = seconds

    def read(self) -> list[Sample]:
        """How everything stands. Never raises for a part that does not answer: it is told as not up."""
        found = [_build()]
        parts = self._ports.health.parts()
        # Whoever cannot be reached is not asked for more: the counts would wait for the same answer again.
        read = self._counts.ask(self._seconds) if parts["database"].code is None else {}
        for samples in (answer.value for answer in read.values() if answer.code is None):
            found += samples
        return found + list(_parts(parts, read))

    def _lag(self) -> list[Sample]:
        with self._ports.database.reading() as connection:
            return [Sample(families.INDEX_LAG, (), self._ports.index_lag(connection))]

    def _count(self) -> list[Sample]:
        now = self._ports.clock.now()
        with self._ports.database.reading() as connection:
            repository = WatchRepository(connection)
            sources = SourceRepository(connection).all()
            return [
                *_states(families.RECORDS, RecordState, repository.records()),
                *_states(families.VOLUMES, VolumeState, repository.volumes()),
                *_steps(repository, self._ports.graph, now),
                *_jobs(repository, self._ports.kinds, now),
                *_ledger(repository, LedgerRepository(connection).size(), now),
                *_sources(repository, sources, now),
            ]


def unreachable() -> list[Sample]:
    """What there is to say where the database does not answer when a process starts."""
    return [_build(), Sample(families.UP, ("database",), 0)]


def _build() -> Sample:
    return Sample(families.BUILD, (metadata.version("juanzong"), HEAD), 1)


def _parts(parts: Mapping[str, Answer], read: Mapping[str, Answer]) -> Iterator[Sample]:
    """How the parts are; `counts` is one of them, since a database may answer and still be too slow to count."""
    counts = read.get("counts", parts["database"])
    for part, answer in {**parts, "counts": counts}.items():
        yield Sample(families.UP, (part,), float(answer.code is None))
        yield Sample(families.PROBE, (part,), answer.seconds)


def _states(family: Family, states: Iterable[str], found: Mapping[str, int]) -> Iterator[Sample]:
    return (Sample(family, (str(state),), found.get(str(state), 0)) for state in states)


def _steps(repository: WatchRepository, graph: Graph, now: datetime) -> Iterator[Sample]:
    stopped = {(one.step, one.status): one for one in repository.stopped()}
    passed = {(one.step, one.status): one for one in repository.passed(now - _RECENT)}
    timed = graph.versions()
    for step in (spec.name for spec in graph.of(Level.ITEM)):
        waiting, returned = stopped.get((step, Status.WAITING)), stopped.get((step, Status.RETURNED))
        yield Sample(families.WAITING, (step,), waiting.number if waiting else 0)
        yield Sample(families.WAITING_AGE, (step,), _age(waiting.oldest, now) if waiting else 0)
        yield Sample(families.RETURNED, (step,), returned.number if returned else 0)
        ended = [passed[step, status] for status in Status if (step, status) in passed]
        number = sum(one.number for one in ended)
        for status in Status:
            found = passed.get((step, status))
            yield Sample(families.OUTCOMES, (step, str(status)), found.number if found else 0)
        # What comes first is stored by intake, which does not time it.
        if number and step in timed:
            yield Sample(families.MILLISECONDS, (step,), sum(one.milliseconds for one in ended) / number)


def _jobs(repository: WatchRepository, kinds: tuple[str, ...], now: datetime) -> Iterator[Sample]:
    for (kind, state), number in repository.jobs(kinds).items():
        yield Sample(families.JOBS, (kind, state), number)
    for kind in kinds:
        due = repository.oldest_due(kind, now)
        yield Sample(families.JOBS_AGE, (kind,), _age(due, now) if due else 0)
    for one in repository.failing():
        fate = "aside" if one.state == ASIDE else "again"
        yield Sample(families.JOBS_FAILING, (one.kind, one.code, fate), one.number)


def _ledger(repository: WatchRepository, size: int, now: datetime) -> Iterator[Sample]:
    covered = repository.checkpoint()
    yield Sample(families.LEDGER, (), size)
    yield Sample(families.LEDGER_LAG, (), size - (covered[0] if covered else 0))
    if covered:
        yield Sample(families.CHECKPOINT_AGE, (), _age(covered[1], now))


def _sources(repository: WatchRepository, sources: Iterable[Source], now: datetime) -> Iterator[Sample]:
    refused, gone = repository.arrivals(ArrivalStatus.REFUSED), repository.arrivals(ArrivalStatus.GONE)
    for source in sources:
        name = (source.name,)
        if source.location != IMPORTED:
            yield Sample(families.SOURCE_AGE, name, _age(source.last_success or source.created_at, now))
        yield Sample(families.SOURCE_FAILING, name, float(source.failure_code is not None))
        yield Sample(families.SOURCE_REFUSED, name, refused.get(source.name, 0))
        yield Sample(families.SOURCE_GONE, name, gone.get(source.name, 0))


def _age(since: datetime, now: datetime) -> float:
    """Seconds; none where the clocks of two hosts disagree about which was first."""
    return max(0.0, (now - since).total_seconds())
