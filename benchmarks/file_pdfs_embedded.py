"""Filing PDFs on the embedded default, everything on."""

import statistics
import tempfile
from pathlib import Path

from benchmarks.filing import END_POINT, file_documents
from benchmarks.floor import DOCUMENTS, documents_per_minute

NAME = "file-pdfs-embedded"


def measure(runs: int = 3) -> dict[str, object]:
    """Documents a minute and CPU seconds a document, medians of `runs`, with the ratio to the floor."""
    before = documents_per_minute(runs)
    filed = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            filed.append(file_documents(Path(folder) / "home", {}))
    floor = statistics.mean((before, documents_per_minute(runs)))
    rates = [each.rate for each in filed]
    value = statistics.median(rates)
    return {
        "benchmark": NAME,
        "value": round(value),
        "unit": "documents/minute",
        "ratio_to_floor": round(value / floor, 3),
        "floor": round(floor),
        "cpu_seconds_per_document": round(statistics.median(each.cost for each in filed), 4),
        "megabytes": round(max(each.megabytes for each in filed)),
        "min": round(min(rates)),
        "max": round(max(rates)),
        "documents": len(list(DOCUMENTS.glob("*.pdf"))),
        "end_point": END_POINT,
    }
