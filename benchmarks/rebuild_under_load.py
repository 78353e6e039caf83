"""Building the index anew while readers ask: no error, and never an answer with less than there is."""

import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from archive.authorization import PUBLIC_ACTOR
from archive.errors import ArchiveError
from archive.settings import Settings
from benchmarks.servers import new_archive, stocked_home
from benchmarks.stock import fill
from ingest.worker import Runtime, build_runtime
from search.types import Query

NAME = "rebuild-under-load"
_RECORDS = 100_000
_QUERIES_A_SECOND = 20
_QUESTIONS = ("中标候选人", "公告", "道路 工程", "采购", "终止")


@dataclass
class _Asked:
    """What readers met with: seconds of each answer, errors, and answers that were shorter than before."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    short: int = 0


def measure() -> dict[str, object]:
    """Seconds of a rebuild with readers, and what the readers met with."""
    settings = new_archive()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        stocked_home(home, settings)
        runtime = build_runtime(Settings.load(settings, home))
        records = fill(runtime.kernel, _RECORDS)
        first = _rebuild(runtime)
        totals = {text: _total(runtime, text) for text in _QUESTIONS}
        asked, over = _Asked(), threading.Event()
        readers = [threading.Thread(target=_ask, args=(runtime, totals, asked, over)) for _ in range(4)]
        for reader in readers:
            reader.start()
        seconds = _rebuild(runtime)
        over.set()
        for reader in readers:
            reader.join()
        runtime.kernel.close()
    return {
        "benchmark": NAME,
        "value": round(seconds, 1),
        "unit": "s",
        "records": records,
        "documents_per_second": round(records / seconds),
        "seconds_without_readers": round(first, 1),
        "queries": len(asked.times),
        "queries_per_second": round(len(asked.times) / seconds, 1),
        "errors": len(asked.errors),
        "short_answers": asked.short,
        "p95_ms": round(statistics.quantiles(asked.times, n=20)[-1] * 1000, 1),
        "found": totals,
    }


def _rebuild(runtime: Runtime) -> float:
    started = time.perf_counter()
    runtime.search.rebuilder.rebuild()
    return time.perf_counter() - started


def _total(runtime: Runtime, text: str) -> int:
    return runtime.search.service.search(PUBLIC_ACTOR, Query(text=text)).total


def _ask(runtime: Runtime, totals: dict[str, int], asked: _Asked, over: threading.Event) -> None:
    pause = 4 / _QUERIES_A_SECOND
    while True:
        for text, expected in totals.items():
            started = time.perf_counter()
            try:
                found = _total(runtime, text)
            except ArchiveError as error:
                asked.errors.append(error.code)
            else:
                asked.short += found != expected
            spent = time.perf_counter() - started
            asked.times.append(spent)
            if over.wait(max(0.0, pause - spent)):
                return
