"""The smallest parts of the kernel: errors, messages, identifiers, time, transactions."""

import pickle
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import StatementError

from archive import messages
from archive.clock import FixedClock, SystemClock
from archive.db import engine as engines
from archive.db.base import Moment
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.errors import (
    ArchiveError,
    Conflict,
    Damaged,
    DatabaseFailed,
    InvalidInput,
    NotFound,
    SourceFailed,
    Unavailable,
)
from archive.ids import RandomIds, SequentialIds

_tables = MetaData()
_events = Table("kernel_test", _tables, Column("id", Integer, primary_key=True), Column("at", Moment))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(build_engine(f"sqlite:///{tmp_path}/rows.db"))
    _tables.create_all(opened.engine)
    yield opened
    opened.dispose()


def _count(database: Database) -> int:
    with database.reading() as connection:
        return len(connection.execute(select(_events)).all())


def test_an_error_has_a_code_for_programs_and_a_sentence_for_people() -> None:
    error = InvalidInput("database-url", url="mysql://x")
    assert error.code == "database-url"
    assert "mysql://x" in error.message("zh")
    assert "Correct ARCHIVE_DATABASE_URL" in error.message("en")
    assert str(error) == f"database-url: {error.message()}"


def test_an_error_survives_the_way_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(NotFound("database-url", url="x")))  # noqa: S301 - we made these bytes ourselves
    assert type(error) is NotFound
    assert (error.code, error.params) == ("database-url", {"url": "x"})


def test_the_tree_says_which_errors_may_be_tried_again() -> None:
    assert {kind.__name__ for kind in ArchiveError.__subclasses__() if kind.retryable} == {
        Unavailable.__name__,
        SourceFailed.__name__,
        DatabaseFailed.__name__,
    }


def test_every_kind_of_error_has_a_status_of_its_own_except_alarms() -> None:
    statuses = [kind.status for kind in ArchiveError.__subclasses__() if kind is not Damaged]
    assert len(set(statuses)) == len(statuses)
    assert Conflict.status == 409
    assert Damaged.status == ArchiveError.status == 500


def test_an_unknown_code_and_a_missing_parameter_are_shown_not_hidden() -> None:
    assert messages.render("no-such-code", {"a": 1}) == "no-such-code {'a': 1}"
    assert messages.render("no-such-code", {}) == "no-such-code"
    assert "{url}" in messages.render("database-url", {})


def test_the_catalogue_refuses_a_code_said_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text('[code]\nzh = "码"\nen = "code"\n', encoding="utf-8")
    monkeypatch.setattr("archive.messages.resources.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"code is defined twice, again in two\.toml"):
        messages.catalogue.__wrapped__()


def test_the_catalogue_refuses_a_code_that_lacks_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.toml").write_text('[code]\nzh = "码"\n', encoding="utf-8")
    monkeypatch.setattr("archive.messages.resources.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="exactly the keys zh and en"):
        messages.catalogue.__wrapped__()


def test_random_identifiers_are_new_each_time_and_ordered_by_their_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = RandomIds()
    made = {ids.new("rec") for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(identifier) == len("rec_") + 26 for identifier in made)
    moments = iter([1_700_000_000_000_000_000, 1_800_000_000_000_000_000])
    monkeypatch.setattr("archive.ids.time.time_ns", lambda: next(moments))
    earlier, later = ids.new("rec"), ids.new("rec")
    assert earlier < later


def test_sequential_identifiers_count() -> None:
    ids = SequentialIds()
    assert [ids.new("rec"), ids.new("vol")] == [f"rec_{1:026d}", f"vol_{2:026d}"]


def test_clocks_know_their_zone() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    clock = FixedClock(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    clock.advance(timedelta(minutes=1))
    assert clock.now() == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_moment_comes_back_in_utc(database: Database) -> None:
    noon = datetime(2026, 6, 1, 12, 0, tzinfo=timezone(timedelta(hours=8)))
    with database.writing() as uow:
        uow.connection.execute(insert(_events), [{"id": 1, "at": noon}, {"id": 2, "at": None}])
    with database.reading() as connection:
        back, nothing = connection.scalars(select(_events.c.at).order_by(_events.c.id))
    assert back == noon
    assert back.tzinfo is UTC
    assert nothing is None


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 6, 1)  # noqa: DTZ001 - the very thing that must be refused
    with pytest.raises(StatementError, match="a moment needs its zone"), database.writing() as uow:
        uow.connection.execute(insert(_events), {"id": 1, "at": naive})


def test_what_is_written_is_kept_and_wakes_others_afterwards(database: Database) -> None:
    heard: list[int] = []
    with database.writing() as uow:
        uow.connection.execute(insert(_events), {"id": 1})
        uow.after_commit(lambda: heard.append(_count(database)))
        assert heard == []
    assert heard == [1]


def test_what_fails_leaves_no_row_and_wakes_nobody(database: Database) -> None:
    heard: list[str] = []

    def fail_half_way() -> None:
        with database.writing() as uow:
            uow.connection.execute(insert(_events), {"id": 1})
            uow.after_commit(lambda: heard.append("woken"))
            raise NotFound("database-url", url="x")

    with pytest.raises(NotFound):
        fail_half_way()
    assert heard == []
    assert _count(database) == 0


def test_what_is_written_through_a_reading_connection_is_not_kept(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(insert(_events), {"id": 1})
    assert _count(database) == 0


def test_a_broken_constraint_is_not_mistaken_for_an_outage(database: Database) -> None:
    with pytest.raises(DatabaseFailed) as caught, database.writing() as uow:
        uow.connection.execute(insert(_events), [{"id": 1}, {"id": 1}])
    assert caught.value.code == "database-refused"


def test_the_embedded_database_is_durable_and_checks_references(database: Database) -> None:
    with database.reading() as connection:
        read = {name: connection.execute(text(f"pragma {name}")).scalar() for name in ("journal_mode", "synchronous")}
        references = connection.execute(text("pragma foreign_keys")).scalar()
    assert read == {"journal_mode": "wal", "synchronous": 2}
    assert references == 1


def test_a_second_writer_waits_and_is_told_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 20)
    database = Database(build_engine(f"sqlite:///{tmp_path}/rows.db"))
    database.ping()
    other = sqlite3.connect(tmp_path / "rows.db")
    other.execute("begin immediate")
    with pytest.raises(Unavailable) as caught, database.writing():
        pytest.fail("two writers at once")
    other.close()
    database.dispose()
    assert caught.value.code == "database-unavailable"
    assert caught.value.retryable


def test_a_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Database(build_engine(f"sqlite:///{tmp_path}/no/such/folder.db")).ping()


def test_an_unknown_kind_of_database_is_refused_without_its_password() -> None:
    with pytest.raises(InvalidInput) as caught:
        build_engine("postgresql://archive:s3cret@host/rows")
    assert "s3cret" not in str(caught.value)
