"""The unit of work: one request or task is one transaction, and this is the only place that commits.

Services take a unit of work and never commit. What must only happen once the rows are safe (a wake-up to a worker) is
handed to `after_commit`: it runs after the commit and is dropped with a rollback.

Units of work that write come one after another on every database: what one has looked at cannot change under it, and
the ledger has no gaps. SQLite's write lock does that for one machine, an advisory lock of PostgreSQL for many; both end
with the transaction, however it ends. Work on the table of jobs alone does not wait for it (`leasing`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from archive.errors import ArchiveError, DatabaseFailed, InvalidInput, Unavailable

_WRITERS = 0x4A5A0001
_TAKE_TURNS = text(
    "select pg_advisory_xact_lock(:lock), set_config('idle_in_transaction_session_timeout', :idle, true)"
)
# Whoever holds up all others and says nothing has been forgotten: the database ends it and gives the turn away.
_MOST_SILENT = "60s"
_PATIENCE_SECONDS = 20.0

# Classes of SQLSTATE that say that the database is away or busy, not that it was asked something impossible: no
# connection, no room, shutting down, rolled back for others, locked for too long, only to be read.
_AWAY: Final = ("08", "53", "57P", "40", "55P03", "25006")
_TOO_SLOW: Final = "57014"
_TOO_LARGE: Final = "54"

_depth: ContextVar[int] = ContextVar("depth", default=0)
"""How many looks into a database the present call has open, one inside the other."""


class UnitOfWork:
    """An open transaction. `connection` is for repositories only."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._afterwards: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is durable; never if it is rolled back."""
        self._afterwards.append(action)

    def finish(self) -> None:
        """Run what waited for the commit, in the order it was asked for."""
        for action in self._afterwards:
            action()


class Database:
    """Opens transactions on one engine, for reading or for writing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.distributed = engine.dialect.name == "postgresql"
        """Whether many hosts can work on it."""
        self.pool = engine.pool.size() if isinstance(engine.pool, QueuePool) else 1
        """How many calls at once it serves."""
        self._places = threading.BoundedSemaphore(self.pool)
        self._reader = engine
        if self.distributed:
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the rows; nothing written through it is kept.

        Raises:
            Unavailable: the database does not answer.
        """
        with _named_errors(), self._place(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A transaction that commits when the block ends and rolls back when it raises; no other writes meanwhile.

        Raises:
            Unavailable: the database does not answer, or stayed locked too long.
        """
        writer = self.engine.execution_options(archive_write=True)
        with _named_errors(), self._place(), writer.connect() as connection:
            uow = UnitOfWork(connection)
            with connection.begin():
                if self.distributed:
                    connection.execute(_TAKE_TURNS, {"lock": _WRITERS, "idle": _MOST_SILENT})
                yield uow
        uow.finish()

    @contextmanager
    def leasing(self) -> Iterator[Connection]:
        """A short transaction on the table of jobs alone: it waits only for those that want the same row.

        Raises:
            Unavailable: as `writing`.
        """
        writer = self.engine.execution_options(archive_write=True)
        with _named_errors(), self._place(), writer.begin() as connection:
            yield connection

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Wait for one of the places of the pool. A look inside another has one already: nobody waits for himself."""
        depth = _depth.get()
        if depth == 0 and not self._places.acquire(timeout=_PATIENCE_SECONDS):
            raise Unavailable("database-unavailable", detail="connection pool")
        _depth.set(depth + 1)
        try:
            yield
        finally:
            _depth.set(depth)
            if depth == 0:
                self._places.release()

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: there is none.
        """
        with self.reading() as connection:
            connection.execute(text("select 1"))

    def dispose(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # Without what led to it: the driver's words may repeat the row that was refused, and would end in a log.
        raise _named(error) from None


def _named(error: DBAPIError) -> ArchiveError:
    """The error as one of ours, by what the database says of it rather than by the driver's classes."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if isinstance(error, DataError) or state.startswith(_TOO_LARGE):
        return InvalidInput("value-unstorable", detail=f"{type(error.orig).__name__} {state}".strip())
    if state == _TOO_SLOW:
        return DatabaseFailed("database-too-slow")
    if error.connection_invalidated or state.startswith(_AWAY) or (not state and isinstance(error, OperationalError)):
        return Unavailable("database-unavailable", detail=" ".join(str(error.orig).split()))
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    return DatabaseFailed("database-refused", detail=f"{type(error.orig).__name__} {state} {constraint}".strip())
