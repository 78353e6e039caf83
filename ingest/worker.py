"""The working processes: the only place where ingest meets search and access control.

A worker is built in a process of its own and takes jobs; nothing is kept in memory that the database does not know.
Kill any of them at any moment and start again. Who starts and replaces them is `ingest.coordinator`.
"""

import hashlib
import os
import signal
import socket
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

from access_control.wiring import AccessControl, build_access
from archive.errors import Conflict, Unavailable
from archive.jobs.port import ALL_LANES, Lane
from archive.jobs.table import TableJobQueue
from archive.jobs.worker import Handler, Worker
from archive.logs import log_to_stderr
from archive.settings import Settings
from archive.tracing import tracing
from archive.wiring import Kernel, build_kernel
from classifiers.personal_data import mask
from ingest.extractors.tika_server import TikaServer
from ingest.push.service import PUSH
from ingest.reconciliation.types import RECONCILE, REPORT
from ingest.verdicts.types import CHECK_AGAIN, CHECK_VOLUME
from ingest.verdicts.wiring import build_gate
from ingest.waking import ADVANCE, SYNC
from ingest.wiring import Ingest, build_ingest
from search.wiring import Ports, Search, build_search

LANES: Final = tuple(Lane)
_NOWHERE: Final = "0" * 64
_AGAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Runtime:
    """Everything one process needs, put together."""

    kernel: Kernel
    access: AccessControl
    search: Search
    ingest: Ingest

    def require_servers(self) -> None:
        """Ask everything the archive needs for an answer, before work is taken up.

        Raises:
            Unavailable: something does not answer; the sentence says what and how it is started.
        """
        self.kernel.database.ping()
        self.kernel.blobs.size(_NOWHERE)
        self.search.index.position()
        if self.kernel.broker is not None:
            self.kernel.broker.waiting(Lane.LIGHT)
        if self.kernel.settings.extraction.tika_url is not None:
            TikaServer(self.kernel.settings.extraction.tika_url).version()


def redact(text: str) -> str:
    """A text as the public may read it: personal data masked."""
    return mask(text).text


def build_runtime(settings: Settings) -> Runtime:
    """A runtime on a founded home. Raises as `build_kernel`."""
    kernel = build_kernel(settings, build_gate)
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
        try:
            runtime.ingest.intake.sync(name, runtime.ingest.opener)
        except Conflict as error:
            if error.code != "source-paused":
                raise
            # It was paused after this was asked for; resuming it asks again.
            return
        reconciliation.repairs.settle(name)

    def reconcile(name: str) -> None:
        reconciliation.service.reconcile(name)

    def report(day: str) -> None:
        reconciliation.daily.file(day)

    def check_again(record_id: str) -> None:
        runtime.ingest.verdicts.again.check(record_id)

    reconciliation = runtime.ingest.reconciliation
    return {
        ADVANCE: runtime.ingest.runner.advance,
        SYNC: sync,
        PUSH: runtime.ingest.push.joiner.join,
        RECONCILE: reconcile,
        REPORT: report,
        CHECK_AGAIN: check_again,
        CHECK_VOLUME: runtime.ingest.verdicts.volumes.settle,
    }


def work(settings: Settings, stay: bool, number: int) -> None:
    """The life of worker process `number`, which looks into the table of jobs, until it is asked to stop.

    It ends what it is at first. `stay` says that nobody waits for the end of the work.
    """
    log_to_stderr(settings.log.level, stays=stay, format=settings.log.format)
    stopped = threading.Event()

    def stop(signal_number: int, frame: FrameType | None) -> None:
        del signal_number, frame
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    with tracing(settings.watch.traces_url, "worker"):
        runtime = _built(settings, stopped)
        if runtime is not None:
            worker = build_worker(runtime, worker_name(settings.home, number), _lanes(number, settings.jobs.workers))
            worker.run_for_ever(lambda: not stopped.is_set(), _looking_pause(settings))
            runtime.ingest.examiner.close()


def serve_lane(settings: Settings, stay: bool, number: int) -> None:
    """The life of the process that serves one lane of a broker, with worker processes of its own."""
    log_to_stderr(settings.log.level, stays=stay, format=settings.log.format)
    # Celery says goodbye on standard output, which belongs to the answers of whoever started us.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from archive.jobs.celery import CeleryQueues  # noqa: PLC0415 - loads long, and only this process serves

    def build(name: str) -> tuple[Worker, TableJobQueue]:
        runtime = build_runtime(settings)
        # For as long as the forked process lives: whoever ends it does not ask.
        ExitStack().enter_context(tracing(settings.watch.traces_url, "worker"))
        return build_worker(runtime, name), runtime.kernel.jobs

    lane = LANES[number - 1]
    # Recordings and whole sources take memory and time: one of each at once, and everything else for notices.
    processes = settings.jobs.workers if lane is Lane.LIGHT else 1
    CeleryQueues(settings.jobs.url).serve(lane, processes, lane_name(settings.home, lane), build)


def build_worker(runtime: Runtime, name: str, lanes: frozenset[Lane] = ALL_LANES) -> Worker:
    """A worker of this name over a runtime."""
    beat = runtime.kernel.settings.jobs.lease_seconds / 3
    return Worker(name, runtime.kernel.jobs, handlers(runtime), beat, lanes)


def _built(settings: Settings, stopped: threading.Event) -> Runtime | None:
    """A runtime as soon as it can be had; None if asked to stop before."""
    while not stopped.is_set():
        try:
            return build_runtime(settings)
        except Unavailable as error:
            structlog.get_logger().warning("worker.waits", code=error.code)
            stopped.wait(_AGAIN_SECONDS)
    return None


def _lanes(number: int, workers: int) -> frozenset[Lane]:
    """One worker keeps to notices, so that recordings and long readings never hold up all; a single one does all."""
    return frozenset({Lane.LIGHT}) if number == workers > 1 else ALL_LANES


def _looking_pause(settings: Settings) -> float:
    """Seconds between two looks into an empty table: a database of its own machine is asked more often."""
    return 0.05 if settings.database.url.startswith("sqlite") else 0.25


def host_name(home: Path) -> str:
    """How the names of all workers of this home on this machine begin."""
    # Names of hosts differ at their ends where machines are made from one pattern: the whole name counts.
    host = socket.gethostname()
    place = hashlib.sha256(f"{host}\0{home}".encode()).hexdigest()[:10]
    return f"{host[:24]}.{place}."


def worker_name(home: Path, number: int) -> str:
    """The name under which worker `number` of a home holds its leases."""
    return f"{host_name(home)}{number:03d}"


def lane_name(home: Path, lane: Lane) -> str:
    """How the names of workers that serve a lane begin; the number of their process follows."""
    return f"{host_name(home)}{lane}-"
