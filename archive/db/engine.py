"""Engines from URLs: SQLite, the embedded default, and PostgreSQL, for those who outgrow one machine.

SQLite: WAL, synchronous=FULL, readers never wait. PostgreSQL: psycopg 3, a bounded pool, limits on statements and on
waiting. On both, units of work that write come one after another (see `archive.db.uow` and decision 0013).
"""

import sqlite3

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from archive.errors import InvalidInput

_BUSY_MILLISECONDS = 60_000
_CONNECT_SECONDS = 5
# How many calls there are at once is bounded by `Database`, which knows of looks inside others; pools overflow freely.
_FILE_POOL = 12


def build_engine(url: str, pool: int = 8, statement_seconds: int = 60) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://user:password@host/name`.

    `pool` connections at most, and so many seconds for one statement, hold for PostgreSQL.

    Raises:
        InvalidInput: the URL names a database the archive does not know.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("database-url", url=url.partition(":")[0]) from error
    if address.drivername == "sqlite" and address.database:
        return _sqlite(address)
    if address.drivername == "postgresql+psycopg" and address.host and address.database:
        return _postgresql(address, pool, statement_seconds)
    raise InvalidInput("database-url", url=address.set(username=None, password=None).render_as_string())


def _sqlite(url: URL) -> Engine:
    # What stands in rows, titles among it, never gets into an error and so into a log.
    engine = create_engine(url, pool_size=_FILE_POOL, max_overflow=-1, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _postgresql(url: URL, pool: int, statement_seconds: int) -> Engine:
    limits = {
        "statement_timeout": statement_seconds * 1000,
        "lock_timeout": _BUSY_MILLISECONDS,
        # Nobody sees rows of ours under another zone or reads bytes in another notation.
        "timezone": "UTC",
        # A host that is gone without a word holds no lock for long: the server notices within half a minute.
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=-1,
        # Asked before it is used: a database that was started again costs nobody a failed request.
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "juanzong",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            # And so does the client when the server is gone.
            "tcp_user_timeout": 30_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )


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
