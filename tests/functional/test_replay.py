"""A real portal polled 241 times, as it once happened: each page is taken once, each that is gone is noted once."""

import resource
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.functional.command_line import juanzong

pytestmark = pytest.mark.slow

WITH_PAGE, WITHOUT = 200, 220
MOST_CPU_SECONDS = 90
"""For both replays; the usual is a third of it."""


@dataclass(frozen=True)
class Replayed:
    """A home after two replays, and what they answered."""

    home: Path
    first: dict[str, Any]
    second: dict[str, Any]
    cpu_seconds: float

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.home}/archive.db?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def arrivals(shared_data: Path) -> Path:
    path = shared_data / "portal_raw" / "yichang_arrivals.jsonl"
    if not path.is_file():
        pytest.skip("needs ../shared/data/portal_raw")
    return path


@pytest.fixture(scope="module")
def replayed(arrivals: Path, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    home = tmp_path_factory.mktemp("replay") / "home"
    assert juanzong("init", "--home", home).code == 0
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    first, second = (juanzong("import", arrivals, "--connector", "portal", "--home", home, "--json") for _ in "12")
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    assert (first.code, second.code) == (0, 0), first.err + second.err
    return Replayed(home, first.value, second.value, seconds)


def test_the_first_replay_takes_each_page_once_and_notes_each_gone_one_once(replayed: Replayed) -> None:
    assert (replayed.first["captured"], replayed.first["gone"]) == (WITH_PAGE, WITHOUT)
    assert (replayed.first["new_versions"], replayed.first["renamed"], replayed.first["refused"]) == (0, 0, [])


@pytest.mark.parametrize("which", ["first", "second"])
def test_the_numbers_add_up(replayed: Replayed, which: str) -> None:
    summary = getattr(replayed, which)
    parts = ("captured", "new_versions", "renamed", "unchanged", "withdrawn", "gone", "superseded")
    assert sum(summary[part] for part in parts) + len(summary["refused"]) == summary["received"] > 0


def test_a_second_replay_takes_nothing_and_finds_nothing_gone(replayed: Replayed) -> None:
    assert (replayed.second["captured"], replayed.second["gone"]) == (0, 0)
    assert replayed.second["unchanged"] == replayed.second["received"]


def test_every_identifier_is_remembered_once(replayed: Replayed) -> None:
    assert dict(replayed.rows("SELECT status, count(*) FROM ingest_arrival GROUP BY status")) == {
        "captured": WITH_PAGE,
        "gone": WITHOUT,
    }
    assert replayed.rows("SELECT count(*), count(DISTINCT external_id) FROM records_item") == [(WITH_PAGE, WITH_PAGE)]
    assert replayed.rows("SELECT count(*), max(number) FROM records_version") == [(WITH_PAGE, 1)]


def test_the_ledger_tells_of_each_once(replayed: Replayed) -> None:
    told = Counter(dict(replayed.rows("SELECT type, count(*) FROM ledger_entry GROUP BY type")))
    assert (told["record.captured"], told["source.item_gone"]) == (WITH_PAGE, WITHOUT)
    assert told["record.withdrawn"] == told["source.item_refused"] == 0
    ((captured,),) = replayed.rows("SELECT count(DISTINCT subject_id) FROM ledger_entry WHERE type = 'record.captured'")
    assert captured == WITH_PAGE


def test_it_takes_no_longer_than_it_may(replayed: Replayed) -> None:
    assert 0 < replayed.cpu_seconds < MOST_CPU_SECONDS


def test_a_replay_that_begins_with_little_withdraws_nothing_the_second_time(arrivals: Path, tmp_path: Path) -> None:
    # The first of these polls shows a list of one row: complete, and without what the later ones add.
    folder = tmp_path / "recorded"
    folder.mkdir()
    for pages in arrivals.parent.glob("*.json.gz"):
        (folder / pages.name).symlink_to(pages)
    lines = arrivals.read_text(encoding="utf-8").splitlines(keepends=True)[-12:]
    (folder / "last.jsonl").write_text("".join(lines), encoding="utf-8")
    home = tmp_path / "home"
    assert juanzong("init", "--home", home).code == 0
    first, second = (
        juanzong("import", folder / "last.jsonl", "--connector", "portal", "--home", home, "--json").value for _ in "12"
    )
    assert first["captured"] > 0
    assert (second["captured"], second["gone"]) == (0, 0)
