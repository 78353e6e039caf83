"""What wakes workers keeps to: a message for each job, none needed. On RabbitMQ and on Redis, with real workers."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from archive.clock import SystemClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import InvalidInput, Unavailable
from archive.ids import RandomIds
from archive.jobs.celery import CeleryQueues
from archive.jobs.model import job
from archive.jobs.port import Lane
from archive.jobs.table import TableJobQueue
from archive.jobs.worker import Worker
from tests.services import fresh_database, service_url

pytestmark = [pytest.mark.services, pytest.mark.slow]

LEASE = timedelta(seconds=5)
PATIENCE = 30.0


@dataclass
class Bench:
    """A queue whose workers are woken over a broker, and a folder where they leave what they did."""

    url: str
    rows: str
    folder: Path
    database: Database
    broker: CeleryQueues
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def queue(self) -> TableJobQueue:
        return TableJobQueue(self.database, SystemClock(), RandomIds(), LEASE, 3, self.broker)

    def ask(self, *keys: str, lane: Lane = Lane.LIGHT, queue: TableJobQueue | None = None) -> None:
        with self.database.writing() as uow:
            for key in keys:
                (queue or self.queue).enqueue(uow, "note", key, lane=lane)

    def serve(self, lane: Lane = Lane.LIGHT, processes: int = 1) -> subprocess.Popen[bytes]:
        given = [self.url, self.rows, str(self.folder), lane, str(processes)]
        server = subprocess.Popen([sys.executable, "-m", "tests.contracts.test_wakers", *given], start_new_session=True)
        self.servers.append(server)
        return server

    def done(self) -> list[str]:
        """The keys of what was done, once for each time."""
        lines = [path.read_text().splitlines() for path in self.folder.glob("*.done")]
        return sorted(key for keys in lines for key in keys)


@pytest.fixture(params=["rabbitmq", "redis"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with fresh_database() as rows:
        database = Database(build_engine(rows))
        metadata.create_all(database.engine, tables=[job])
        url = f"{service_url(request.param)}?queues=t{secrets.token_hex(4)}"
        made = Bench(url, rows, tmp_path, database, CeleryQueues(url))
        yield made
        for server in made.servers:
            kill(server)
        made.broker.close()
        database.dispose()


def kill(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come to this"
        time.sleep(0.05)


def test_every_job_is_done_once_by_whoever_is_woken(bench: Bench) -> None:
    bench.serve(processes=2)
    keys = [f"rec_{number:02d}" for number in range(20)]
    bench.ask(*keys)
    until(lambda: bench.queue.pending() == 0)
    assert bench.done() == keys
    assert bench.broker.waiting(Lane.LIGHT) == 0


def test_messages_wait_for_a_worker_of_their_lane(bench: Bench) -> None:
    bench.ask("rec_1", "rec_2")
    bench.ask("rec_film", lane=Lane.HEAVY)
    until(lambda: bench.broker.waiting(Lane.LIGHT) == 2)
    until(lambda: bench.broker.waiting(Lane.HEAVY) == 1)
    bench.serve(Lane.LIGHT)
    until(lambda: bench.done() == ["rec_1", "rec_2"])
    assert bench.broker.waiting(Lane.HEAVY) == 1


def test_a_message_that_comes_twice_finds_nothing_to_do(bench: Bench) -> None:
    bench.ask("rec_1")
    ids = bench.queue.due(10)[Lane.LIGHT]
    bench.broker.wake(Lane.LIGHT, ids * 3)
    bench.serve()
    until(lambda: bench.queue.pending() == 0)
    until(lambda: bench.broker.waiting(Lane.LIGHT) == 0)
    assert bench.done() == ["rec_1"]


def test_a_message_that_was_lost_is_missed_and_sent_again(bench: Bench) -> None:
    silent = TableJobQueue(bench.database, SystemClock(), RandomIds(), LEASE, 3)
    bench.ask("rec_1", "rec_2", queue=silent)
    assert bench.broker.waiting(Lane.LIGHT) == 0
    bench.serve()
    time.sleep(1)
    assert bench.done() == []
    due = bench.queue.due(10)[Lane.LIGHT]
    bench.broker.wake(Lane.LIGHT, due[: len(due) - bench.broker.waiting(Lane.LIGHT)])
    until(lambda: bench.done() == ["rec_1", "rec_2"])


def test_a_message_for_a_job_that_is_gone_is_dropped(bench: Bench) -> None:
    bench.broker.wake(Lane.LIGHT, ["job_nobody"])
    bench.ask("rec_1")
    bench.serve()
    until(lambda: bench.done() == ["rec_1"])
    assert bench.broker.waiting(Lane.LIGHT) == 0


def test_what_a_killed_process_was_at_is_done_by_another(bench: Bench) -> None:
    bench.ask("deadly-once")
    bench.serve()
    # The process kills itself over its first attempt; the message or the lease brings the job back.
    until(lambda: bench.queue.pending() == 0 or bool(wake_due(bench)))
    until(lambda: bench.done() == ["deadly-once"])


def test_what_kills_every_process_is_set_aside(bench: Bench) -> None:
    bench.ask("deadly")
    bench.serve()

    def over() -> bool:
        wake_due(bench)
        return bool(bench.queue.failed())

    until(over)
    assert [failed.code for failed in bench.queue.failed()] == ["job-deadly"]


def wake_due(bench: Bench) -> list[str]:
    """What the leader does every second."""
    due = bench.queue.due(10)[Lane.LIGHT]
    missing = len(due) - bench.broker.waiting(Lane.LIGHT)
    if missing > 0:
        bench.broker.wake(Lane.LIGHT, due[:missing])
    return []


def test_asked_to_end_a_worker_finishes_what_it_is_at(bench: Bench) -> None:
    server = bench.serve()
    bench.ask("slow")
    until((bench.folder / "slow.begun").exists)
    server.send_signal(signal.SIGTERM)
    assert server.wait(PATIENCE) == 0
    assert bench.done() == ["slow"]
    assert bench.queue.pending() == 0


# What needs no broker.


def test_a_broker_that_is_away_costs_no_more_than_a_warning(tmp_path: Path) -> None:
    del tmp_path
    broker = CeleryQueues("amqp://nobody:secret@127.0.0.1:1/%2F")
    with capture_logs() as logs:
        started = time.monotonic()
        for number in range(50):
            broker.wake(Lane.LIGHT, [f"job_{number}"])
    assert time.monotonic() - started < 10
    assert [entry["event"] for entry in logs] == ["queue.broker-away"]
    with pytest.raises(Unavailable) as caught:
        broker.waiting(Lane.LIGHT)
    assert caught.value.code == "broker-unavailable"
    assert "127.0.0.1:1" in caught.value.message("en")
    assert "secret" not in str(logs) + caught.value.message("zh") + caught.value.message("en")


@pytest.mark.parametrize(
    "url", ["amqp://", "http://host/", "amqp://host/?lanes=3", "table:", "amqp://user:se/cret@host/"]
)
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        CeleryQueues(url)
    assert caught.value.code == "queue-url"
    assert "cret" not in caught.value.message("en")


def test_a_broker_that_says_nothing_holds_nobody_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = CeleryQueues(f"amqp://user:word@127.0.0.1:{silent.getsockname()[1]}/%2F")
        started = time.monotonic()
        with pytest.raises(Unavailable):
            broker.waiting(Lane.LIGHT)
        assert time.monotonic() - started < 20
        broker.close()


# The worker's side, in processes of its own.


def handlers(folder: Path) -> Mapping[str, Callable[[str], None]]:
    def note(key: str) -> None:
        if key == "slow":
            (folder / "slow.begun").touch()
            time.sleep(2)
        if key == "deadly-once" and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if key == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        with (folder / f"{os.getpid()}.done").open("a") as file:
            file.write(f"{key}\n")

    return {"note": note}


def serve(url: str, rows: str, folder: str, lane: str, processes: str) -> None:
    def build(name: str) -> tuple[Worker, TableJobQueue]:
        queue = TableJobQueue(Database(build_engine(rows)), SystemClock(), RandomIds(), LEASE, 3)
        return Worker(name, queue, handlers(Path(folder)), LEASE.total_seconds() / 3), queue

    CeleryQueues(url).serve(Lane(lane), int(processes), "test-host.", build)


if __name__ == "__main__":
    serve(*sys.argv[1:])
