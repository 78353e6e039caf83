"""The unit of work: one request or task is one transaction, and this is the only place that commits.

Services take a unit of work and never commit. What must only happen once the rows are safe (a wake-up to a worker) is
handed to `after_commit`: it runs after the commit and is dropped with a rollback.

Units of work that write come one after another on every database: what one has looked at cannot change under it, and
the ledger has no gaps. SQLite's write lock does that for one machine, an advisory lock of PostgreSQL for many; both end
with the transaction, however it ends. Work on the table of jobs alone does not wait for it (`leasing`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from archive.errors import Unavailable

_WRITERS = 0x4A5A0001
_TAKE_TURNS = text(
    "select pg_advisory_xact_lock(:lock), set_config('idle_in_transaction_session_timeout', :idle, true)"
)
# Whoever holds up all others and says nothing has been forgotten: the database ends it and gives the turn away.
_MOST_SILENT = "60s"


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
        self.pool = int(getattr(engine.pool, "size", lambda: 1)())
        """How many connections it keeps at most."""
        self._reader = engine
        if self.distributed:
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the rows; nothing written through it is kept.

        Raises:
            Unavailable: the database does not answer.
        """
        with _named_errors(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A transaction that commits when the block ends and rolls back when it raises; no other writes meanwhile.

        Raises:
            Unavailable: the database does not answer, or stayed locked too long.
        """
        with _named_errors(), self.engine.connect().execution_options(archive_write=True) as connection:
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
        with _named_errors(), writer.begin() as connection:
            yield connection

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
    except OperationalError as error:
        raise Unavailable("database-unavailable", detail=_said(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("database-unavailable", detail=_said(error)) from error
        raise
    except PoolTimeout as error:
        raise Unavailable("database-unavailable", detail="connection pool") from error


def _said(error: DBAPIError) -> str:
    """The driver's own words, on one line. They name host and database, never a password."""
    return " ".join(str(error.orig).split())
