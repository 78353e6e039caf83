"""Files of the world, where they are at hand: each ends in a reading, and known ones in the right one."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.messages import catalogue
from ingest.extractors.reading import Reading, read_component

DATA = Path(__file__).parents[4] / "shared" / "data"
SECONDS = 3.0


def files(folder: str, pattern: str) -> list[Path]:
    root = DATA / folder
    if not root.is_dir():
        pytest.skip(f"needs ../shared/data/{folder}")
    return sorted(path for path in root.rglob(pattern) if path.is_file() and path.name != "SOURCE.txt")


def sampled(paths: list[Path], count: int) -> list[Path]:
    return random.Random(1).sample(paths, min(count, len(paths)))  # noqa: S311 - a fixed sample, not a secret


def read(path: Path) -> Reading:
    with path.open("rb") as stream:
        return read_component(stream, path.name)


def states(paths: list[Path]) -> Counter[str]:
    """Read what can be read in the time, and count the outcomes."""
    found: Counter[str] = Counter()
    until = time.monotonic() + SECONDS
    for path in paths:
        if time.monotonic() > until:
            break
        reading = read(path)
        assert reading.problem is None or reading.problem.code in catalogue(), path.name
        found[reading.problem.code if reading.problem else reading.state] += 1
    assert found.total()
    return found


def test_pdfs_from_bug_reports() -> None:
    found = states(sampled(files("files/pdfjs-testpdfs", "*.pdf"), 150))
    assert found["extracted"] > found.total() * 0.8


def test_a_corpus_of_old_and_broken_formats() -> None:
    found = states(sampled(files("files/format-corpus", "*"), 150))
    assert found["file-unsupported"]
    assert found["extracted"]


def test_every_ofd_opens() -> None:
    paths = files("files/ofdrw-ofd", "*.ofd")
    assert states(paths) == Counter(extracted=len(paths))


def test_every_benchmark_document_is_whole() -> None:
    for path in sampled(files("bench_pdfs", "*.pdf"), 20):
        reading = read(path)
        assert reading.extraction is not None, path.name
        assert reading.extraction.complete, path.name
        assert reading.extraction.warnings == (), path.name
        assert len(reading.text) > 500, path.name
