"""Engines from URLs. SQLite, the embedded default: WAL, synchronous=FULL, one writer at a time, readers never wait."""

import sqlite3

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from archive.errors import InvalidInput

_BUSY_MILLISECONDS = 60_000


def build_engine(url: str) -> Engine:
    """An engine for `url` (`sqlite:///path`).

    Raises:
        InvalidInput: the URL names a database the archive does not know.
    """
    if not url.startswith("sqlite:///"):
        raise InvalidInput("database-url", url=url.rsplit("@", maxsplit=1)[-1])
    engine = create_engine(url, pool_size=4, max_overflow=8)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    del record
    # The driver's own transaction control opens transactions late; ours begin when we say so (see _begin).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "journal_mode=wal",
        "synchronous=full",
        "foreign_keys=on",
        "cache_size=-16000",
        "temp_store=memory",
    ):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A deferred transaction that reads and then writes can fail half-way; one that will write takes the lock first.
    mode = "immediate" if connection.get_execution_options().get("archive_write") else "deferred"
    connection.exec_driver_sql(f"begin {mode}")
