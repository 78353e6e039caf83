"""One worker: claims a job, hands its key to the handler of its kind, and tells the queue how it ended."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from archive.errors import ArchiveError
from archive.jobs.port import Job, JobQueue
from archive.messages import render

Handler = Callable[[str], None]

_PAUSE_SECONDS = 0.05


class Worker:
    """Works through the queue with `handlers` by kind. `beat_seconds` is how often a long job extends its lease."""

    def __init__(self, name: str, queue: JobQueue, handlers: Mapping[str, Handler], beat_seconds: float) -> None:
        self._name = name
        self._queue = queue
        self._handlers = handlers
        self._beat = beat_seconds
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
        """Do the next job, if one is due."""
        job = self._queue.claim(self._name, frozenset(self._handlers))
        if job is None:
            return False
        with _Heartbeat(self._queue, job, self._beat, self._log):
            self._work(job)
        return True

    def _work(self, job: Job) -> None:
        try:
            self._handlers[job.kind](job.key)
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
