"""The hostile set through the examiner: each kind is refused or contained by name, in time, and hurts nobody."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archive.messages import catalogue
from ingest.bounded.bounds import Bounds
from tests.hostile.making import KINDS, write

ROOT = Path(__file__).parents[2]
NAMES = [kind.name for kind in KINDS]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("hostile")
    write(folder)
    command = [sys.executable, "-m", "tests.hostile.examining", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=240, check=True)
    assert done.stderr == b""
    return {row["kind"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_the_set_has_more_than_forty_kinds_and_is_small(tmp_path: Path) -> None:
    assert write(tmp_path) == len(set(NAMES)) > 45
    sizes = {row["kind"]: row["size"] for row in json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))}
    large = {name for name, size in sizes.items() if size > 8 << 20}
    assert large == {"text-one-line", "xml-wide-attribute"}


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_each_is_refused_or_contained_by_name(kind: Any, said: dict[str, dict[str, Any]]) -> None:
    found = said[kind.name]
    assert set(found["codes"]) <= set(catalogue())
    assert found["seconds"] < Bounds().seconds + 3
    assert kind.codes & set(found["codes"])
    assert kind.verdict != "refused" or not found["clean"]


def test_the_parent_stays_small_and_no_child_outlives_it(said: dict[str, dict[str, Any]]) -> None:
    assert max(row["peak_bytes"] for row in said.values() if row["kind"]) < 300 << 20
    assert said[""]["left"] == []
