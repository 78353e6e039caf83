"""Commits a second of the ledger on PostgreSQL when many processes want it at once; the floor is plain commits."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

import psycopg

from archive.authorization import SYSTEM_ACTOR
from archive.clock import SystemClock
from archive.db.engine import build_engine
from archive.db.migrating import migrate
from archive.db.uow import Database
from archive.ledger.service import Ledger
from archive.ledger.types import Event, EventType
from benchmarks.servers import new_archive

NAME = "ledger-contention"
_ENTRIES = 1500
_CLIENTS = (1, 2, 4, 8)


def measure() -> dict[str, object]:
    """Entries a second by number of processes, each with the rate of plain commits of as many."""
    url = new_archive()["ARCHIVE_DATABASE_URL"]
    migrate(url)
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("create table floor (a integer, b bytea)")
    floor = {count: _rate(_insert, plain, count) for count in _CLIENTS}
    found = {count: _rate(_append, url, count) for count in _CLIENTS}
    return {
        "benchmark": NAME,
        "value": round(found[_CLIENTS[-1]]),
        "unit": f"entries/s with {_CLIENTS[-1]} processes",
        "by_processes": {count: round(rate) for count, rate in found.items()},
        "floor": {count: round(rate) for count, rate in floor.items()},
        "floor_is": "PostgreSQL, one insert a commit, psycopg alone, as many processes",
        "ratio_to_floor": round(found[_CLIENTS[-1]] / floor[_CLIENTS[-1]], 3),
    }


def _rate(work: Callable[[str, int, Barrier], None], url: str, count: int) -> float:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count + 1)
    processes = [context.Process(target=work, args=(url, _ENTRIES // count, barrier)) for _ in range(count)]
    for process in processes:
        process.start()
    barrier.wait()
    started = time.perf_counter()
    for process in processes:
        process.join()
    return (_ENTRIES // count) * count / (time.perf_counter() - started)


def _append(url: str, count: int, barrier: Barrier) -> None:
    database, ledger = Database(build_engine(url)), Ledger(SystemClock())
    event = Event(EventType.RECORD_CHECKED, SYSTEM_ACTOR.id, "record", "rec_benchmark", {"policy": "bench"})
    database.ping()
    barrier.wait()
    for _ in range(count):
        with database.writing() as uow:
            ledger.append(uow, event)
    database.dispose()


def _insert(url: str, count: int, barrier: Barrier) -> None:
    with psycopg.connect(url) as connection:
        barrier.wait()
        for number in range(count):
            connection.execute("insert into floor values (%s, %s)", (number, bytes(256)))
            connection.commit()
