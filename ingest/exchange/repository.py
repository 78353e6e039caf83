"""Every statement that is put to an exchange database.

Names of tables and columns come from a source's options: only those that the database itself lists are ever used, and
always quoted. Values are always bound.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    CHAR,
    URL,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Numeric,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    column,
    create_engine,
    func,
    inspect,
    literal,
    make_url,
    or_,
    quoted_name,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchTableError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.type_api import TypeEngine

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.exchange.port import Row, Shape, Status, TooLarge
from ingest.exchange.chunks import Place, chunks
from ingest.exchange.file import BUSY_SECONDS, connected, decoded

_NAMED: Final = 40
_NARROW: Final = 8_000
# Twins of one key beyond a page: no key at all.
_MOST_TWINS: Final = 2_000

_CONNECT_SECONDS: Final = 10
_STATEMENT_SECONDS: Final = 120
_NOT_ALLOWED: Final = frozenset({"42501", "25006"})
"""SQLSTATE of PostgreSQL: no privilege, and a transaction that only reads."""


@contextmanager
def opened_engine(location: str, password: str, *, writes: bool) -> Iterator[Engine]:
    """An engine for `sqlite:///path` or `postgresql+psycopg://user@host/name`, disposed of afterwards.

    `password` comes from elsewhere, "" for none. Unless it `writes`, a file is opened for reading only.

    Raises:
        InvalidInput: the location names neither (`exchange-location`).
        SourceFailed: there is no such file (`source-unreachable`).
    """
    try:
        url = make_url(location)
    except ArgumentError as error:
        raise InvalidInput("exchange-location", wanted="sqlite:///…、postgresql+psycopg://…") from error
    if url.drivername == "sqlite" and url.database:
        engine = _file_engine(Path(url.database), writes=writes)
    elif url.drivername == "postgresql+psycopg" and url.host and url.database:
        engine = _server_engine(url.set(password=password) if password else url)
    else:
        raise InvalidInput("exchange-location", wanted="sqlite:///…、postgresql+psycopg://…")
    try:
        yield engine
    finally:
        engine.dispose()


def shown(location: str) -> str:
    """A location as it may stand in a message: without whom we log in as and without parameters."""
    scheme, _, rest = location.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _file_engine(path: Path, *, writes: bool) -> Engine:
    if not path.is_file():
        raise SourceFailed("source-unreachable", source=f"sqlite:///{path}", detail="no such file")

    return create_engine(
        "sqlite://", creator=lambda: connected(path, writes=writes), poolclass=NullPool, hide_parameters=True
    )


def _server_engine(url: URL) -> Engine:
    limits = {
        "statement_timeout": _STATEMENT_SECONDS * 1000,
        "lock_timeout": BUSY_SECONDS * 1000,
        "timezone": "UTC",
        "datestyle": "ISO",
    }
    return create_engine(
        url,
        pool_size=2,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "juanzong",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
            "tcp_user_timeout": 30_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )


class SqlExchangeTable:
    """A table of SQLite or PostgreSQL. `source` is what the database is called in errors."""

    def __init__(self, engine: Engine, shape: Shape, source: str) -> None:
        self._engine = engine
        self._source = source
        self._typed = engine.dialect.name != "sqlite"
        schema, _, name = shape.table.rpartition(".")
        self._types = self._reflected(name, schema or None, shape.table)
        self._table = table(
            quoted_name(name, quote=True),
            *[column(quoted_name(each, quote=True)) for each in self._types],
            schema=quoted_name(schema, quote=True) if schema else None,
        )
        status = shape.status
        self._shape = Shape(
            shape.table,
            tuple(self.column(each) for each in shape.key),
            self.column(shape.order) if shape.order else "",
            Status(
                self.column(status.column) if status.column else "",
                status.untaken,
                status.taken,
                status.failed,
                self.column(status.reason) if status.reason else "",
            ),
            shape.batch,
        )

    @property
    def shape(self) -> Shape:
        return self._shape

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self._types)

    def column(self, name: str) -> str:
        if name in self._types:
            return name
        alike = [each for each in self._types if each.casefold() == name.strip().casefold()]
        if len(alike) == 1:
            return alike[0]
        raise InvalidInput("exchange-column-unknown", column=name, known="、".join(list(self._types)[:_NAMED]))

    def rows(self, since: object = None, *, untaken: bool = False) -> Iterator[Row | TooLarge]:
        shape = self._shape
        wanted: list[ColumnElement[bool]] = [self._column(each).is_not(None) for each in shape.key]
        if untaken:
            wanted.append(self._untaken())
        if not shape.order:
            yield from self._pages(wanted, shape.key)
            return
        order = self._column(shape.order)
        grown = [order.is_not(None)] if since is None else [order >= self._bound(shape.order, since)]
        yield from self._pages([*wanted, *grown], (shape.order, *shape.key))
        yield from self._pages([*wanted, order.is_(None)], shape.key)

    def keyless(self, limit: int) -> list[Row]:
        empty = or_(*[self._column(each).is_(None) for each in self._shape.key])
        with self._connected() as connection:
            return self._read(connection, self._everything().where(empty).limit(limit))

    def mark(self, key: tuple[object, ...], same: Callable[[Row], bool], status: str, reason: str) -> bool:
        wanted = self._shape.status
        names = self._shape.key
        here = and_(*[self._column(name) == self._bound(name, value) for name, value in zip(names, key, strict=True)])
        values: dict[str, object] = {wanted.column: self._status(status)}
        if wanted.reason:
            length = getattr(self._types[wanted.reason], "length", None)
            values[wanted.reason] = reason[:length] if length else reason
        statement = update(self._table).where(here, self._untaken()).values(values)
        with self._connected(unwritable=wanted.column) as connection, connection.begin() as transaction:
            connection.execute(statement)
            # The row is ours until the transaction ends: is it still what was taken?
            found = self._read(connection, self._everything().where(here).limit(_MOST_TWINS))
            if found and all(same(each) for each in found):
                return True
            transaction.rollback()
            return False

    def now(self) -> datetime | None:
        if not self._typed:
            return None
        with self._connected() as connection:
            moment = connection.execute(select(func.current_timestamp())).scalar_one()
        return moment if isinstance(moment, datetime) else None

    def _reflected(self, name: str, schema: str | None, shown: str) -> dict[str, TypeEngine[Any]]:
        with self._connected() as connection:
            found = inspect(connection)
            known = [*found.get_table_names(schema), *found.get_view_names(schema)]
            if name not in known:
                raise InvalidInput("exchange-table-unknown", table=shown, known="、".join(sorted(known)[:_NAMED]))
            return {each["name"]: each["type"] for each in found.get_columns(name, schema)}

    @contextmanager
    def _connected(self, unwritable: str = "") -> Iterator[Connection]:
        """A connection; what goes wrong with it is named. `unwritable` is the column that is being written."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except (InterfaceError, OperationalError) as error:
            if unwritable and _is_refusal(error):
                raise InvalidInput("exchange-status-unwritable", column=unwritable) from error
            raise SourceFailed("source-unreachable", source=self._source, detail=_kind(error)) from error
        except NoSuchTableError as error:
            raise SourceFailed("exchange-query-failed", source=self._source, detail=_kind(error)) from error
        except SQLAlchemyError as error:
            if unwritable:
                raise InvalidInput("exchange-status-unwritable", column=unwritable) from error
            raise SourceFailed("exchange-query-failed", source=self._source, detail=_kind(error)) from error

    def _pages(self, wanted: Sequence[ColumnElement[bool]], by: tuple[str, ...]) -> Iterator[Row | TooLarge]:
        after: Place | None = None
        while True:
            places = self._places(wanted, by, after)
            for chunk in chunks(places):
                if isinstance(chunk, int):
                    place, size = places[chunk]
                    yield TooLarge(place[-len(self._shape.key) :], size)
                else:
                    yield from self._between(wanted, by, chunk)
            if len(places) < self._shape.batch:
                return
            after = places[-1][0]

    def _places(
        self, wanted: Sequence[ColumnElement[bool]], by: tuple[str, ...], after: Place | None
    ) -> list[tuple[Place, int]]:
        """Where the next rows stand, and how large they are."""
        shown = [self._shown(each).label(f"at{number}") for number, each in enumerate(by)]
        query = select(*shown, self._size().label("size")).where(*wanted)
        if after is not None:
            query = query.where(self._place(by) > self._values(by, after))
        query = query.order_by(*[self._column(each) for each in by]).limit(self._shape.batch)
        with self._connected() as connection:
            found = connection.execute(query).all()
        return [(tuple(row[:-1]), int(row[-1] or 0)) for row in found]

    def _between(
        self, wanted: Sequence[ColumnElement[bool]], by: tuple[str, ...], ends: tuple[Place, Place]
    ) -> list[Row]:
        """Rows from one place to another, both included: all that share a place come together."""
        first, last = (self._values(by, end) for end in ends)
        most = self._shape.batch + _MOST_TWINS
        query = self._everything().where(*wanted, self._place(by) >= first, self._place(by) <= last)
        query = query.order_by(*[self._column(each) for each in by]).limit(most + 1)
        with self._connected() as connection:
            found = self._read(connection, query)
        if len(found) > most:
            raise InvalidInput("exchange-key-shared", key="、".join(self._shape.key), most=_MOST_TWINS)
        return found

    def _read(self, connection: Connection, query: Select[Any]) -> list[Row]:
        binary = {name for name, kind in self._types.items() if isinstance(kind, LargeBinary)}
        return [
            {
                name: decoded(value) if isinstance(value, bytes) and self._typed and name not in binary else value
                for name, value in zip(self._types, row, strict=True)
            }
            for row in connection.execute(query)
        ]

    def _everything(self) -> Select[Any]:
        return select(*[self._shown(name).label(f"c{number}") for number, name in enumerate(self._types)])

    def _column(self, name: str) -> ColumnElement[Any]:
        found: ColumnElement[Any] = self._table.c[name]
        return found

    def _is_plain(self, name: str) -> bool:
        """Whether a value comes as it is. Others are written out by the database: not every time fits into Python."""
        kind = self._types[name]
        return not self._typed or isinstance(kind, Integer | Numeric | String | LargeBinary | Boolean)

    def _shown(self, name: str) -> ColumnElement[Any]:
        return self._column(name) if self._is_plain(name) else cast(self._column(name), Text)

    def _bound(self, name: str, value: object) -> ColumnElement[Any]:
        # Compared as what the column is: a CHAR is padded with blanks, and stays so only as one.
        if self._is_plain(name) and not (self._typed and isinstance(self._types[name], CHAR)):
            return bindparam(None, value)
        return cast(literal(str(value), Text), self._types[name])

    def _place(self, by: tuple[str, ...]) -> ColumnElement[Any]:
        return tuple_(*[self._column(name) for name in by])

    def _values(self, by: tuple[str, ...], place: Place) -> Any:
        return tuple_(*[self._bound(name, value) for name, value in zip(by, place, strict=True)])

    def _size(self) -> ColumnElement[Any]:
        """Bytes of a row in its columns without a narrow limit."""
        sizes: list[ColumnElement[Any]] = []
        for name, kind in self._types.items():
            if isinstance(kind, Integer | Numeric | Boolean) and self._typed:
                continue
            if self._typed and 0 < (getattr(kind, "length", None) or 0) <= _NARROW:
                continue
            wide = self._column(name)
            if self._typed:
                measured = func.octet_length(wide if isinstance(kind, LargeBinary) else cast(wide, Text))
            else:
                measured = func.length(cast(wide, LargeBinary))
            sizes.append(func.coalesce(measured, 0))
        total: ColumnElement[Any] = literal(0)
        for size in sizes:
            total = total + size
        return total

    def _untaken(self) -> ColumnElement[bool]:
        status = self._column(self._shape.status.column)
        return or_(status == self._status(self._shape.status.untaken), status.is_(None))

    def _status(self, value: str) -> ColumnElement[Any]:
        kind = self._types[self._shape.status.column]
        whole = isinstance(kind, Integer | Numeric) and value.lstrip("-").isascii() and value.lstrip("-").isdigit()
        return bindparam(None, int(value) if whole else value)


def _kind(error: SQLAlchemyError) -> str:
    """What kind of error it is; its words may hold what stands in rows, or whom we log in as."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorname", None)
    return f"{type(original).__name__} {state or ''}".strip()


def _is_refusal(error: DBAPIError) -> bool:
    """Whether we may not write, rather than the database being away."""
    state = getattr(error.orig, "sqlstate", None)
    return state in _NOT_ALLOWED or getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
