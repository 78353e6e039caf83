"""One worker: claims a job, hands its key to the handler of its kind, and tells the queue how it ended.

What the archive itself needs may be away for a while: its database, its store, a server that reads files. Then jobs
wait without being to blame, and the worker rests longer each time, so that whoever comes back is not run over.
"""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from archive.errors import ArchiveError, Unavailable
from archive.jobs.port import ALL_LANES, Job, JobQueue, Lane
from archive.messages import render
from archive.tracing import span

Handler = Callable[[str], None]

_PAUSE_SECONDS = 0.05
_FIRST_REST = 0.25
_LONGEST_REST = 4.0


class Worker:
    """Works through `lanes` of the queue with `handlers` by kind.

    `beat_seconds` is how often a long job extends its lease.
    """

    def __init__(
        self,
        name: str,
        queue: JobQueue,
        handlers: Mapping[str, Handler],
        beat_seconds: float,
        lanes: frozenset[Lane] = ALL_LANES,
    ) -> None:
        self._name = name
        self._queue = queue
        self._handlers = handlers
        self._beat = beat_seconds
        self._lanes = lanes
        self._rest = 0.0
        self._log = structlog.get_logger().bind(worker=name)

    def run_until_idle(self, alive: Callable[[], bool] = lambda: True) -> int:
        """Work until no job waits or is leased anywhere, or `alive` says no; the number of jobs done here."""
        done = 0
        while alive():
            if self.run_one():
                done += 1
            elif self._queue.pending() == 0:
                break
            else:
                time.sleep(_PAUSE_SECONDS)
        return done

    def run_for_ever(self, alive: Callable[[], bool], pause_seconds: float = 0.1) -> None:
        """Work as jobs come, until `alive` says no."""
        while alive():
            if not self.run_one():
                time.sleep(pause_seconds)

    def run_one(self) -> bool:
        """Do the next job, if one is due; False too where the queue does not answer."""
        return self._run(lambda: self._queue.claim(self._name, frozenset(self._handlers), self._lanes))

    def run_job(self, job_id: str) -> bool:
        """Do this job, if it is due and nobody is at it. Its lane was chosen by whoever was woken."""
        return self._run(lambda: self._queue.take(self._name, job_id))

    def _run(self, claim: Callable[[], Job | None]) -> bool:
        try:
            job = claim()
            if job is None:
                return False
            with _Heartbeat(self._queue, job, self._beat, self._log):
                away = self._work(job)
        except Unavailable as error:
            # Nothing could be told to the queue: the job is found again when its lease has run out.
            self._log.warning("queue.away", code=error.code, detail=error.params.get("detail"))
            away = True
        if away:
            self._rest = min(max(self._rest * 2, _FIRST_REST), _LONGEST_REST)
            time.sleep(self._rest)
        else:
            self._rest = 0.0
        return not away

    def _work(self, job: Job) -> bool:
        """Do a job; whether something that all work needs was away."""
        try:
            with span("job", kind=job.kind, key=job.key, attempt=job.attempt):
                self._handlers[job.kind](job.key)
        except Unavailable as error:
            self._queue.postpone(job, error.code, error.message())
            self._log.warning("job.postponed", kind=job.kind, key=job.key, code=error.code)
            return True
        except ArchiveError as error:
            self._failed(job, error.code, error.message(), retryable=error.retryable)
        except Exception as error:  # noqa: BLE001 - our own defect: the job keeps it and comes again
            self._log.exception("job.crashed", kind=job.kind, key=job.key)
            self._failed(
                job,
                "job-crashed",
                render("job-crashed", {"detail": f"{type(error).__name__}: {error}"}),
                retryable=True,
            )
        else:
            self._queue.complete(job)
        return False

    def _failed(self, job: Job, code: str, message: str, *, retryable: bool) -> None:
        if retryable:
            retryable = self._queue.retry(job, code, message)
        else:
            self._queue.set_aside(job, code, message)
        self._log.warning("job.failed", kind=job.kind, key=job.key, code=code, again=retryable)


class _Heartbeat:
    """Extends the lease of a job from a thread for as long as the block lasts."""

    def __init__(self, queue: JobQueue, job: Job, seconds: float, log: structlog.typing.FilteringBoundLogger) -> None:
        self._queue = queue
        self._job = job
        self._seconds = seconds
        self._log = log
        self._over = threading.Event()
        self._timer: threading.Thread | None = None

    def __enter__(self) -> None:
        self._timer = threading.Thread(target=self._beat, daemon=True)
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        del exception
        self._over.set()

    def _beat(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                self._queue.heartbeat(self._job)
            except ArchiveError as error:
                # Tried again at the next beat; if none succeeds the lease runs out and another worker takes over.
                self._log.warning("job.heartbeat-failed", kind=self._job.kind, key=self._job.key, code=error.code)
