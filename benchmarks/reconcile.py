"""Reconciling a source of 100,000 documents of which one is missing, one extra and one changed by a byte.

The floor is the list alone: laid down on disk, sorted and read back, with nothing to compare it to.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from archive.settings import Settings
from archive.wiring import Kernel, build_kernel, found
from ingest.connectors.port import Listed, Stated
from ingest.reconciliation.spool import Spool
from ingest.reconciliation.types import Run
from ingest.sources.model import arrival
from ingest.sources.service import IMPORTED
from ingest.verdicts.wiring import build_gate
from ingest.wiring import build_ingest

NAME = "reconcile-100k"
SOURCE = "bench"
_DOCUMENTS = 100_000
_BATCH = 5_000
_MISSING, _CHANGED = 31_337, 65_537
_FIRST = date(2024, 1, 1)
_SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def measure() -> dict[str, object]:
    """Seconds and peak memory in a process of its own, and what was found."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        _prepare(home)
        started = time.perf_counter()
        floor = _floor(Path(folder))
        floor_seconds = time.perf_counter() - started
        child = [sys.executable, "-m", "benchmarks.reconcile", str(home)]
        done = subprocess.run(child, capture_output=True, text=True, check=True)
        seconds, before, peak, *kinds = done.stdout.split()
    assert floor == _DOCUMENTS
    return {
        "benchmark": NAME,
        "value": round(float(seconds), 2),
        "unit": "s",
        "ratio_to_floor": round(floor_seconds / float(seconds), 3),
        "floor": round(floor_seconds, 2),
        "floor_is": "the list laid down on disk, sorted and read back",
        "documents": _DOCUMENTS,
        "found": kinds,
        "peak_mib": round(int(peak) / 1024, 1),
        "peak_above_start_mib": round((int(peak) - int(before)) / 1024, 1),
    }


def listing() -> Iterator[Listed]:
    """What the source says it has: one document that was never taken in, one whose digest differs, one less."""
    for number in range(_DOCUMENTS):
        changed = number == _CHANGED
        yield Listed(_name(number), _stated(number, "f" if changed else "0"))


def _name(number: int) -> str:
    return f"A01-{number:07d}"


def _stated(number: int, last: str) -> Stated:
    digest = f"sha256:{number:063x}{last}"
    return Stated("503", _FIRST + timedelta(days=number % 700), None, 1_000 + number % 97, digest)


def _prepare(home: Path) -> None:
    kernel = _kernel(home, new=True)
    build_ingest(kernel).sources.register(SOURCE, "notices", IMPORTED)
    numbers = [number for number in range(_DOCUMENTS + 1) if number != _MISSING]
    for start in range(0, len(numbers), _BATCH):
        with kernel.database.writing() as uow:
            uow.connection.execute(insert(arrival), [_row(number) for number in numbers[start : start + _BATCH]])
    kernel.close()


def _row(number: int) -> dict[str, object]:
    stated = _stated(number, "0")
    return {
        "source": SOURCE,
        "external_id": _name(number),
        "status": "captured",
        "record_id": f"rec_{number:026d}",
        "fingerprint": "",
        "first_seen": _SEEN,
        "last_seen": _SEEN,
        "checked_at": _SEEN,
        "since": _SEEN,
        "tries": 0,
        "data_set": stated.data_set,
        "day": stated.day,
        "size": stated.size,
        "digest": stated.digest,
        "superseded": [],
    }


def _kernel(home: Path, *, new: bool = False) -> Kernel:
    settings = Settings.load({}, home)
    if new:
        found(settings)
    return build_kernel(settings, build_gate)


def _floor(folder: Path) -> int:
    place = folder / "floor"
    place.mkdir()
    spool = Spool(place)
    spool.fill(listing())
    return sum(1 for _ in spool.read())


def _reconcile(home: Path) -> None:
    kernel = _kernel(home)
    service = build_ingest(kernel).reconciliation.service
    # The peak of getting ready is forgotten: what counts is how far the run itself goes beyond where it began.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _memory("VmRSS")
    started = time.perf_counter()
    run: Run = service.hand_in(SOURCE, listing())
    seconds = time.perf_counter() - started
    differing = [f"{found.kind}:{found.external_id}" for found in service.differences(SOURCE)]
    assert run.counts["listed"] == _DOCUMENTS
    print(seconds, before, _memory("VmHWM"), *differing)
    kernel.close()


def _memory(name: str) -> int:
    """Of this process alone, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    from archive.logs import log_to_stderr

    log_to_stderr("warning", stays=True, format="text")
    _reconcile(Path(sys.argv[1]))
