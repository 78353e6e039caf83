"""What looking into a document costs: every stage and every check of files, malware scanner and veraPDF left out.

Measured is one process with one bounded process beside it, warm, over the documents of the floor. The floor opens each
with pdfium in this process and takes its text, and does nothing else.
"""

import resource
import statistics
import time
from typing import Final

import pypdfium2

from archive.clock import SystemClock
from archive.settings import Settings, environment
from benchmarks.floor import DOCUMENTS
from ingest.checks.loose_files import FileLooker
from ingest.wiring import build_looker

NAME: Final = "examination"
_RUNS: Final = 3


def measure() -> dict[str, object]:
    """Documents and checks a second, milliseconds of the processor a document in both processes, verdicts."""
    clock = SystemClock()
    looker = build_looker(Settings.load(environment()))
    try:
        _look(looker, clock)
        ours = resource.getrusage(resource.RUSAGE_SELF)
        runs = [_look(looker, clock) for _ in range(_RUNS)]
        spent = _seconds(resource.getrusage(resource.RUSAGE_SELF)) - _seconds(ours)
    finally:
        looker.close()
    # What the bounded process has used is known once it has ended; its start counts too.
    inside = _seconds(resource.getrusage(resource.RUSAGE_CHILDREN))
    documents = len(list(DOCUMENTS.glob("*.pdf")))
    rate, floor = statistics.median(run[0] for run in runs), _floor()
    return {
        "benchmark": NAME,
        "value": round(rate, 1),
        "unit": "documents/s",
        "ratio_to_floor": round(rate / floor, 3),
        "floor": round(floor, 1),
        "checks_per_second": round(rate * runs[0][1] / documents),
        "cpu_ms_per_document": round(1000 * (spent / _RUNS + inside / (_RUNS + 1)) / documents, 1),
        "cpu_ms_inside": round(1000 * inside / (_RUNS + 1) / documents, 1),
        "verdicts": runs[0][2],
        "min": round(min(run[0] for run in runs), 1),
        "max": round(max(run[0] for run in runs), 1),
    }


def _look(looker: FileLooker, clock: SystemClock) -> tuple[float, int, dict[str, int]]:
    """Look at every document once: documents a second, checks in all, how many of each verdict."""
    started, checks = time.perf_counter(), 0
    verdicts: dict[str, int] = {}
    paths = sorted(DOCUMENTS.glob("*.pdf"))
    for path in paths:
        looked = looker.look(path, clock.now())
        checks += len(looked.results)
        verdicts[str(looked.ruling)] = verdicts.get(str(looked.ruling), 0) + 1
    return len(paths) / (time.perf_counter() - started), checks, verdicts


def _floor() -> float:
    started, paths = time.perf_counter(), sorted(DOCUMENTS.glob("*.pdf"))
    for path in paths:
        document = pypdfium2.PdfDocument(path.read_bytes())
        for page in document:
            page.get_textpage().get_text_bounded()
        document.close()
    return len(paths) / (time.perf_counter() - started)


def _seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime
