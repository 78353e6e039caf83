"""A real portal replayed as Epoint shows it, every fifth request failing, the reader killed twice: the same end."""

import random
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.settings import Settings
from ingest.simulator.port import PLAIN, Manner, Row
from ingest.simulator.replay import Replay
from ingest.simulator.server import SimulatorServer
from ingest.worker import build_runtime
from tests.fault.killing import started
from tests.functional.command_line import juanzong

pytestmark = pytest.mark.slow

SOURCE = "yichang"
WITH_PAGE, WITHOUT = 200, 220
STRIDE = 20
"""Snapshots between two readings."""

FAILING = 0.2
MOST_READINGS = 60
OPTIONS = {"dialect": "epoint", "requests_per_second": 0, "overlap_days": 36_000}


class FaultyReplay:
    """A replay of which some requests fail: 503, cut at some byte, or hung up on after a while."""

    def __init__(self, replay: Replay, seed: int) -> None:
        self._replay = replay
        self._drawn = random.Random(seed)  # noqa: S311 - faults that can be drawn again, not secrets
        self._lock = threading.Lock()
        self.requests = 0
        self.failed = 0

    def listing(self, category: str | None) -> Sequence[Row]:
        return self._replay.listing(category)

    def detail(self, infoid: str) -> Row | None:
        return self._replay.detail(infoid)

    def file(self, infoid: str, name: str) -> bytes | None:
        return self._replay.file(infoid, name)

    def manner(self, infoid: str | None) -> Manner:
        del infoid
        with self._lock:
            self.requests += 1
            if self._drawn.random() >= FAILING:
                return PLAIN
            self.failed += 1
            return self._drawn.choice(
                [Manner(status=503), Manner(cut_at=self._drawn.randint(0, 400)), Manner(hang_up=True, delay=0.1)]
            )


@dataclass(frozen=True)
class End:
    """What a home has come to, and what it took."""

    home: Path
    kills: int
    failed: int

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.home}/archive.db?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()

    def digest(self) -> str:
        """Everything of the documents that does not differ from run to run."""
        told = [
            self.rows("SELECT external_id, status, code, data_set, day, digest FROM ingest_arrival ORDER BY 1"),
            self.rows("SELECT external_id, state, version, title, published FROM records_item ORDER BY 1"),
            self.rows(
                "SELECT i.external_id, v.number, c.ordinal, c.role, c.name, c.sha256 FROM records_component c"
                " JOIN records_version v ON v.id = c.version_id JOIN records_item i ON i.id = v.record_id"
                " ORDER BY 1, 2, 3"
            ),
        ]
        return sha256(repr(told).encode()).hexdigest()


def replayed(arrivals: Path, folder: Path, seed: int) -> End:
    """Show the snapshots a few at a time; the reader is killed twice on the way, and goes on as often as it takes."""
    home = folder / "home"
    assert juanzong("init", "--home", home).code == 0
    replay = Replay(arrivals, sorted(arrivals.parent.glob("*.json.gz")))
    site = FaultyReplay(replay, seed)
    drawn = random.Random(seed + 1_000)  # noqa: S311 - moments that can be drawn again, not secrets
    moments = [drawn.randint(60, 250), drawn.randint(300, 550)]
    kills = 0
    with SimulatorServer(site) as base:
        _register(home, base)
        for _ in range(MOST_READINGS):
            for _ in range(min(STRIDE, replay.snapshots - replay.position)):
                replay.advance()
            if moments and _killed(home, site, moments[0]):
                moments.pop(0)
                kills += 1
                continue
            ran = juanzong("sync", SOURCE, "--home", home, "--json")
            assert ran.out, ran.err
            answer = ran.value[SOURCE]
            if replay.position == replay.snapshots and ran.code == 0 and not answer["refused"]:
                break
    return End(home, kills, site.failed)


def _register(home: Path, base: str) -> None:
    runtime = build_runtime(Settings.load({}, home))
    runtime.ingest.sources.register(SOURCE, "portal", base, OPTIONS)
    runtime.kernel.close()


def _killed(home: Path, site: FaultyReplay, moment: int) -> bool:
    """Read, and kill the reader once the portal has been asked so often; whether it came to that."""
    with started(home.with_suffix(".log"), "sync", SOURCE, "--home", str(home)) as process:
        while process.poll() is None and site.requests < moment:
            time.sleep(0.005)
        return process.poll() is None


@pytest.fixture(scope="module")
def ends(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[End]:
    arrivals = shared_data / "portal_raw" / "yichang_arrivals.jsonl"
    if not arrivals.is_file():
        pytest.skip("needs ../shared/data/portal_raw")
    return [replayed(arrivals, tmp_path_factory.mktemp("faults"), seed) for seed in (1, 2)]


def test_each_page_is_captured_once_and_each_that_is_not_there_is_noted_once(ends: list[End]) -> None:
    for end in ends:
        assert end.kills == 2
        assert end.failed > 50
        assert dict(end.rows("SELECT status, count(*) FROM ingest_arrival GROUP BY status")) == {
            "captured": WITH_PAGE,
            "gone": WITHOUT,
        }
        assert end.rows("SELECT count(*), count(DISTINCT external_id) FROM records_item") == [(WITH_PAGE, WITH_PAGE)]
        assert end.rows("SELECT count(*), max(number) FROM records_version") == [(WITH_PAGE, 1)]


def test_the_ledger_tells_of_each_once(ends: list[End]) -> None:
    for end in ends:
        told = dict(end.rows("SELECT type, count(*) FROM ledger_entry GROUP BY type"))
        assert (told["record.captured"], told["source.item_gone"]) == (WITH_PAGE, WITHOUT)
        assert "record.withdrawn" not in told


def test_whatever_failed_on_the_way_the_end_is_the_same(ends: list[End]) -> None:
    assert len({end.digest() for end in ends}) == 1


def test_nothing_is_damaged(ends: list[End]) -> None:
    for end in ends:
        checked = juanzong("fsck", "--home", end.home, "--json")
        assert checked.code == 0, checked.err
