"""Filing real PDFs through a whole archive: one coordinator with resident workers, warm before the clock starts.

From the first document handed to intake until the last is durable, in the ledger and searchable.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from archive.settings import Settings, environment
from benchmarks.floor import DOCUMENTS
from ingest.types import Summary
from ingest.waking import ADVANCE
from ingest.worker import Runtime, build_runtime

END_POINT = "durable, in the ledger, searchable"
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 900.0


@dataclass(frozen=True)
class Filed:
    """What filing once came to: documents a minute, CPU seconds a document of our own processes and of each server.

    `megabytes` is the most that our own processes took together (proportional set size).
    """

    rate: float
    cost: float
    megabytes: float
    servers: Mapping[str, float] = field(default_factory=dict)


def file_documents(
    home: Path, settings: Mapping[str, str], servers: Mapping[str, int] | None = None, folder: Path = DOCUMENTS
) -> Filed:
    """File every PDF of `folder` in a new home; `servers` are the processes whose CPU time is counted apart."""
    with working(home, settings) as (runtime, worker):
        _warm(runtime)
        return _measured(runtime, worker, dict(servers or {}), folder)


@contextmanager
def working(home: Path, settings: Mapping[str, str]) -> Iterator[tuple[Runtime, int]]:
    """A new home with its coordinator at work: a runtime on it, and the coordinator's process number."""
    juanzong = [str(Path(sys.executable).with_name("juanzong")), "--home", str(home)]
    environ = {**environment(), **settings}
    subprocess.run([*juanzong, "init"], check=True, stdout=subprocess.DEVNULL, env=environ)
    with home.with_suffix(".log").open("wb") as log:
        worker = subprocess.Popen([*juanzong, "worker"], start_new_session=True, stderr=log, env=environ)
    try:
        runtime = build_runtime(Settings.load(settings, home))
        yield runtime, worker.pid
        runtime.kernel.close()
    finally:
        worker.terminate()
        worker.wait()


def _warm(runtime: Runtime) -> None:
    """Let every worker process come up: each takes a job of a record that does not exist and sets it aside."""
    jobs = runtime.kernel.jobs
    wanted = runtime.kernel.settings.jobs.workers * 4
    with runtime.kernel.database.writing() as uow:
        for number in range(wanted):
            jobs.enqueue(uow, ADVANCE, f"nobody-{number}")
    wait(lambda: jobs.pending() == 0)
    time.sleep(3)


def _measured(runtime: Runtime, worker: int, servers: dict[str, int], folder: Path) -> Filed:
    paths = len(list(folder.glob("*.pdf")))
    there = runtime.search.index.count()
    intake, opener = runtime.ingest.intake, runtime.ingest.opener
    runtime.ingest.sources.register(f"bench-{folder.name}", "folder", str(folder))
    cpu = cpu_seconds([worker]) + time.process_time()
    before = {name: cpu_seconds([pid]) for name, pid in servers.items()}
    with _most_memory(worker) as memory:
        started = time.perf_counter()
        summary, _ = intake.sync(f"bench-{folder.name}", opener)
        _require(summary, paths)
        wait(lambda: runtime.kernel.jobs.pending() == 0 and _shown(runtime) == there + paths)
        elapsed = time.perf_counter() - started
    cost = (cpu_seconds([worker]) + time.process_time() - cpu) / paths
    shares = {name: (cpu_seconds([pid]) - before[name]) / paths for name, pid in servers.items()}
    return Filed(60 * paths / elapsed, cost, memory[0], shares)


def _shown(runtime: Runtime) -> int:
    with runtime.kernel.database.reading() as connection:
        return runtime.search.index.count() if runtime.search.service.lag(connection) == 0 else -1


def _require(summary: Summary, paths: int) -> None:
    if summary.captured != paths:
        raise RuntimeError(f"captured {summary.captured} of {paths}")


def wait(done: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it took too long.
    """
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        if time.monotonic() > limit:
            raise TimeoutError("the archive did not get there")
        time.sleep(0.02)


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU seconds of processes and their living descendants, from /proc."""
    return sum(_spent(pid) for pid in below(roots))


def below(roots: Iterable[int]) -> set[int]:
    """Processes and everything they started that still runs."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _spent(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def _most_memory(worker: int) -> Iterator[list[float]]:
    """The most that this process and the workers took together while the block lasted, in megabytes."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            most[0] = max(most[0], sum(_proportional(pid) for pid in below([worker, os.getpid()])) / 1000)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield most
    over.set()
    thread.join()


def _proportional(pid: int) -> float:
    """Kilobytes of a process, memory it shares with others counted by its share."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return float(line.split()[1])
    except OSError:
        return 0.0
    return 0.0
