"""Statements over every table there is, whoever declares it: rows out as JSON values, and in again.

It works on the tables of `archive.db.base.metadata`. A process that has not loaded the models of all packages knows
only some of them; `unknown_tables` tells, and nothing is backed up then.
"""

import base64
import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.types import TypeEngine

from archive.db.base import Moment, metadata
from archive.errors import Damaged

__all__ = ["BLOB_REFERENCES", "LEFT_OUT", "NO_REFERENCES", "Connection", "Rows", "kept_tables"]

BLOB_REFERENCES: Final = (
    ("records_component", "sha256"),
    ("ingest_arrival", "raw_sha256"),
    ("push_message", "sha256"),
    ("check_report", "json_sha256"),
    ("check_report", "html_sha256"),
    ("check_report", "pdf_sha256"),
)
"""Table and column of everything that names bytes in the store."""

NO_REFERENCES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("records_component", "announced_sha256"): "what the source claims, stored or not",
        ("access_session", "token_sha256"): "the digest of a secret",
        ("access_attempt", "name_sha256"): "the digest of a name that somebody typed",
        ("ingest_upload", "sha256"): "of a file on its way, outside of the store; once taken in a component names it",
    }
)
"""Columns that are called like a digest and yet name no bytes in the store, each with the reason."""

LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "access_session": "a login that was ended since must not come back to life",
        "ledger_follower": "positions belong to what is derived, which is made again",
    }
)
"""Tables that no snapshot holds, each with the reason. They are empty after a restore."""

_VERSION_TABLE = "alembic_version"
# Rows can carry texts of millions of characters; so few of them at once fit into memory whatever they carry.
_AT_ONCE = 100

_Change = Callable[[Any], Any]


def kept_tables() -> list[str]:
    """The tables that a snapshot holds, in the order in which they are put back: what a row refers to comes first."""
    return [table.name for table in metadata.sorted_tables if table.name not in LEFT_OUT]


class Rows:
    """The rows of all tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unknown_tables(self) -> list[str]:
        """Tables that the database has and this process knows nothing of."""
        return sorted(set(inspect(self._connection).get_table_names()) - set(metadata.tables) - {_VERSION_TABLE})

    def read(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of one table as JSON values, by their key, a few at a time."""
        table = metadata.tables[name]
        changes = {column.name: _outward(column.type) for column in table.columns}
        query = select(table).order_by(*table.primary_key.columns)
        found = self._connection.execute(query, execution_options={"yield_per": _AT_ONCE})
        for row in found.mappings():
            yield {
                column: value if value is None else changes[column](value)
                for column, value in ((column.name, row[column]) for column in table.columns)
            }

    def blobs(self) -> Iterator[str]:
        """The digests of everything the rows refer to, in order, each once."""
        last = ""
        for sha256 in heapq.merge(*(self._referenced(*reference) for reference in BLOB_REFERENCES)):
            if sha256 != last:
                yield sha256
            last = sha256

    def used(self) -> str | None:
        """The name of a table that has rows, None where all of them are empty."""
        for table in metadata.sorted_tables:
            if self._connection.execute(select(table).limit(1)).first() is not None:
                return table.name
        return None

    def write(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows into a table.

        Raises:
            Damaged: they are no rows of this table (`backup-rows-refused`).
        """
        table = metadata.tables[name]
        try:
            # Column by column and none left out: a row that knows more or less than the table is no row of it.
            values = [_inward(table, row) for row in rows]
            self._connection.execute(insert(table), values)
        except (DataError, IntegrityError, ValueError, TypeError) as error:
            # The library's own words are left out: they repeat the row.
            raise Damaged("backup-rows-refused", table=name, detail=type(error).__name__) from None

    def _referenced(self, table: str, column: str) -> Iterator[str]:
        named = metadata.tables[table].c[column]
        query = select(named).where(named.is_not(None)).distinct().order_by(named)
        for (sha256,) in self._connection.execute(query, execution_options={"yield_per": _AT_ONCE}):
            yield str(sha256)


def _inward(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    if set(row) != set(table.columns.keys()):
        raise ValueError("other columns")
    return {
        column.name: value if value is None else _from_json(column.type)(value)
        for column, value in ((column, row[column.name]) for column in table.columns)
    }


def _outward(kind: TypeEngine[Any]) -> _Change:
    """How values of a column become JSON values."""
    for known, outward, _ in _KINDS:
        if isinstance(kind, known):
            return outward
    raise NotImplementedError(f"backup does not know columns of {kind!r}")


def _from_json(kind: TypeEngine[Any]) -> _Change:
    """The way back. It raises ValueError or TypeError where a value is none of this column."""
    for known, _, inward in _KINDS:
        if isinstance(kind, known):
            return inward
    raise NotImplementedError(f"backup does not know columns of {kind!r}")


def _unchanged(value: Any) -> Any:
    return value


def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment


def _base64_text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def _exactly(*kinds: type) -> _Change:
    def change(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError("another kind of value")
        return value

    return change


# In this order: text is a kind of string to SQLAlchemy, and so are others that must be known first.
_KINDS: Final[tuple[tuple[type[TypeEngine[Any]], _Change, _Change], ...]] = (
    (Moment, _moment_text, _moment),
    (Date, date.isoformat, date.fromisoformat),
    (LargeBinary, _base64_text, _bytes),
    (JSON, _unchanged, _unchanged),
    (Boolean, _unchanged, _exactly(bool)),
    (Float, _unchanged, _exactly(float, int)),
    (Integer, _unchanged, _exactly(int)),
    (String, _unchanged, _exactly(str)),
)
