"""Filing PDFs on the embedded default, everything on.

From the first document handed to intake until the last is durable, in the ledger and searchable. The archive runs as it
does for real: one coordinator with resident worker processes, started and warm before the clock starts.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from archive.settings import Settings
from benchmarks.floor import DOCUMENTS, documents_per_minute
from ingest.service import ADVANCE
from ingest.types import Summary
from ingest.worker import Runtime, build_runtime

NAME = "file-pdfs-embedded"
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 300.0


def measure(runs: int = 3) -> dict[str, object]:
    """Documents a minute and CPU seconds a document, medians of `runs`, with the ratio to the floor."""
    before = documents_per_minute(runs)
    rates, costs = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            rate, cost = _file(Path(folder) / "home")
            rates.append(rate)
            costs.append(cost)
    floor = statistics.mean((before, documents_per_minute(runs)))
    value = statistics.median(rates)
    return {
        "benchmark": NAME,
        "value": round(value),
        "unit": "documents/minute",
        "ratio_to_floor": round(value / floor, 3),
        "floor": round(floor),
        "cpu_seconds_per_document": round(statistics.median(costs), 4),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "documents": len(list(DOCUMENTS.glob("*.pdf"))),
        "end_point": "durable, in the ledger, searchable",
    }


def _file(home: Path) -> tuple[float, float]:
    juanzong = [str(Path(sys.executable).with_name("juanzong")), "--home", str(home)]
    subprocess.run([*juanzong, "init"], check=True, stdout=subprocess.DEVNULL)
    worker = subprocess.Popen([*juanzong, "worker"], start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        runtime = build_runtime(Settings.load({}, home))
        _warm(runtime)
        return _measured(runtime, worker.pid)
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
    _wait(lambda: jobs.pending() == 0)
    time.sleep(3)


def _measured(runtime: Runtime, worker: int) -> tuple[float, float]:
    paths = len(list(DOCUMENTS.glob("*.pdf")))
    intake, opener = runtime.ingest.intake, runtime.ingest.opener
    intake.register("bench", "folder", str(DOCUMENTS))
    cpu = _cpu(worker) + time.process_time()
    started = time.perf_counter()
    summary, _ = intake.sync("bench", opener)
    _require(summary, paths)
    _wait(lambda: runtime.kernel.jobs.pending() == 0 and _shown(runtime) == paths)
    elapsed = time.perf_counter() - started
    cost = (_cpu(worker) + time.process_time() - cpu) / paths
    return 60 * paths / elapsed, cost


def _shown(runtime: Runtime) -> int:
    with runtime.kernel.database.reading() as connection:
        return runtime.search.index.count() if runtime.search.service.lag(connection) == 0 else -1


def _require(summary: Summary, paths: int) -> None:
    if summary.captured != paths:
        raise RuntimeError(f"captured {summary.captured} of {paths}")


def _wait(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        if time.monotonic() > limit:
            raise TimeoutError("the archive did not get there")
        time.sleep(0.02)


def _cpu(root: int) -> float:
    """CPU seconds of a process and its living children, from /proc."""
    total, parents = 0.0, {root}
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        if pid in parents or int(fields[1]) in parents:
            parents.add(pid)
            total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total
