"""Filing PDFs with PostgreSQL, MinIO, Elasticsearch, Tika and RabbitMQ on the same machine, everything on."""

import statistics
import tempfile
from pathlib import Path

from benchmarks.filing import END_POINT, Filed, file_documents
from benchmarks.floor import DOCUMENTS, documents_per_minute
from benchmarks.servers import new_archive, processes

NAME = "file-pdfs-services"


def measure(runs: int = 3) -> dict[str, object]:
    """Documents a minute, CPU seconds a document of our own and of each server, medians of `runs`."""
    before = documents_per_minute(runs)
    filed: list[Filed] = []
    for _ in range(runs):
        settings = new_archive()
        with tempfile.TemporaryDirectory() as folder:
            filed.append(file_documents(Path(folder) / "home", settings, processes()))
    floor = statistics.mean((before, documents_per_minute(runs)))
    rates = [each.rate for each in filed]
    value = statistics.median(rates)
    servers = {name: statistics.median(each.servers[name] for each in filed) for name in filed[0].servers}
    own = statistics.median(each.cost for each in filed)
    whole = own + sum(servers.values())
    return {
        "benchmark": NAME,
        "value": round(value),
        "unit": "documents/minute",
        "ratio_to_floor": round(value / floor, 3),
        "floor": round(floor),
        "cpu_seconds_per_document": round(own, 4),
        "cpu_share": {"own": round(own / whole, 3)} | {name: round(cpu / whole, 3) for name, cpu in servers.items()},
        "megabytes": round(max(each.megabytes for each in filed)),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "documents": len(list(DOCUMENTS.glob("*.pdf"))),
        "end_point": END_POINT,
    }
