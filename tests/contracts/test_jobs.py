"""What every queue of work keeps to, asked of the table of jobs and of its in-memory twin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import NotFound
from archive.ids import SequentialIds
from archive.jobs.memory import MemoryJobQueue
from archive.jobs.model import job
from archive.jobs.port import POSTPONED, FailedJob, Job, JobQueue, Lane, pause_after
from archive.jobs.table import TableJobQueue
from archive.messages import render
from tests.services import fresh_database

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
ATTEMPTS = 3


class Bench:
    """A queue with the clock it goes by and the database whose units of work it follows."""

    def __init__(self, queue: JobQueue, clock: FixedClock, database: Database) -> None:
        self.queue = queue
        self.clock = clock
        self.database = database

    def enqueue(self, key: str, kind: str = "advance", due: datetime | None = None, lane: Lane = Lane.LIGHT) -> None:
        with self.database.writing() as uow:
            self.queue.enqueue(uow, kind, key, due=due, lane=lane)

    def claimed(self, worker: str = "w1") -> Job:
        found = self.queue.claim(worker)
        assert found is not None
        return found

    def later(self, step: timedelta) -> None:
        self.clock.advance(step)


def table(database: Database, clock: FixedClock) -> JobQueue:
    return TableJobQueue(database, clock, SequentialIds(), LEASE, ATTEMPTS)


def memory(database: Database, clock: FixedClock) -> JobQueue:
    del database
    return MemoryJobQueue(clock, SequentialIds(), LEASE, ATTEMPTS)


POSTGRES = pytest.param("postgres", marks=pytest.mark.services)


@pytest.fixture(params=["memory", "sqlite", POSTGRES])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with bench_of(request.param, tmp_path) as made:
        yield made


@contextmanager
def bench_of(kind: str, folder: Path) -> Iterator[Bench]:
    """A bench for one adapter."""
    build: Callable[[Database, FixedClock], JobQueue] = memory if kind == "memory" else table
    with rows_of(kind, folder) as database:
        clock = FixedClock(NOW)
        yield Bench(build(database, clock), clock, database)


@contextmanager
def rows_of(kind: str, folder: Path) -> Iterator[Database]:
    """A database with the table of jobs."""
    with fresh_database() if kind == "postgres" else nullcontext(f"sqlite:///{folder}/jobs.db") as url:
        database = Database(build_engine(url))
        metadata.create_all(database.engine, tables=[job])
        yield database
        database.dispose()


def test_an_empty_queue_has_nothing(bench: Bench) -> None:
    assert bench.queue.claim("w1") is None
    assert bench.queue.pending() == 0
    assert bench.queue.failed() == []


def test_a_job_appears_when_its_transaction_commits(bench: Bench) -> None:
    with bench.database.writing() as uow:
        bench.queue.enqueue(uow, "advance", "rec_1")
        assert bench.queue.pending() == 0
    assert bench.queue.pending() == 1
    assert (bench.claimed().kind, bench.queue.pending()) == ("advance", 1)


def test_a_rollback_takes_the_job_with_it(bench: Bench) -> None:
    def fail_half_way() -> None:
        with bench.database.writing() as uow:
            bench.queue.enqueue(uow, "advance", "rec_1")
            raise NotFound("record-unknown", record="rec_1")

    with pytest.raises(NotFound):
        fail_half_way()
    assert bench.queue.pending() == 0
    assert bench.queue.claim("w1") is None


def test_the_oldest_due_job_comes_first_and_none_before_its_time(bench: Bench) -> None:
    bench.enqueue("late", due=NOW + timedelta(seconds=5))
    bench.enqueue("second", due=NOW - timedelta(seconds=1))
    bench.enqueue("first", due=NOW - timedelta(seconds=2))
    assert [bench.claimed().key, bench.claimed().key] == ["first", "second"]
    assert bench.queue.claim("w1") is None
    bench.later(timedelta(seconds=5))
    assert bench.claimed().key == "late"


def test_a_worker_gets_only_the_kinds_it_can_do(bench: Bench) -> None:
    bench.enqueue("rec_1", kind="advance")
    assert bench.queue.claim("w1", frozenset({"sync"})) is None
    found = bench.queue.claim("w1", frozenset({"sync", "advance"}))
    assert found is not None
    assert found.kind == "advance"


def test_while_one_waits_no_second_is_added(bench: Bench) -> None:
    for _ in range(3):
        bench.enqueue("rec_1")
    bench.enqueue("rec_1", kind="sync")
    assert bench.queue.pending() == 2


def test_what_is_asked_for_during_the_work_runs_after_it(bench: Bench) -> None:
    bench.enqueue("rec_1")
    first = bench.claimed("w1")
    bench.enqueue("rec_1")
    assert bench.queue.claim("w2") is None
    bench.queue.complete(first)
    again = bench.claimed("w2")
    assert (again.key, again.attempt, again.id == first.id) == ("rec_1", 1, False)


def test_work_on_other_things_does_not_wait(bench: Bench) -> None:
    for key in ("rec_1", "rec_2"):
        bench.enqueue(key)
    assert {bench.claimed("w1").key, bench.claimed("w2").key} == {"rec_1", "rec_2"}


def test_a_done_job_is_gone(bench: Bench) -> None:
    bench.enqueue("rec_1")
    bench.queue.complete(bench.claimed())
    bench.later(10 * LEASE)
    assert bench.queue.pending() == 0
    assert bench.queue.claim("w1") is None


def test_a_lease_keeps_others_away_until_it_runs_out(bench: Bench) -> None:
    bench.enqueue("rec_1")
    first = bench.claimed("w1")
    bench.later(LEASE)
    assert bench.queue.claim("w2") is None
    bench.later(timedelta(seconds=1))
    second = bench.claimed("w2")
    assert (second.id, second.attempt) == (first.id, 2)


def test_a_heartbeat_extends_the_lease(bench: Bench) -> None:
    bench.enqueue("rec_1")
    held = bench.claimed("w1")
    for _ in range(4):
        bench.later(LEASE / 2)
        bench.queue.heartbeat(held)
        assert bench.queue.claim("w2") is None


def test_who_has_lost_the_lease_has_no_say_any_more(bench: Bench) -> None:
    bench.enqueue("rec_1")
    lost = bench.claimed("w1")
    bench.later(LEASE + timedelta(seconds=1))
    held = bench.claimed("w2")
    bench.queue.complete(lost)
    bench.queue.retry(lost, "source-unreachable", "…")
    bench.queue.set_aside(lost, "source-unreachable", "…")
    bench.later(LEASE / 2)
    bench.queue.heartbeat(lost)
    assert (bench.queue.pending(), bench.queue.failed()) == (1, [])
    bench.later(LEASE / 2)
    assert bench.queue.claim("w3") is None
    bench.queue.complete(held)
    assert bench.queue.pending() == 0


def test_telling_of_a_job_that_is_gone_changes_nothing(bench: Bench) -> None:
    bench.enqueue("rec_1")
    done = bench.claimed()
    bench.queue.complete(done)
    bench.queue.heartbeat(done)
    bench.queue.complete(done)
    bench.queue.set_aside(done, "job-crashed", "…")
    assert bench.queue.retry(done, "job-crashed", "…")
    assert (bench.queue.pending(), bench.queue.failed()) == (0, [])


def test_a_failed_job_rests_twice_as_long_each_time_and_is_set_aside_in_the_end(bench: Bench) -> None:
    bench.enqueue("portal", kind="sync")
    for attempt in range(1, ATTEMPTS):
        held = bench.claimed()
        assert held.attempt == attempt
        assert bench.queue.retry(held, "source-unreachable", "没有应答")
        bench.later(pause_after(attempt) - timedelta(milliseconds=1))
        assert bench.queue.claim("w1") is None
        bench.later(timedelta(milliseconds=1))
    assert not bench.queue.retry(bench.claimed(), "source-unreachable", "没有应答")
    bench.later(10 * LEASE)
    assert bench.queue.claim("w1") is None
    assert bench.queue.pending() == 0
    first, last = NOW, NOW + pause_after(1) + pause_after(2)
    assert bench.queue.failed() == [
        FailedJob("sync", "portal", ATTEMPTS, "source-unreachable", "没有应答", first, last)
    ]


def test_a_failed_job_gives_way_to_one_that_waits_already(bench: Bench) -> None:
    bench.enqueue("rec_1")
    held = bench.claimed()
    bench.enqueue("rec_1")
    assert bench.queue.retry(held, "job-crashed", "…")
    assert bench.queue.pending() == 1
    assert bench.claimed().attempt == 1


def test_a_job_over_which_every_worker_dies_is_set_aside(bench: Bench) -> None:
    bench.enqueue("rec_1")
    for attempt in range(1, ATTEMPTS + 1):
        assert bench.claimed(f"w{attempt}").attempt == attempt
        bench.later(LEASE + timedelta(seconds=1))
    assert bench.queue.claim("w9") is None
    sentence, now = render("job-deadly", {"attempts": ATTEMPTS}), bench.clock.now()
    assert bench.queue.failed() == [FailedJob("advance", "rec_1", ATTEMPTS + 1, "job-deadly", sentence, now, now)]
    assert bench.queue.pending() == 0


def test_a_deadly_job_does_not_hold_up_the_next(bench: Bench) -> None:
    bench.enqueue("rec_1", due=NOW - LEASE)
    for _ in range(ATTEMPTS):
        bench.claimed()
        bench.later(LEASE + timedelta(seconds=1))
    bench.enqueue("rec_2")
    assert bench.claimed().key == "rec_2"


def test_what_was_set_aside_comes_back_with_all_its_attempts(bench: Bench) -> None:
    for key in ("rec_1", "rec_2"):
        bench.enqueue(key)
        bench.queue.set_aside(bench.claimed(), "blob-missing", "…")
    assert [failed.key for failed in bench.queue.failed()] == ["rec_1", "rec_2"]
    assert bench.queue.revive() == 2
    assert bench.queue.failed() == []
    assert {bench.claimed().attempt, bench.claimed().attempt} == {1}


def test_reviving_does_not_double_what_waits_already(bench: Bench) -> None:
    bench.enqueue("rec_1")
    bench.queue.set_aside(bench.claimed(), "blob-missing", "…")
    bench.enqueue("rec_1")
    assert bench.queue.revive() == 1
    assert (bench.queue.pending(), bench.queue.failed()) == (1, [])


def test_the_same_failure_is_kept_once(bench: Bench) -> None:
    for code in ("blob-missing", "blob-changed"):
        bench.enqueue("rec_1")
        bench.queue.set_aside(bench.claimed(), code, "…")
    assert [failed.code for failed in bench.queue.failed()] == ["blob-changed"]


def test_work_that_succeeds_in_the_end_is_no_failure_any_more(bench: Bench) -> None:
    for key in ("rec_1", "rec_2"):
        bench.enqueue(key)
        bench.queue.set_aside(bench.claimed(), "blob-missing", "…")
    bench.enqueue("rec_1")
    bench.queue.complete(bench.claimed())
    assert [failed.key for failed in bench.queue.failed()] == ["rec_2"]


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1), (2, 2), (5, 16), (12, 2048), (13, 3600), (100, 3600)])
def test_no_pause_is_longer_than_an_hour(attempt: int, seconds: int) -> None:
    assert pause_after(attempt) == timedelta(seconds=seconds)


def test_a_lane_is_not_held_up_by_another(bench: Bench) -> None:
    bench.enqueue("rec_film", lane=Lane.HEAVY)
    bench.enqueue("rec_notice")
    light = bench.queue.claim("w1", lanes=frozenset({Lane.LIGHT}))
    assert light is not None
    assert light.key == "rec_notice"
    assert bench.queue.claim("w1", lanes=frozenset({Lane.LIGHT, Lane.SYNC})) is None
    assert bench.claimed().key == "rec_film"


def test_a_job_set_aside_comes_back_in_its_lane(bench: Bench) -> None:
    bench.enqueue("rec_film", lane=Lane.HEAVY)
    bench.queue.set_aside(bench.claimed(), "file-damaged", "damaged")
    assert bench.queue.revive() == 1
    assert bench.queue.claim("w1", lanes=frozenset({Lane.LIGHT})) is None
    assert bench.claimed().key == "rec_film"


def test_what_waits_for_a_server_is_not_to_blame(bench: Bench) -> None:
    bench.enqueue("rec_1")
    for _ in range(ATTEMPTS * 3):
        bench.queue.postpone(bench.claimed(), "blob-store-unavailable", "away")
        assert bench.queue.claim("w1") is None
        bench.later(POSTPONED)
    assert (bench.claimed().attempt, bench.queue.failed()) == (1, [])


def test_what_is_postponed_gives_way_to_one_that_waits_already(bench: Bench) -> None:
    bench.enqueue("rec_1")
    held = bench.claimed()
    bench.enqueue("rec_1")
    bench.queue.postpone(held, "blob-store-unavailable", "away")
    assert bench.queue.pending() == 1


def test_who_has_lost_the_lease_cannot_postpone(bench: Bench) -> None:
    bench.enqueue("rec_1")
    lost = bench.claimed()
    bench.later(LEASE + timedelta(seconds=1))
    held = bench.claimed("w2")
    bench.queue.postpone(lost, "blob-store-unavailable", "away")
    assert bench.queue.claim("w3") is None
    bench.queue.complete(held)
    assert bench.queue.pending() == 0


def test_a_named_job_is_taken_once(bench: Bench) -> None:
    bench.enqueue("rec_1")
    bench.enqueue("rec_2")
    first = bench.claimed()
    bench.queue.retry(first, "x", "x")
    assert bench.queue.take("w1", first.id) is None, "not due yet"
    bench.later(pause_after(1))
    again = bench.queue.take("w1", first.id)
    assert again is not None
    assert (again.key, again.attempt) == ("rec_1", 2)
    assert bench.queue.take("w2", first.id) is None, "held by another"
    bench.queue.complete(again)
    assert bench.queue.take("w2", first.id) is None, "done"


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=400)])
def test_a_clock_that_was_far_ahead_holds_nothing_up(bench: Bench, jump: timedelta) -> None:
    bench.later(jump)
    bench.enqueue("rec_held", due=NOW)
    bench.enqueue("rec_rests", due=NOW)
    assert bench.claimed().key == "rec_held"
    bench.queue.retry(bench.claimed("w2"), "x", "x")
    # The clock is put right; whoever held the job is gone.
    bench.later(-jump)
    assert {bench.claimed("w3").key, bench.claimed("w3").key} == {"rec_held", "rec_rests"}


def test_work_that_was_asked_for_in_the_future_stays_there(bench: Bench) -> None:
    bench.enqueue("rec_1", due=NOW + timedelta(days=30))
    assert bench.queue.claim("w1") is None
    bench.later(timedelta(days=30))
    assert bench.claimed().key == "rec_1"


def test_a_reason_that_cannot_be_stored_as_it_is_does_not_lose_the_job(bench: Bench) -> None:
    bench.enqueue("rec_1")
    bench.queue.set_aside(bench.claimed(), "job-crashed", "title: a\0b\ud800")
    assert [failed.key for failed in bench.queue.failed()] == ["rec_1"]


def test_a_job_that_was_given_back_is_no_longer_its_former_holders(bench: Bench) -> None:
    bench.enqueue("rec_1")
    former = bench.claimed("w1")
    bench.queue.postpone(former, "x", "x")
    bench.later(POSTPONED)
    holder = bench.claimed("w2")
    assert (holder.attempt, holder.id) == (former.attempt, former.id)
    bench.queue.complete(former)
    assert bench.queue.pending() == 1
    bench.queue.complete(holder)
    assert bench.queue.pending() == 0
