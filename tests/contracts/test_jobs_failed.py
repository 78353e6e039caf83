"""What every queue of work remembers of jobs that failed, and how they come back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.jobs.port import POSTPONED
from tests.contracts.test_jobs import LEASE, NOW, POSTGRES, Bench, bench_of


@pytest.fixture(params=["memory", "sqlite", POSTGRES])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with bench_of(request.param, tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"code": "blob-missing"}, ["portal"]),
        ({"kind": "sync"}, ["rec_1", "rec_2"]),
        ({"kind": "advance", "key": "rec_2"}, ["rec_1", "portal"]),
        ({"code": "source-unreachable", "kind": "advance"}, ["rec_1", "rec_2", "portal"]),
        ({}, []),
    ],
)
def test_what_comes_back_can_be_chosen(bench: Bench, wanted: dict[str, str], left: list[str]) -> None:
    given = [("advance", "rec_1", "blob-missing"), ("advance", "rec_2", "blob-missing")]
    for kind, key, code in [*given, ("sync", "portal", "source-unreachable")]:
        bench.enqueue(key, kind)
        bench.queue.set_aside(bench.claimed(), code, "…")
    assert bench.queue.revive(**wanted) == 3 - len(left)
    assert [failed.key for failed in bench.queue.failed()] == left
    assert bench.queue.pending() == 3 - len(left)


def test_what_fails_again_after_it_came_back_has_failed_since_the_first_time(bench: Bench) -> None:
    for _ in range(2):
        bench.enqueue("rec_1")
        bench.queue.set_aside(bench.claimed(), "blob-missing", "…")
        bench.later(LEASE)
        bench.queue.revive()
    bench.queue.set_aside(bench.claimed(), "blob-missing", "…")
    (failed,) = bench.queue.failed()
    assert (failed.first_failed, failed.last_failed) == (NOW, NOW + 2 * LEASE)


def test_what_was_postponed_has_not_failed(bench: Bench) -> None:
    bench.enqueue("rec_1")
    bench.queue.postpone(bench.claimed(), "blob-store-unavailable", "away")
    bench.later(POSTPONED)
    bench.queue.set_aside(bench.claimed(), "file-damaged", "…")
    (failed,) = bench.queue.failed()
    assert failed.first_failed == failed.last_failed == NOW + POSTPONED
