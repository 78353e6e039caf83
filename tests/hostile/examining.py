"""Examine a hostile set as the parent process does: `python -m tests.hostile.examining FOLDER`, one JSON line a kind.

It runs in a process of its own, so that its memory is the parent's alone: nothing here makes the files.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.bounded.room import Room
from ingest.examining.examiner import Examiner
from ingest.examining.types import Examination
from ingest.outcomes import Outcome

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def reasons(found: Examination) -> set[str]:
    """Every code that an examination gives."""
    reading = found.reading
    codes = {problem.code for problem in found.problems.values()}
    codes |= {each.code for inspection in found.inspections for each in inspection.observations}
    codes |= {reading.problem.code} if reading.problem else set()
    codes |= {reading.identified.warning} if reading.identified.warning else set()
    return codes | set(reading.extraction.warnings if reading.extraction else ())


def clean(found: Examination) -> bool:
    """Whether nobody who looked said anything but that all is well."""
    good = {Outcome.PASS, Outcome.NOT_APPLICABLE}
    said = found.reading.problem or found.problems or found.reading.identified.warning
    return not said and all(inspection.outcome in good for inspection in found.inspections)


def peak_bytes() -> int:
    """The most memory that this process has held since it began; what `getrusage` says includes who started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) << 10


def examined(folder: Path) -> Iterator[dict[str, Any]]:
    """What is said of each file of the set, how long it took, and the children that were left at the end."""
    room = Room()
    examiner = Examiner(room)
    for row in json.loads((folder / "manifest.json").read_text(encoding="utf-8")):
        started = time.monotonic()
        path = folder / row["path"]
        with path.open("rb") as stream:
            found = examiner.examine(stream, path.name, _AT)
        yield {
            "kind": row["kind"],
            "seconds": round(time.monotonic() - started, 2),
            "codes": sorted(reasons(found)),
            "clean": clean(found),
            "peak_bytes": peak_bytes(),
        }
    examiner.close()
    children = Path("/proc/self/task").glob("*/children")
    yield {"kind": "", "left": [each for path in children for each in path.read_text(encoding="ascii").split()]}


if __name__ == "__main__":
    for line in examined(Path(sys.argv[1])):
        sys.stdout.write(json.dumps(line) + "\n")
