"""Getting everything done: one coordinator per home on each host, and one leader among them.

A coordinator starts worker processes and replaces those that die. The leader also does what is to be done once: it
feeds the search index, has sources read, closes volumes when all is quiet, publishes checkpoints, finds work that was
lost and sends again the wake-ups that a broker lost. What does not answer is waited for.
"""

import fcntl
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import structlog

from archive.authorization import SYSTEM_ACTOR
from archive.db.leading import Leadership
from archive.errors import ArchiveError, Conflict, Unavailable
from archive.jobs.pool import Pool
from archive.ledger.follower import follow
from archive.volumes.closing import Swept
from ingest.repository import OutcomeRepository
from ingest.waking import wake_records
from ingest.worker import LANES, Runtime, host_name, lane_name, serve_lane, work, worker_name

_FOLLOW_BATCH = 1000
_MOST_SENT = 1000
_TICK_SECONDS = 0.2
_SEND_SECONDS = 1.0
_LOOK_SECONDS = 5.0
_RECONCILE_SECONDS = 60.0
_AGAIN_SECONDS = 1.0
_QUIET_SECONDS = 30.0
_PUBLISH_SECONDS = 60.0
# Every record is looked at: rarely, since what it finds was lost by an accident.
_SWEEP_SECONDS = 600.0
_TIDY_SECONDS = 6 * 3600.0
# Longer than any upload takes: an import may be writing beside us.
_ABANDONED = timedelta(days=2)


@dataclass(frozen=True)
class Progress:
    """How far a run is: jobs still waiting, and ledger entries that search has taken in."""

    pending: int
    indexed: int


_Answer = TypeVar("_Answer")
Watcher = Callable[[Progress], None]


@dataclass
class _Last:
    """When the leader last did what it does from time to time, on the clock that never goes back."""

    busy: float = field(default_factory=time.monotonic)
    published: float = field(default_factory=time.monotonic)
    swept: float = field(default_factory=time.monotonic)
    sent: float = -math.inf
    read: float = -math.inf
    reconciled: float = -math.inf
    tidied: float = -math.inf
    uploaded: float = -math.inf
    reported: float = -math.inf
    rechecked: float = -math.inf


class Coordinator:
    """Gets everything done that can be done, with as many worker processes as the settings say."""

    def __init__(self, runtime: Runtime, watcher: Watcher | None = None) -> None:
        self._runtime = runtime
        self._kernel = runtime.kernel
        self._settings = runtime.kernel.settings
        self._leadership = Leadership(self._kernel.database, self._settings.home / "lead.lock")
        self._watch = watcher
        self._indexed = 0
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Work until nothing is left to do: sources asked for are read, records go as far as they can, volumes close.

        Raises:
            Conflict: another process works on this home or leads this archive.
            Unavailable: something does not answer before the work has begun.
        """
        self._runtime.require_servers()
        with self._working(), self._leading():
            self._take_up()
            # Whoever asks for a run asks for another try of what was set aside.
            self._kernel.jobs.revive()
            closed: Swept | None = None
            while closed is None or closed.closed or self.patiently(self._kernel.jobs.pending):
                self._drain()
                self.patiently(self._follow)
                closed = self.patiently(lambda: self._kernel.closing.sweep(SYSTEM_ACTOR))
                self.patiently(self._runtime.ingest.verdicts.volumes.request_due)
                self.patiently(self._follow)
            self.patiently(self._kernel.integrator.publish)

    def stay(self, stopped: threading.Event) -> None:
        """Work as long as nobody says stop, and lead whenever nobody else does.

        Raises:
            Conflict: another process works on this home.
            Unavailable: something does not answer before the work has begun, or workers die as soon as they start.
        """
        self._runtime.require_servers()
        with self._working():
            pool = self._pool(stay=True)
            pool.start()
            last: _Last | None = None
            try:
                while not stopped.wait(_TICK_SECONDS):
                    pool.replace_dead(self._bury)
                    last = self._tick(last)
            finally:
                pool.stop()
                self._leadership.release()

    def _tick(self, last: _Last | None) -> _Last | None:
        """Do what a leader does, if we lead; what was remembered of the last time."""
        if not self._leadership.held():
            return None
        if last is None:
            self._log.info("lead.taken")
            last = _Last()
            self._duty("sweep", self.sweep)
        self._duty("follow", self._follow_once)
        for name, moment, seconds, act in self._duties():
            now = time.monotonic()
            if now - getattr(last, moment) > seconds:
                # Set first: what fails is tried at its next time, and keeps nothing else waiting.
                setattr(last, moment, now)
                self._duty(name, act)
        if self._duty("look", self._kernel.jobs.busy) is not False:
            last.busy = time.monotonic()
        return last

    def _duties(self) -> tuple[tuple[str, str, float, Callable[[], object]], ...]:
        """What is done from time to time: its name, where its last time is kept, seconds in between, and how."""
        kernel = self._kernel
        return (
            ("send", "sent", _SEND_SECONDS, self._send_again),
            ("read", "read", _LOOK_SECONDS, self._runtime.ingest.sources.request_due),
            ("reconcile", "reconciled", _RECONCILE_SECONDS, self._runtime.ingest.reconciliation.daily.request_due),
            # Numbers are for whole material: nobody closes volumes in the middle of a delivery.
            ("close", "busy", _QUIET_SECONDS, lambda: kernel.closing.sweep(SYSTEM_ACTOR)),
            ("report", "reported", _QUIET_SECONDS, self._runtime.ingest.verdicts.volumes.request_due),
            ("recheck", "rechecked", _SWEEP_SECONDS, self._runtime.ingest.verdicts.again.request_due),
            ("publish", "published", _PUBLISH_SECONDS, kernel.integrator.publish),
            ("sweep", "swept", _SWEEP_SECONDS, self.sweep),
            ("uploads", "uploaded", _SWEEP_SECONDS, self._runtime.ingest.uploads.sweep),
            ("tidy", "tidied", _TIDY_SECONDS, lambda: kernel.blobs.sweep(kernel.clock.now() - _ABANDONED)),
        )

    def _duty(self, name: str, act: Callable[[], object]) -> object:
        """Do one thing that a leader does; what it gave, None where it failed, which keeps no other thing waiting."""
        try:
            return act()
        except ArchiveError as error:
            say = self._log.warning if isinstance(error, Unavailable) else self._log.error
            say("lead.failed", duty=name, code=error.code, detail=error.params.get("detail"))
            return None

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Be the only coordinator of this home; whatever its former one's workers held is given back."""
        with run_lock(self._settings.home):
            self._kernel.jobs.release_stopped(host_name(self._settings.home))
            yield

    @contextmanager
    def _leading(self) -> Iterator[None]:
        if not self._leadership.held():
            raise Conflict("run-busy", home=str(self._settings.home))
        try:
            yield
        finally:
            self._leadership.release()

    def _take_up(self) -> None:
        """Take up what an earlier process left: half-written bytes, records on their way."""
        self._kernel.blobs.sweep(self._kernel.clock.now() - _ABANDONED)
        self._runtime.ingest.uploads.sweep()
        self.sweep()

    def sweep(self) -> int:
        """Find records that still have a step before them and wake the pipeline for each; how many."""
        with self._kernel.database.reading() as connection:
            unfinished = OutcomeRepository(connection).unfinished(self._runtime.ingest.graph.versions())
        for start in range(0, len(unfinished), _FOLLOW_BATCH):
            with self._kernel.database.writing() as uow:
                wake_records(uow, self._kernel.jobs, unfinished[start : start + _FOLLOW_BATCH])
        return len(unfinished)

    def _pool(self, *, stay: bool) -> Pool:
        if self._kernel.broker is not None:
            return Pool(serve_lane, (self._settings, stay), len(LANES))
        return Pool(work, (self._settings, stay), self._settings.jobs.workers)

    def patiently(self, act: Callable[[], _Answer]) -> _Answer:
        """Do something as soon as what it needs answers: work that has begun is not given up."""
        while True:
            try:
                return act()
            except Unavailable as error:
                self._log.warning("run.waits", code=error.code, detail=error.params.get("detail"))
                time.sleep(_AGAIN_SECONDS)

    def _drain(self) -> None:
        if not self.patiently(self._kernel.jobs.pending):
            return
        pool = self._pool(stay=False)
        pool.start()
        sent = -math.inf
        try:
            while True:
                time.sleep(_TICK_SECONDS)
                pool.replace_dead(self._bury)
                pending = self.patiently(self._kernel.jobs.pending)
                if time.monotonic() - sent > _SEND_SECONDS:
                    self.patiently(self._send_again)
                    sent = time.monotonic()
                self._follow_if_it_answers()
                if self._watch is not None:
                    self._watch(Progress(pending, self._indexed))
                if not pending:
                    return
        finally:
            pool.stop()

    def _bury(self, number: int, exit_code: int) -> int:
        self._log.error("worker.died", worker=number, exit_code=exit_code)
        home = self._settings.home
        name = worker_name(home, number) if self._kernel.broker is None else lane_name(home, LANES[number - 1])
        try:
            return self._kernel.jobs.release_dead(name)
        except Unavailable:
            # Its leases run out by themselves. That it held none is not known, so it does not count as barren.
            return 1

    def _send_again(self) -> None:
        """Bring the broker's messages up to the jobs that wait for one: it may have lost some, or been away."""
        broker = self._kernel.broker
        if broker is None:
            return
        for lane, job_ids in self._kernel.jobs.due(_MOST_SENT).items():
            missing = len(job_ids) - broker.waiting(lane) if job_ids else 0
            if missing > 0:
                broker.wake(lane, job_ids[:missing])

    def _follow(self) -> None:
        """Bring the index to the head of the ledger."""
        while self._follow_once():
            pass

    def _follow_once(self) -> int:
        """Bring the index a batch further; how many entries, 0 at the head."""
        applied = follow(self._kernel.database, self._runtime.search.projector, _FOLLOW_BATCH)
        self._indexed += applied
        return applied

    def _follow_if_it_answers(self) -> None:
        try:
            self._follow_once()
        except Unavailable as error:
            # The index may be rebuilt just now, or be away. It is derived: it catches up, and shows its lag.
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
