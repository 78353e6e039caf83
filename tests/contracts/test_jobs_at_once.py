"""What only a database can show of the queue: workers that reach for the same rows at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.jobs.model import job
from tests.contracts.test_jobs import NOW, POSTGRES, Bench, rows_of, table
from tests.services import fresh_database


@pytest.mark.parametrize("kind", ["sqlite", POSTGRES])
def test_many_workers_at_once_take_each_job_once(kind: str, tmp_path: Path) -> None:
    with rows_of(kind, tmp_path) as database:
        bench = Bench(table(database, FixedClock(NOW)), FixedClock(NOW), database)
        with database.writing() as uow:
            for number in range(200):
                bench.queue.enqueue(uow, "advance", f"rec_{number}")

        def drain(worker: str) -> list[str]:
            taken = []
            while (found := bench.queue.claim(worker)) is not None:
                taken.append(found.key)
                bench.queue.complete(found)
            return taken

        with ThreadPoolExecutor(6) as pool:
            taken = [key for keys in pool.map(drain, [f"w{n}" for n in range(6)]) for key in keys]
        # A worker that finds every due row looked at by others may leave early; nobody takes a row twice.
        taken += drain("last")
        assert len(taken) == len(set(taken)) == 200
        assert bench.queue.pending() == 0


@pytest.mark.services
def test_on_postgresql_claims_do_not_wait_for_those_that_write() -> None:
    with fresh_database() as url:
        database, other = Database(build_engine(url)), Database(build_engine(url))
        metadata.create_all(database.engine, tables=[job])
        bench = Bench(table(other, FixedClock(NOW)), FixedClock(NOW), database)
        bench.enqueue("rec_1")
        with database.writing():
            # Somebody writes records, and takes long over it.
            held = bench.queue.claim("w1")
            assert held is not None
            bench.queue.heartbeat(held)
            bench.queue.complete(held)
        assert bench.queue.pending() == 0
        database.dispose()
        other.dispose()
