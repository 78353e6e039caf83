"""The working processes: the only place where ingest meets search and access control.

One coordinator per home holds the run lock, starts worker processes, replaces those that die, feeds the search index,
closes volumes when all is quiet, and publishes checkpoints. The workers take jobs. Nothing is kept in memory that the
database does not know: kill any of them at any moment and start again.
"""

import fcntl
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from access_control.wiring import AccessControl, build_access
from archive.authorization import SYSTEM_ACTOR
from archive.errors import Conflict, Unavailable
from archive.jobs.pool import Pool
from archive.jobs.worker import Handler, Worker
from archive.ledger.follower import follow
from archive.logs import log_to_stderr
from archive.settings import Settings
from archive.volumes.closing import Swept
from archive.wiring import Kernel, build_kernel
from classifiers.personal_data import mask
from ingest.repository import OutcomeRepository
from ingest.service import ADVANCE, SYNC
from ingest.wiring import Ingest, build_ingest
from search.wiring import Ports, Search, build_search

_FOLLOW_BATCH = 1000
_TICK_SECONDS = 0.2
_QUIET_SECONDS = 30.0
_PUBLISH_SECONDS = 60.0
# Longer than any upload takes: an import may be writing beside us.
_ABANDONED = timedelta(days=2)


@dataclass(frozen=True)
class Runtime:
    """Everything one process needs, put together."""

    kernel: Kernel
    access: AccessControl
    search: Search
    ingest: Ingest


def redact(text: str) -> str:
    """A text as the public may read it: personal data masked."""
    return mask(text).text


def build_runtime(settings: Settings) -> Runtime:
    """A runtime on a founded home. Raises as `build_kernel`."""
    kernel = build_kernel(settings)
    access = build_access(
        kernel.database,
        kernel.clock,
        kernel.ids,
        kernel.ledger,
        session_lifetime=timedelta(hours=settings.web.session_hours),
    )
    ports = Ports(kernel.database, kernel.ledger, access.authorizer, redact, settings.web.timezone, kernel.plan)
    return Runtime(kernel, access, build_search(settings.search.url, ports), build_ingest(kernel))


def handlers(runtime: Runtime) -> dict[str, Handler]:
    """What to do with each kind of job."""

    def sync(name: str) -> None:
        runtime.ingest.intake.sync(name, runtime.ingest.opener)

    return {ADVANCE: runtime.ingest.runner.advance, SYNC: sync}


def work(settings: Settings, stay: bool, number: int) -> None:
    """The life of worker process `number`: until idle, or, with `stay`, until it is stopped."""
    log_to_stderr(settings.log.level, stays=stay)
    runtime = build_runtime(settings)
    worker = Worker(worker_name(number), runtime.kernel.jobs, handlers(runtime), settings.jobs.lease_seconds / 3)
    if stay:
        worker.run_for_ever(lambda: True)
    else:
        worker.run_until_idle()


def worker_name(number: int) -> str:
    """The name under which worker `number` of this home's one coordinator holds its leases."""
    return f"worker-{number}"


@dataclass(frozen=True)
class Progress:
    """How far a run is: jobs still waiting, and ledger entries that search has taken in."""

    pending: int
    indexed: int


Watcher = Callable[[Progress], None]


class Coordinator:
    """Gets everything done that can be done, with as many worker processes as the settings say."""

    def __init__(self, runtime: Runtime, watcher: Watcher | None = None) -> None:
        self._runtime = runtime
        self._settings = runtime.kernel.settings
        self._watch = watcher
        self._indexed = 0
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Work until nothing is left to do: sources asked for are read, records go as far as they can, volumes close.

        Raises:
            Conflict: another process works on this home.
        """
        with run_lock(self._settings.home):
            self._start()
            # Whoever asks for a run asks for another try of what was set aside.
            self._runtime.kernel.jobs.revive()
            closed: Swept | None = None
            while closed is None or closed.closed or self._runtime.kernel.jobs.pending():
                self._drain()
                self._follow()
                closed = self._runtime.kernel.closing.sweep(SYSTEM_ACTOR)
                self._follow()
            self._runtime.kernel.integrator.publish()

    def stay(self, stopped: threading.Event) -> None:
        """Work as long as nobody says stop: read the sources at their interval, close volumes when all is quiet.

        Raises:
            Conflict: another process works on this home.
            Unavailable: worker processes die as soon as they start.
        """
        kernel = self._runtime.kernel
        with run_lock(self._settings.home):
            self._start()
            pool = Pool(work, (self._settings, True), self._settings.jobs.workers)
            pool.start()
            try:
                quiet = published = time.monotonic()
                read = -math.inf
                while not stopped.wait(_TICK_SECONDS):
                    pool.replace_dead(self._bury)
                    self._follow()
                    now = time.monotonic()
                    if now - read > self._settings.jobs.sync_minutes * 60:
                        self._runtime.ingest.intake.request_all()
                        read = now
                    if kernel.jobs.busy():
                        quiet = now
                    if now - quiet > _QUIET_SECONDS:
                        # Numbers are for whole material: nobody closes volumes in the middle of a delivery.
                        kernel.closing.sweep(SYSTEM_ACTOR)
                        self.sweep()
                        quiet = now
                    if now - published > _PUBLISH_SECONDS:
                        kernel.integrator.publish()
                        published = now
            finally:
                pool.stop()

    def _start(self) -> None:
        """Take up what an earlier process left: leases of dead workers, half-written bytes, records on their way."""
        kernel = self._runtime.kernel
        kernel.jobs.release_dead()
        kernel.blobs.sweep(kernel.clock.now() - _ABANDONED)
        self.sweep()

    def sweep(self) -> int:
        """Find records that still have a step before them and wake the pipeline for each; how many."""
        kernel = self._runtime.kernel
        with kernel.database.reading() as connection:
            unfinished = OutcomeRepository(connection).unfinished(self._runtime.ingest.graph.versions())
        for start in range(0, len(unfinished), _FOLLOW_BATCH):
            with kernel.database.writing() as uow:
                for record_id in unfinished[start : start + _FOLLOW_BATCH]:
                    kernel.jobs.enqueue(uow, ADVANCE, record_id)
        return len(unfinished)

    def _drain(self) -> None:
        jobs = self._runtime.kernel.jobs
        if not jobs.pending():
            return
        pool = Pool(work, (self._settings, False), self._settings.jobs.workers)
        pool.start()
        try:
            while pool.alive():
                time.sleep(_TICK_SECONDS)
                if jobs.pending():
                    pool.replace_dead(self._bury)
                self._follow()
                if self._watch is not None:
                    self._watch(Progress(jobs.pending(), self._indexed))
        finally:
            pool.stop()

    def _bury(self, number: int, exit_code: int) -> int:
        self._log.error("worker.died", worker=number, exit_code=exit_code)
        return self._runtime.kernel.jobs.release_dead(worker_name(number))

    def _follow(self) -> None:
        kernel = self._runtime.kernel
        try:
            while applied := follow(kernel.database, self._runtime.search.projector, _FOLLOW_BATCH):
                self._indexed += applied
        except Unavailable as error:
            # The index may be rebuilt just now. It is derived: it catches up at the next tick, and shows its lag.
            self._log.warning("search.behind", code=error.code)


@contextmanager
def run_lock(home: Path) -> Iterator[None]:
    """Hold the home for working. The lock is the operating system's: it ends with the process, however that ends.

    Raises:
        Conflict: another process holds it.
    """
    with (home / "run.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("run-busy", home=str(home)) from error
        yield
