"""Two documents of the same bytes stay two, whatever comes and goes: only what nothing tells apart was renamed."""

import json
from pathlib import Path

import pytest

from tests.intake.stands.packages import bag, zipped
from tests.unit.connectors.drop_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "drop").mkdir()
    found = Bench(tmp_path / "drop")
    found.put("other", "bleibt")
    return found


def said(project: str) -> str:
    return json.dumps({"project_code": project})


def test_the_same_bytes_in_another_transaction_are_another_document(bench: Bench) -> None:
    bench.put("a.txt", "1")
    bench.put("a.txt.json", said("A1"))
    bench.read()
    for name in ("a.txt", "a.txt.json"):
        (bench.root / name).unlink()
    bench.put("b.txt", "1")
    bench.put("b.txt.json", said("B2"))

    assert bench.read() == {"b.txt": "captured", "a.txt": "gone-at-source"}
    assert bench.read() == {}


def test_renamed_together_with_what_is_said_of_it_it_stays_the_document_it_was(bench: Bench) -> None:
    bench.put("a.txt", "1")
    bench.put("a.txt.json", said("A1"))
    bench.read()
    for name in ("a.txt", "a.txt.json"):
        (bench.root / name).rename(bench.root / name.replace("a", "b", 1))

    assert set(bench.read()) == {"a.txt"}
    assert bench.read() == {}


def test_packages_whose_first_files_are_alike_and_whose_others_are_not_are_two(bench: Bench) -> None:
    first, second = (zipped(bag({"a.txt": b"1", "b.txt": other})) for other in (b"2", b"3"))
    assert len(first) == len(second)
    bench.put("a.zip", first)
    bench.read()
    (bench.root / "a.zip").unlink()
    bench.put("b.zip", second)

    assert bench.read() == {"b.zip": "captured", "a.zip": "gone-at-source"}
