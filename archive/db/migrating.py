"""Brings a database to the schema that this program expects."""

from pathlib import Path

from sqlalchemy import inspect, text

from archive.db.engine import build_engine
from archive.errors import Conflict

HEAD = "0001"
"""The newest revision; a test holds it against the folder of revisions."""

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Apply every revision that is not yet applied; harmless to repeat.

    Raises:
        Unavailable: the database does not answer.
    """
    from alembic import command  # noqa: PLC0415 - takes long to load, needed once in the life of a database
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    engine = build_engine(url)
    try:
        with engine.connect().execution_options(archive_write=True) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def revision(url: str) -> str | None:
    """The revision a database is at, None for an empty one."""
    engine = build_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    finally:
        engine.dispose()


def require_current(url: str) -> None:
    """Make sure that the database has the schema of this program.

    Raises:
        Conflict: it is older (`database-outdated`) or newer (`database-newer`) than the program.
    """
    found = revision(url)
    if found == HEAD:
        return
    raise Conflict("database-outdated" if found is None or found < HEAD else "database-newer", found=found, head=HEAD)
