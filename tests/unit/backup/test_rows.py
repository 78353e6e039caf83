"""Every table goes out and comes in again, and nothing that names bytes is overlooked."""

import importlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, String, Table
from sqlalchemy.types import TypeEngine

from archive.backup.repository import BLOB_REFERENCES, LEFT_OUT, NO_REFERENCES, Rows, kept_tables
from archive.db.base import Moment, metadata
from archive.db.engine import build_engine
from archive.db.migrating import migrate
from archive.db.uow import Database
from archive.errors import Damaged
from tests.unit.db.test_schema import every_model

VALUES: tuple[tuple[type[TypeEngine[Any]], object], ...] = (
    (Moment, datetime(2026, 6, 1, 9, 0, 0, 123_456, tzinfo=UTC)),
    (Date, date(2026, 6, 1)),
    (LargeBinary, bytes(range(256))),
    (JSON, {"云": ["岭", 1, 0.1, None, True], "\ud83d": "\u0000"}),
    (Boolean, True),
    (Float, 0.1),
    (Integer, 2**31 - 1),
    (String, "云"),
)


@pytest.fixture(autouse=True)
def _all_models() -> None:
    for name in every_model():
        importlib.import_module(name)


@pytest.fixture
def databases(tmp_path: Path) -> list[Database]:
    """Two empty databases without a rule about what a row refers to."""
    found = []
    for name in ("first", "second"):
        url = f"sqlite:///{tmp_path}/{name}.db"
        migrate(url)
        found.append(Database(build_engine(url)))
    return found


def example(table: Table) -> dict[str, object]:
    return {column.name: _example(column) for column in table.columns}


def _example(column: Column[Any]) -> object:
    if column.nullable:
        return None
    return next(value for kind, value in VALUES if isinstance(column.type, kind))


def test_a_column_that_is_called_like_a_digest_names_bytes_or_is_explained() -> None:
    called_so = {(t.name, c.name) for t in metadata.sorted_tables for c in t.columns if "sha256" in c.name}
    assert called_so == {*BLOB_REFERENCES, *NO_REFERENCES}
    assert all(reason for reason in NO_REFERENCES.values())


def test_every_table_is_kept_or_left_out_for_a_reason() -> None:
    assert sorted([*kept_tables(), *LEFT_OUT]) == sorted(metadata.tables)
    assert not set(kept_tables()) & set(LEFT_OUT)
    assert all(reason for reason in LEFT_OUT.values())


def test_rows_of_every_table_go_through_json_and_come_back_the_same(databases: list[Database]) -> None:
    first, second = databases
    for name in kept_tables():
        values = example(metadata.tables[name])
        with first.writing() as uow:
            uow.connection.exec_driver_sql("pragma defer_foreign_keys = on")
            uow.connection.execute(metadata.tables[name].insert(), values)
            rows = json.loads(json.dumps(list(Rows(uow.connection).read(name))))
            uow.connection.execute(metadata.tables[name].delete())
        with second.writing() as uow:
            uow.connection.exec_driver_sql("pragma defer_foreign_keys = on")
            Rows(uow.connection).write(name, rows)
            found = uow.connection.execute(metadata.tables[name].select()).mappings().all()
            assert [dict(row) for row in found] == [values], name
            uow.connection.execute(metadata.tables[name].delete())


def test_empty_columns_stay_empty_and_digests_come_once_and_in_order(databases: list[Database]) -> None:
    with databases[0].writing() as uow:
        arrival = metadata.tables["ingest_arrival"]
        for number, digest in enumerate(["b" * 64, None, "a" * 64, "b" * 64]):
            values = example(arrival) | {"external_id": str(number), "raw_sha256": digest}
            uow.connection.execute(arrival.insert(), values)
        rows = Rows(uow.connection)
        assert list(rows.blobs()) == ["a" * 64, "b" * 64]
        assert [row["raw_sha256"] for row in rows.read("ingest_arrival")] == ["b" * 64, None, "a" * 64, "b" * 64]


@pytest.mark.parametrize(
    "change",
    [{"more": 1}, {"last": None}, {"last": "many"}, {"last": True}, {"scope": 7}],
    ids=["another column", "nothing where something must be", "text for a number", "truth for a number", "a number"],
)
def test_what_is_no_row_of_a_table_is_refused_without_repeating_it(
    databases: list[Database], change: dict[str, object]
) -> None:
    with pytest.raises(Damaged) as caught, databases[0].writing() as uow:
        Rows(uow.connection).write("volumes_sequence", [{"scope": "geheim", "last": 1} | change])
    assert caught.value.code == "backup-rows-refused"
    assert "geheim" not in caught.value.message()
    assert caught.value.__cause__ is None


def test_a_table_that_the_program_does_not_know_is_noticed(databases: list[Database]) -> None:
    with databases[0].writing() as uow:
        assert Rows(uow.connection).unknown_tables() == []
        uow.connection.exec_driver_sql("create table elsewhere (id integer)")
        assert Rows(uow.connection).unknown_tables() == ["elsewhere"]
