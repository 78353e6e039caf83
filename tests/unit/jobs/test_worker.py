"""A worker: every end of a job is told to the queue, and nothing ends the worker itself."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import Damaged, SourceFailed, Unavailable
from archive.ids import SequentialIds
from archive.jobs.model import job
from archive.jobs.port import POSTPONED, Job
from archive.jobs.table import TableJobQueue
from archive.jobs.worker import Handler, Worker

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(build_engine(f"sqlite:///{tmp_path}/jobs.db"))
    metadata.create_all(opened.engine, tables=[job])
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def queue(database: Database, clock: FixedClock) -> TableJobQueue:
    return TableJobQueue(database, clock, SequentialIds(), timedelta(seconds=60), 2)


def ask(database: Database, queue: TableJobQueue, *keys: str, kind: str = "advance") -> None:
    with database.writing() as uow:
        for key in keys:
            queue.enqueue(uow, kind, key)


def worker(queue: TableJobQueue, handlers: Mapping[str, Handler], beat: float = 60.0) -> Worker:
    return Worker("worker-1", queue, handlers, beat)


def test_a_worker_does_what_waits_and_ends_when_nothing_is_left(database: Database, queue: TableJobQueue) -> None:
    done: list[str] = []
    ask(database, queue, "rec_1", "rec_2", "rec_3")
    assert worker(queue, {"advance": done.append}).run_until_idle() == 3
    assert done == ["rec_1", "rec_2", "rec_3"]
    assert queue.pending() == 0


def test_what_a_job_asks_for_is_done_too(database: Database, queue: TableJobQueue) -> None:
    done: list[str] = []

    def read(name: str) -> None:
        ask(database, queue, f"{name}-1", f"{name}-2")

    ask(database, queue, "portal", kind="sync")
    assert worker(queue, {"sync": read, "advance": done.append}).run_until_idle() == 3
    assert done == ["portal-1", "portal-2"]


def test_what_may_pass_is_tried_again_what_cannot_is_set_aside(
    database: Database, queue: TableJobQueue, clock: FixedClock
) -> None:
    tried: list[str] = []

    def fail(key: str) -> None:
        tried.append(key)
        if key == "passing":
            raise SourceFailed("source-unreachable", source="portal", detail="503")
        raise Damaged("blob-missing", sha256="0" * 64)

    hand = worker(queue, {"advance": fail})
    ask(database, queue, "lasting", "passing")
    with capture_logs() as logs:
        assert hand.run_one()
        assert hand.run_one()
        assert not hand.run_one()
        clock.advance(timedelta(seconds=1))
        assert hand.run_one()
    assert tried == ["lasting", "passing", "passing"]
    assert [(failed.key, failed.code, failed.attempts) for failed in queue.failed()] == [
        ("lasting", "blob-missing", 1),
        ("passing", "source-unreachable", 2),
    ]
    assert [entry["again"] for entry in logs] == [False, True, False]


def test_a_defect_of_ours_is_kept_with_the_job_and_the_rest_goes_on(
    database: Database, queue: TableJobQueue, clock: FixedClock
) -> None:
    def crash(key: str) -> None:
        if key == "rec_1":
            raise ZeroDivisionError("division by zero")

    hand = worker(queue, {"advance": crash})
    ask(database, queue, "rec_1", "rec_2")
    with capture_logs():
        assert hand.run_one()
        assert hand.run_one()
        clock.advance(timedelta(seconds=1))
        assert hand.run_one()
    (failed,) = queue.failed()
    assert (failed.key, failed.code) == ("rec_1", "job-crashed")
    assert "ZeroDivisionError: division by zero" in failed.message
    assert queue.pending() == 0


def test_a_long_job_keeps_its_lease(
    database: Database, queue: TableJobQueue, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    beaten = threading.Event()
    inner = queue.heartbeat

    def heartbeat(held: Job) -> None:
        inner(held)
        beaten.set()

    def last(key: str) -> None:
        del key
        clock.advance(timedelta(seconds=59))
        beaten.clear()
        assert beaten.wait(10)
        clock.advance(timedelta(seconds=59))
        assert queue.claim("worker-2") is None

    monkeypatch.setattr(queue, "heartbeat", heartbeat)
    ask(database, queue, "rec_1")
    assert worker(queue, {"advance": last}, beat=0.01).run_one()
    assert (queue.pending(), queue.failed()) == (0, [])


def test_a_heart_that_misses_a_beat_beats_again(
    database: Database, queue: TableJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[str] = []
    twice = threading.Event()

    def heartbeat(held: Job) -> None:
        beats.append(held.key)
        if len(beats) > 1:
            twice.set()
        raise Unavailable("database-unavailable", detail="locked")

    def last(key: str) -> None:
        del key
        assert twice.wait(10)

    monkeypatch.setattr(queue, "heartbeat", heartbeat)
    ask(database, queue, "rec_1")
    with capture_logs() as logs:
        assert worker(queue, {"advance": last}, beat=0.01).run_one()
    assert {entry["event"] for entry in logs} == {"job.heartbeat-failed"}
    assert queue.pending() == 0


def test_a_worker_stops_when_it_is_told(database: Database, queue: TableJobQueue) -> None:
    ask(database, queue, "rec_1", "rec_2")
    answers = iter([True, False])
    assert worker(queue, {"advance": lambda _: None}).run_until_idle(lambda: next(answers)) == 1
    assert queue.pending() == 1
    answers = iter([True, True, False])
    worker(queue, {"advance": lambda _: None}).run_for_ever(lambda: next(answers), pause_seconds=0.0)
    assert queue.pending() == 0


def test_the_leases_of_a_dead_worker_are_given_back_at_once(database: Database, queue: TableJobQueue) -> None:
    ask(database, queue, "rec_1", "rec_2")
    for name in ("worker-1", "worker-2"):
        assert queue.claim(name) is not None
    assert queue.release_dead("worker-1") == 1
    again = queue.claim("worker-3")
    assert again is not None
    assert (again.key, again.attempt) == ("rec_1", 2)
    assert queue.claim("worker-3") is None
    assert queue.release_stopped("worker-") == 2
    assert queue.pending() == 2


def test_what_needs_a_server_that_is_away_waits_and_is_not_to_blame(
    database: Database, queue: TableJobQueue, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr("archive.jobs.worker.time.sleep", rests.append)
    away = True

    def store(key: str) -> None:
        del key
        if away:
            raise Unavailable("blob-store-unavailable", path="store", detail="refused")

    ask(database, queue, "rec_1")
    one = worker(queue, {"advance": store})
    for _ in range(6):
        assert not one.run_one()
        clock.advance(POSTPONED)
    assert queue.failed() == []
    assert rests == [0.25, 0.5, 1.0, 2.0, 4.0, 4.0], "longer each time, but not for ever"
    away = False
    assert one.run_one()
    assert queue.pending() == 0


def test_a_queue_that_is_away_ends_no_worker(
    database: Database, queue: TableJobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.jobs.worker.time.sleep", lambda _: None)
    ask(database, queue, "rec_1")
    one = worker(queue, {"advance": lambda _: None})

    def refuse(*_: object, **__: object) -> None:
        raise Unavailable("database-unavailable", detail="refused")

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(queue, "claim", refuse)
        assert not one.run_one()
        patched.undo()
        patched.setattr("archive.jobs.worker.time.sleep", lambda _: None)
        patched.setattr(queue, "complete", refuse)
        assert not one.run_one(), "done, but nobody could be told"
    assert [entry["event"] for entry in logs] == ["queue.away", "queue.away"]
    assert queue.pending() == 1
