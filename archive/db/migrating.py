"""Brings a database to the schema that this program expects."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import Conflict

HEAD = "0005"
"""The newest revision; a test holds it against the folder of revisions."""

_SCRIPTS = Path(__file__).parent / "migrations"
_ORDERS = frozenset({"C", "POSIX", "C.UTF-8", "C.utf8"})


def migrate(url: str) -> None:
    """Apply every revision that is not yet applied; harmless to repeat, also by two at once.

    Raises:
        Unavailable: the database does not answer.
        Conflict: it sorts text otherwise than by code (`database-order`).
    """
    from alembic import command  # noqa: PLC0415 - takes long to load, needed once in the life of a database
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    database = Database(build_engine(url))
    try:
        with database.writing() as uow:
            _require_order(uow.connection)
            if database.distributed:
                # Changing a large table takes as long as it takes.
                uow.connection.execute(text("set local statement_timeout = 0"))
            config.attributes["connection"] = uow.connection
            command.upgrade(config, "head")
    finally:
        database.dispose()


def _require_order(connection: Connection) -> None:
    """Codes and ids must sort as the program sorts them: a language's own order ignores hyphens and case."""
    if connection.dialect.name != "postgresql":
        return
    query = text("select datlocprovider, datcollate from pg_database where datname = current_database()")
    provider, found = connection.execute(query).one()
    if provider == "i" or found not in _ORDERS:
        raise Conflict("database-order", found="ICU" if provider == "i" else found)


def revision(url: str) -> str | None:
    """The revision a database is at, None for an empty one.

    Raises:
        Unavailable: the database does not answer.
    """
    database = Database(build_engine(url))
    try:
        with database.reading() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    finally:
        database.dispose()


def require_current(url: str) -> None:
    """Make sure that the database has the schema of this program.

    Raises:
        Conflict: it is older (`database-outdated`) or newer (`database-newer`) than the program.
    """
    found = revision(url)
    if found == HEAD:
        return
    raise Conflict("database-outdated" if found is None or found < HEAD else "database-newer", found=found, head=HEAD)
