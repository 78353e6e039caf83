"""`python -m tests.hostile.corpora FOLDER`: every file looked at, and verdicts by what qpdf says of the PDFs.

Nothing of the files is printed, only counts.
"""

import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pikepdf

from archive.settings import Settings
from ingest.checks.loose_files import FileLooker
from ingest.examining.types import Stage
from ingest.extractors.reading import Problem
from ingest.outcomes import Outcome
from ingest.wiring import build_looker
from tests.hostile.examining import peak_bytes

CONTAINED = frozenset({"reading-broke-off", "reading-too-long", "reading-too-much-memory", "reading-too-much-said"})


@dataclass(frozen=True)
class Looked:
    """What became of one file: qpdf's word on a PDF (`no PDF` else), verdict, reasons of what did not pass, seconds.

    `broke` are the stages in which the isolated process was broken or ended, `unsaid` the checks that did not pass and
    gave no reason.
    """

    path: Path
    status: str
    verdict: str
    reasons: frozenset[str]
    broke: tuple[str, ...]
    unsaid: tuple[str, ...]
    seconds: float


def look_at_all(folder: Path) -> list[Looked]:
    """Look at every file below `folder`, in order."""
    looker = build_looker(Settings.load({}))
    try:
        return [_look(looker, path) for path in sorted(folder.rglob("*")) if path.is_file()]
    finally:
        looker.close()


def _look(looker: FileLooker, path: Path) -> Looked:
    started = time.perf_counter()
    looked = looker.look(path, datetime.now(UTC))
    seconds = time.perf_counter() - started
    problems: dict[Stage, Problem] = dict(looked.examination.problems)
    if looked.examination.reading.problem is not None:
        problems[Stage.READ] = looked.examination.reading.problem
    return Looked(
        path=path,
        status=qpdf_status(path) if looked.examination.reading.identified.mime == "application/pdf" else "no PDF",
        verdict=str(looked.ruling),
        reasons=frozenset(result.reason_code for result in looked.results if result.reason_code),
        broke=tuple(str(stage) for stage, problem in problems.items() if problem.code in CONTAINED),
        unsaid=tuple(each.code for each in looked.results if each.outcome is not Outcome.PASS and not each.reason_code),
        seconds=seconds,
    )


def qpdf_status(path: Path) -> str:
    """What qpdf says of a PDF on opening it and walking its objects: clean, warned, error, password, encrypted."""
    try:
        with pikepdf.open(path) as document:
            for _ in document.objects:
                pass
            if document.is_encrypted:
                return "encrypted, no password"
            return "warned" if document.get_warnings() else "clean"
    except pikepdf.PasswordError:
        return "password"
    except (pikepdf.PdfError, RuntimeError, ValueError):
        return "error"


def main(folder: str) -> None:
    """Look, and print the table as JSON."""
    found = look_at_all(Path(folder))
    table: dict[str, Counter[str]] = {}
    for each in found:
        table.setdefault(each.status, Counter())[each.verdict] += 1
    sys.stdout.write(
        json.dumps(
            {
                "files": len(found),
                "verdicts by status": {status: dict(counts) for status, counts in sorted(table.items())},
                "stages that were contained": Counter(stage for each in found for stage in each.broke),
                "slowest seconds": round(max(each.seconds for each in found), 2),
                "memory of the parent in MB": peak_bytes() >> 20,
                "reasons": Counter(reason for each in found for reason in each.reasons).most_common(),
            },
            indent=1,
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
