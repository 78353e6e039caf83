"""Worker processes of this machine. They start fresh (spawn), build what they need once, and die with their parent."""

import ctypes
import multiprocessing
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.process import BaseProcess

from archive.errors import Unavailable

_PR_SET_PDEATHSIG = 1
_MOST_BARREN = 5
_BARREN_SECONDS = 60.0
_GRACE_SECONDS = 30.0
_MOST_DATA = 4 << 30
"""Bytes of memory of its own that a worker may take: a hostile file ends one process, not the machine."""


class Pool:
    """`count` processes that each run `target(*arguments, number)`, numbered from 1."""

    def __init__(self, target: Callable[..., None], arguments: tuple[object, ...], count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._target = target
        self._arguments = arguments
        self._barren: deque[float] = deque()
        self._processes = {number: self._process(number) for number in range(1, count + 1)}

    def _process(self, number: int) -> BaseProcess:
        arguments = (os.getpid(), self._target, (*self._arguments, number))
        return self._context.Process(target=_child, args=arguments, name=f"worker-{number}")

    def start(self) -> None:
        """Start them all."""
        for process in self._processes.values():
            process.start()

    def alive(self) -> int:
        """How many still run."""
        return sum(process.is_alive() for process in self._processes.values())

    def replace_dead(self, bury: Callable[[int, int], int]) -> None:
        """Start another for each that ended, in whatever way: as long as the pool works, none of them should.

        `bury` is told its number and exit code first, and says how many jobs died with it.

        Raises:
            Unavailable: within a minute one after the other ends before it has taken a job (`workers-dying`).
        """
        for number, process in self._processes.items():
            if process.exitcode is None:
                continue
            now = time.monotonic()
            if bury(number, process.exitcode):
                self._barren.clear()
            else:
                self._barren.append(now)
            while self._barren and now - self._barren[0] > _BARREN_SECONDS:
                self._barren.popleft()
            if len(self._barren) > _MOST_BARREN:
                raise Unavailable("workers-dying", exit_code=process.exitcode)
            self._processes[number] = self._process(number)
            self._processes[number].start()

    def stop(self) -> None:
        """Ask all to end and wait for what they are at; what takes too long is ended, and found again by its lease."""
        for process in self._processes.values():
            if process.is_alive():
                process.terminate()
        limit = time.monotonic() + _GRACE_SECONDS
        for process in self._processes.values():
            process.join(max(0.0, limit - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _child(parent: int, target: Callable[..., None], arguments: tuple[object, ...]) -> None:
    if not die_with(parent):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _MOST_DATA if hard == resource.RLIM_INFINITY else min(_MOST_DATA, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*arguments)


def die_with(parent: int) -> bool:
    """Let this process be killed when `parent`, which started it, is gone; False if it is gone already.

    A killed parent must not leave workers behind that write beside its successor; only Linux knows this call.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent
