"""The unit of work: one request or task is one transaction, and this is the only place that commits.

Services take a unit of work and never commit. What must only happen once the rows are safe (a wake-up to a worker) is
handed to `after_commit`: it runs after the commit and is dropped with a rollback.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from archive.errors import Unavailable


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

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the rows; nothing written through it is kept.

        Raises:
            Unavailable: the database does not answer.
        """
        with _named_errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises:
            Unavailable: the database does not answer, or stayed locked too long.
        """
        with _named_errors(), self.engine.connect().execution_options(archive_write=True) as connection:
            uow = UnitOfWork(connection)
            with connection.begin():
                yield uow
        uow.finish()

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
        raise Unavailable("database-unavailable", detail=str(error.orig)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("database-unavailable", detail=str(error.orig)) from error
        raise
