"""What was found out before runs were kept is a run afterwards, with nothing lost, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import JSON, ColumnClause, Connection, column, text
from sqlalchemy import insert as sql_insert
from sqlalchemy import table as sql_table

from archive.db import migrating
from archive.db.base import Moment
from archive.db.engine import build_engine
from archive.db.migrating import HEAD, migrate, revision
from archive.db.uow import Database
from ingest.checks.gate import Ruling
from ingest.checks.types import Nature, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.repository import RunRepository
from ingest.verdicts.types import Subject
from tests.services import fresh_database

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OLD = [
    ("rec_1", 1, 1, "GD-1-2", "fail", "title-too-long"),
    ("rec_1", 1, 2, "GD-1-2", "pass", None),
    ("rec_1", 1, 2, "GD-4-2", "not_checked", "no-virus-scanner"),
    ("rec_2", 1, 1, "GD-3-4", "fail", "file-unreadable"),
]


@contextmanager
def address(kind: str, folder: Path) -> Iterator[str]:
    if kind == "postgres":
        with fresh_database() as url:
            yield url
    else:
        yield f"sqlite:///{folder}/archive.db"


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def test_old_results_become_runs_and_the_last_keeps_its_ruling(kind: str, tmp_path: Path) -> None:
    with address(kind, tmp_path) as url:
        walk(url, "0004")
        database = Database(build_engine(url))
        with database.writing() as uow:
            fill(uow.connection)
        migrate(url)
        assert revision(url) == HEAD
        with database.reading() as connection:
            runs = RunRepository(connection)
            last = runs.latest(Subject(SubjectKind.ITEM, "rec_1", 1), Phase.FILING)
            assert last is not None
            assert (last.number, last.ruling, last.at, last.policy) == (2, Ruling.ACCEPT, AT, "")
            results = runs.results(last)
            assert [(each.code, each.outcome) for each in results] == [
                ("GD-1-2", Outcome.PASS),
                ("GD-4-2", Outcome.NOT_CHECKED),
            ]
            assert (results[1].nature, results[1].params) == (Nature.SECURITY, {"n": 1})
            refused = runs.latest(Subject(SubjectKind.ITEM, "rec_2", 1), Phase.FILING)
            assert refused is not None
            assert refused.ruling is Ruling.REFUSE
            assert runs.count_stale("any") == 2
            assert connection.execute(text("select count(*) from check_run")).scalar_one() == 3
        database.dispose()
        walk(url, "0004", back=True)
        assert kept(url) == sorted(row[:5] for row in OLD)


def fill(connection: Connection) -> None:
    """Two records as the revision before knew them, each with what the check step came to."""
    for record, status in (("rec_1", "done"), ("rec_2", "returned")):
        insert(
            connection,
            "records_item",
            id=record,
            source="portal",
            external_id=record,
            fonds="Z001",
            region="370100",
            state="captured",
            version=1,
            title="公告",
            level="public",
            created_at=AT,
            updated_at=AT,
        )
        insert(
            connection,
            "ingest_outcome",
            record_id=record,
            version=1,
            step="check",
            step_version=1,
            status=status,
            params={},
            detail={},
            milliseconds=1.0,
            at=AT,
        )
    for ordinal, (record, version, run, code, outcome, reason) in enumerate(OLD):
        nature = {"1": "authenticity", "3": "usability", "4": "security"}[code[3]]
        insert(
            connection,
            "ingest_check",
            record_id=record,
            version=version,
            run=run,
            ordinal=ordinal,
            code=code,
            nature=nature,
            outcome=outcome,
            reason=reason,
            params={"n": 1},
            rule_version="1",
            milliseconds=0.5,
        )


def insert(connection: Connection, table: str, **values: object) -> None:
    columns: list[ColumnClause[Any]] = []
    for name, value in values.items():
        kind = Moment() if isinstance(value, datetime) else JSON() if isinstance(value, dict) else None
        columns.append(column(name) if kind is None else column(name, kind))
    connection.execute(sql_insert(sql_table(table, *columns)).values(**values))


def walk(url: str, to: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    database = Database(build_engine(url))
    with database.writing() as uow:
        config.attributes["connection"] = uow.connection
        (command.downgrade if back else command.upgrade)(config, to)
    database.dispose()


def kept(url: str) -> list[tuple[str, int, int, str, str]]:
    database = Database(build_engine(url))
    with database.reading() as connection:
        rows = connection.execute(text("select record_id, version, run, code, outcome from ingest_check")).all()
    database.dispose()
    return sorted((row[0], row[1], row[2], row[3], row[4]) for row in rows)
