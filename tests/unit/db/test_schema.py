"""The revisions make exactly the tables that the packages declare, and the program knows the newest one."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from archive.db import migrating
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.migrating import HEAD, migrate, require_current, revision
from archive.errors import Conflict

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(migrating.__file__).parent / "migrations"


def every_model() -> list[str]:
    """The modules that declare tables, in every package."""
    packages = ("archive", "access_control", "classifiers", "ingest", "search", "web")
    files = [path for package in packages for path in (ROOT / package).rglob("model.py")]
    # The simulator's documents have a model too; it declares no tables.
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in files
        if "sqlalchemy" in path.read_text(encoding="utf-8")
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/archive.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = build_engine(url)
    yield opened
    opened.dispose()


def columns(engine: Engine) -> dict[str, dict[str, tuple[str, bool, bool]]]:
    """Name, type, whether nothing may stand there, whether it is part of the key, by table and column."""
    found: dict[str, dict[str, tuple[str, bool, bool]]] = {}
    with engine.connect() as connection:
        for (table,) in connection.execute(text("select name from sqlite_master where type = 'table'")).all():
            rows = connection.execute(text(f"pragma table_info({table})"))
            found[table] = {row.name: (row.type, not row.notnull, bool(row.pk)) for row in rows}
    return {table: there for table, there in found.items() if table != "alembic_version"}


def test_every_package_that_keeps_rows_is_looked_at() -> None:
    assert {name.split(".")[0] for name in every_model()} == {"archive", "access_control", "ingest"}
    assert len(every_model()) >= 6


def test_the_revisions_make_the_tables_that_are_declared(url: str, engine: Engine) -> None:
    for module in every_model():
        importlib.import_module(module)
    migrate(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_they_make_them_as_the_declarations_would(url: str, engine: Engine, tmp_path: Path) -> None:
    for module in every_model():
        importlib.import_module(module)
    migrate(url)
    declared = build_engine(f"sqlite:///{tmp_path}/declared.db")
    metadata.create_all(declared, tables=[table for table in metadata.sorted_tables if table.name in columns(engine)])
    assert columns(engine) == columns(declared)
    declared.dispose()


def test_the_newest_revision_is_the_one_the_program_expects() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_heads() == [HEAD]


def test_revisions_follow_each_other_in_the_order_of_their_names() -> None:
    ordered = [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]
    assert ordered == sorted(ordered, reverse=True)


def test_migrating_twice_changes_nothing(url: str, engine: Engine) -> None:
    assert revision(url) is None
    migrate(url)
    with engine.begin() as connection:
        connection.execute(text("insert into volumes_sequence values ('A', 3)"))
    migrate(url)
    assert revision(url) == HEAD
    with engine.connect() as connection:
        assert connection.execute(text("select last from volumes_sequence")).scalar_one() == 3


def test_going_back_leaves_nothing_behind(url: str, engine: Engine) -> None:
    migrate(url)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]


@pytest.mark.parametrize(
    ("found", "code"), [(None, "database-outdated"), ("0000", "database-outdated"), ("9999", "database-newer")]
)
def test_a_database_of_another_program_is_refused(url: str, engine: Engine, found: str | None, code: str) -> None:
    if found is not None:
        migrate(url)
        with engine.begin() as connection:
            connection.execute(text("update alembic_version set version_num = :found"), {"found": found})
    with pytest.raises(Conflict) as caught:
        require_current(url)
    assert caught.value.code == code
    assert HEAD in caught.value.message("en")


def test_the_database_of_this_program_is_accepted(url: str) -> None:
    migrate(url)
    require_current(url)
