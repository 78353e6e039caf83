"""How filing with every real server scales: by worker processes, and by what the archive holds already."""

import tempfile
from pathlib import Path

from archive.settings import Settings
from benchmarks.filing import END_POINT, file_documents
from benchmarks.servers import new_archive, stocked_home
from benchmarks.stock import fill
from ingest.worker import build_runtime

NAME = "filing-scale"
_WORKERS = (1, 2, 4)
_STOCK = (10_000, 100_000)


def measure() -> dict[str, object]:
    """Documents a minute with 1, 2 and 4 workers on an empty archive, and with 2 on one that is full."""
    workers = {count: _filed(count, 0) for count in _WORKERS}
    stock = {count: _filed(2, count) for count in _STOCK}
    return {
        "benchmark": NAME,
        "value": workers[2],
        "unit": "documents/minute with 2 workers",
        "by_workers": workers,
        "by_records_already_in": stock,
        "end_point": END_POINT,
    }


def _filed(workers: int, stock: int) -> int:
    settings = new_archive() | {"ARCHIVE_WORKERS": str(workers)}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if stock:
            stocked_home(home, settings)
            runtime = build_runtime(Settings.load(settings, home))
            fill(runtime.kernel, stock)
            runtime.search.rebuilder.rebuild()
            runtime.kernel.integrator.publish()
            runtime.kernel.close()
        return round(file_documents(home, settings).rate)
