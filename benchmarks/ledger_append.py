"""Appending to the ledger, one act a transaction; the floor is the database's own rate of single durable commits."""

import sqlite3
import tempfile
import time
from pathlib import Path

from archive.authorization import SYSTEM_ACTOR
from archive.clock import SystemClock
from archive.db.engine import build_engine
from archive.db.migrating import migrate
from archive.db.uow import Database
from archive.ledger.service import Ledger
from archive.ledger.types import Event, EventType

NAME = "ledger-append"
_ENTRIES = 2000


def measure() -> dict[str, object]:
    """Entries a second."""
    with tempfile.TemporaryDirectory() as folder:
        floor = _commits(Path(folder))
        url = f"sqlite:///{folder}/archive.db"
        migrate(url)
        database, ledger = Database(build_engine(url)), Ledger(SystemClock())
        event = Event(EventType.RECORD_CHECKED, SYSTEM_ACTOR.id, "record", "rec_benchmark", {"policy": "bench"})
        started = time.perf_counter()
        for _ in range(_ENTRIES):
            with database.writing() as uow:
                ledger.append(uow, event)
        value = _ENTRIES / (time.perf_counter() - started)
        database.dispose()
    return {
        "benchmark": NAME,
        "value": round(value),
        "unit": "entries/s",
        "ratio_to_floor": round(value / floor, 3),
        "floor": round(floor),
        "floor_is": "SQLite WAL FULL, one insert a commit",
    }


def _commits(folder: Path) -> float:
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table t(a integer, b blob)")
    started = time.perf_counter()
    for number in range(_ENTRIES):
        connection.execute("begin immediate")
        connection.execute("insert into t values (?, ?)", (number, bytes(256)))
        connection.execute("commit")
    rate = _ENTRIES / (time.perf_counter() - started)
    connection.close()
    return rate
