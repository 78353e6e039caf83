"""The floor: what one plain process with no framework does with the same documents, measured in the same minute."""

import json
import subprocess
import sys
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared"
DOCUMENTS = SHARED / "data" / "bench_pdfs"
SCRIPT = SHARED / "bench" / "floor.py"


def documents_per_minute(runs: int) -> float:
    """Documents a minute of the floor, the median of `runs`."""
    command = [sys.executable, str(SCRIPT), str(DOCUMENTS), "--runs", str(runs)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(answer.stdout)["per_minute"]["median"])
