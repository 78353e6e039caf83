"""Worker processes of this machine. They start fresh (spawn), build what they need once, and die with their parent."""

import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess

_PR_SET_PDEATHSIG = 1


class Pool:
    """`count` processes that each run `target(*arguments, number)`, numbered from 1."""

    def __init__(self, target: Callable[..., None], arguments: tuple[object, ...], count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._target = target
        self._arguments = arguments
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

    def replace_dead(self, bury: Callable[[int, int], None]) -> None:
        """Start another for each that ended by force or by error; `bury` is told its number and exit code first."""
        for number, process in self._processes.items():
            if process.exitcode:
                bury(number, process.exitcode)
                self._processes[number] = self._process(number)
                self._processes[number].start()

    def stop(self) -> None:
        """Ask all to end, and wait."""
        for process in self._processes.values():
            if process.is_alive():
                process.terminate()
            process.join()


def _child(parent: int, target: Callable[..., None], arguments: tuple[object, ...]) -> None:
    # A killed parent must not leave workers behind that write beside its successor; only Linux knows this call.
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*arguments)
