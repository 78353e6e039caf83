"""Data push: how fast messages are acknowledged durably over HTTP, and that children sent before parents all join.

`python -m benchmarks.push` prints one JSON line for each; the floor of an acknowledgement is one insert a commit.
"""

import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import psycopg

from archive.errors import SourceFailed
from archive.settings import Settings
from archive.wiring import found
from benchmarks.push_server import SOURCE, TOKEN, register, served
from ingest.push.repository import PushRepository
from ingest.push.service import PUSH
from ingest.push.types import MessageState, Shape
from ingest.worker import Runtime, build_runtime
from tests import push_messages as messages
from tests.services import fresh_database, plain

_PROJECTS = 100
_CHILDREN = ("503", "504", "505", "506", "507", "508", "509", "510", "511", "512", "513")
_SENT = 1_000
_THREADS = 4
_FLOOR = 1_000


@dataclass(frozen=True)
class Benchmark:
    """One measurement by name."""

    NAME: str
    measure: Callable[[], dict[str, object]]


def tree(project: int) -> Iterator[tuple[str, str, messages.Given]]:
    """A hundred messages of one project, parents first: number, key, fields."""
    code = f"M{370100:06d}{project:010d}"
    yield "500", f"500-{project}", messages.valid("500", PROJECT_CODE=code, PROJECT_NAME=f"第{project}号工程")
    for tender in range(2):
        tender_code = f"{code}{tender:03d}"
        given = messages.valid("501", PROJECT_CODE=code, TENDER_PROJECT_CODE=tender_code)
        yield "501", f"501-{project}-{tender}", given
        for section in range(4):
            codes = {"TENDER_PROJECT_CODE": tender_code, "BID_SECTION_CODE": f"{tender_code}{section:03d}"}
            yield "502", f"502-{project}-{tender}-{section}", messages.valid("502", **codes)
            codes["BID_SECTION_CODES"] = codes["BID_SECTION_CODE"]
            numbers = (*_CHILDREN, "513") if (tender, section) == (0, 0) else _CHILDREN
            for index, number in enumerate(numbers):
                key = f"{number}-{project}-{tender}-{section}-{index}"
                yield number, key, messages.valid(number, **codes)


def _children_first() -> list[tuple[str, str, messages.Given]]:
    """Everything in random order, those on whom others depend after all of these."""
    sent = [message for project in range(_PROJECTS) for message in tree(project)]
    Random(7).shuffle(sent)  # noqa: S311 - an order, no secret
    return sorted(sent, key=lambda message: {"500": 3, "501": 2, "502": 1}.get(message[0], 0))


def _join_all() -> dict[str, object]:
    """Messages joined a second from the first sent to the last joined, on the embedded default."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = _archive(Path(folder) / "home", {})
        source = runtime.ingest.sources.get(SOURCE)
        sent = _children_first()
        started = time.perf_counter()
        for number, key, given in sent:
            answer = runtime.ingest.push.service.receive(source, messages.xml(number, key, given), Shape.GENERAL_XML)
            assert answer.state is MessageState.RECEIVED
        received = time.perf_counter()
        jobs = _work(runtime)
        ended = time.perf_counter()
        states = Counter(_states(runtime, [key for _, key, _ in sent]))
        with runtime.kernel.database.reading() as connection:
            records = connection.exec_driver_sql("select count(*) from records_item").scalar_one()
        runtime.kernel.database.dispose()
    assert states == {MessageState.JOINED: len(sent)}
    assert records == len(sent)
    return {
        "benchmark": "push-children-first",
        "value": round(len(sent) / (ended - started)),
        "unit": "messages/s",
        "messages": len(sent),
        "records": records,
        "held": states[MessageState.HELD],
        "jobs": jobs,
        "received_per_second": round(len(sent) / (received - started)),
    }


def _work(runtime: Runtime) -> int:
    done, queue = 0, runtime.kernel.jobs
    while (job := queue.claim("benchmark", frozenset({PUSH}))) is not None:
        try:
            runtime.ingest.push.joiner.join(job.key)
        except SourceFailed as error:
            queue.retry(job, error.code, error.message())
        else:
            queue.complete(job)
        done += 1
    return done


def _states(runtime: Runtime, keys: list[str]) -> Iterator[MessageState]:
    with runtime.kernel.database.reading() as connection:
        for key in keys:
            yield from (pushed.state for pushed in PushRepository(connection).of_key(SOURCE, key))


def _acknowledged(name: str, settings: dict[str, str], floor: Callable[[Path], float]) -> dict[str, object]:
    """Messages a second through the server's door, each answered once it is durable."""
    with tempfile.TemporaryDirectory() as folder:
        before = floor(Path(folder))
        runtime = _archive(Path(folder) / "home", settings)
        with served(runtime) as url, ProcessPoolExecutor(1) as process:
            process.submit(_send_all, url, "w", 20).result()
            seconds = process.submit(_send_all, url, "m", _SENT).result()
        value, bare = _SENT / seconds, (before + floor(Path(folder))) / 2
        runtime.kernel.database.dispose()
    return {
        "benchmark": name,
        "value": round(value),
        "unit": "messages/s",
        "ratio_to_floor": round(value / bare, 3),
        "floor": round(bare),
        "floor_is": "one insert a commit",
        "client_threads": _THREADS,
    }


def _send_all(url: str, prefix: str, count: int) -> float:
    """Send so many messages from several threads; the seconds it took. Runs in a process of its own."""
    bodies = [messages.xml("1801", f"{prefix}{number}", messages.valid("1801")) for number in range(count)]
    with httpx.Client(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False) as client:

        def send(body: bytes) -> int:
            return client.post(f"{url}/api/v1/push/{SOURCE}", content=body).status_code

        started = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as threads:
            assert set(threads.map(send, bodies)) == {200}
        return time.perf_counter() - started


def _archive(home: Path, given: dict[str, str]) -> Runtime:
    settings = Settings.load(given, home)
    found(settings)
    runtime = build_runtime(settings)
    register(runtime)
    return runtime


def _sqlite_commits(folder: Path) -> float:
    with closing(sqlite3.connect(folder / "floor.db", isolation_level=None)) as connection:
        connection.executescript(
            "pragma journal_mode=wal; pragma synchronous=full; create table if not exists t(b blob)"
        )
        started = time.perf_counter()
        for _ in range(_FLOOR):
            connection.execute("begin immediate")
            connection.execute("insert into t values (?)", (bytes(256),))
            connection.execute("commit")
        return _FLOOR / (time.perf_counter() - started)


def _postgres_commits(url: str) -> float:
    with psycopg.connect(plain(url)) as connection:
        connection.execute("create table if not exists floor_rows(b bytea)")
        connection.commit()
        started = time.perf_counter()
        for _ in range(_FLOOR):
            connection.execute("insert into floor_rows values (%s)", (bytes(256),))
            connection.commit()
        return _FLOOR / (time.perf_counter() - started)


def _acknowledged_embedded() -> dict[str, object]:
    return _acknowledged("push-acknowledged-embedded", {}, _sqlite_commits)


def _acknowledged_postgres() -> dict[str, object]:
    with fresh_database() as url, _other(url) as floor:
        return _acknowledged("push-acknowledged-postgres", {"ARCHIVE_DATABASE_URL": url}, floor)


@contextmanager
def _other(url: str) -> Iterator[Callable[[Path], float]]:
    """The floor in a database of its own on the same server."""
    del url
    with fresh_database() as other:
        yield lambda _: _postgres_commits(other)


EMBEDDED = (Benchmark("push-acknowledged-embedded", _acknowledged_embedded),)
SERVICES = (Benchmark("push-acknowledged-postgres", _acknowledged_postgres),)
LONG = (Benchmark("push-children-first", _join_all),)
