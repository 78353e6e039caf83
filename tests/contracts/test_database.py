"""What units of work promise, on both databases; and what a server does that a file cannot."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, text, update

from archive.db.engine import build_engine
from archive.db.leading import Leadership
from archive.db.migrating import HEAD, migrate, require_current, revision
from archive.db.uow import Database
from archive.errors import Conflict, DatabaseFailed, InvalidInput, Unavailable
from tests.services import fresh_database, plain, service_url

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.services)]
counter = Table("counter", MetaData(), Column("value", Integer, nullable=False))


@contextmanager
def address(kind: str, folder: Path) -> Iterator[str]:
    with fresh_database() if kind == "postgres" else nullcontext(f"sqlite:///{folder}/rows.db") as url:
        yield url


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with address(request.param, tmp_path) as url:
        opened = Database(build_engine(url))
        counter.create(opened.engine)
        with opened.writing() as uow:
            uow.connection.execute(insert(counter).values(value=0))
        yield opened
        opened.dispose()


def count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(counter.c.value)).scalar_one())


def test_those_that_write_take_turns(database: Database) -> None:
    def add(_: int) -> None:
        with database.writing() as uow:
            seen = uow.connection.execute(select(counter.c.value)).scalar_one()
            time.sleep(0.002)
            uow.connection.execute(update(counter).values(value=seen + 1))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(60)))
    assert count(database) == 60


def test_a_reader_sees_one_moment_and_waits_for_nobody(database: Database) -> None:
    with database.reading() as connection:
        before = connection.execute(select(counter.c.value)).scalar_one()
        with database.writing() as uow:
            uow.connection.execute(update(counter).values(value=7))
        assert connection.execute(select(counter.c.value)).scalar_one() == before
    assert count(database) == 7


def test_nothing_is_kept_of_a_transaction_that_fails(database: Database) -> None:
    said: list[str] = []

    def fail() -> None:
        with database.writing() as uow:
            uow.after_commit(lambda: said.append("committed"))
            uow.connection.execute(update(counter).values(value=9))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (count(database), said) == (0, [])


@pytest.mark.parametrize("kind", KINDS)
def test_migrating_makes_the_schema_and_may_be_repeated(kind: str, tmp_path: Path) -> None:
    with address(kind, tmp_path) as url:
        assert revision(url) is None
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(migrate, [url, url]))
        assert revision(url) == HEAD
        require_current(url)


@pytest.mark.parametrize("kind", KINDS)
def test_one_leads_and_another_takes_over(kind: str, tmp_path: Path) -> None:
    with address(kind, tmp_path) as url:
        opened = [Database(build_engine(url)) for _ in range(2)]
        one, other = (Leadership(each, tmp_path / "lead.lock") for each in opened)
        assert one.held()
        assert not other.held()
        assert one.held()
        one.release()
        assert other.held()
        assert not one.held()
        other.release()
        for each in opened:
            each.dispose()


# What only a server does.


def end_sessions(url: str) -> None:
    """What a restart of the server does to those that are connected."""
    name = url.rpartition("/")[2]
    with psycopg.connect(plain(service_url("postgres")), autocommit=True) as connection:
        statement = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        connection.execute(statement, (name,))


@pytest.mark.services
def test_a_server_that_was_started_again_costs_nobody_a_failed_request() -> None:
    with fresh_database() as url:
        database = Database(build_engine(url))
        database.ping()
        end_sessions(url)
        database.ping()
        with database.writing() as uow:
            uow.connection.execute(text("select 1"))
        database.dispose()


@pytest.mark.services
def test_a_session_that_ends_in_the_middle_is_named_and_keeps_nothing() -> None:
    with fresh_database() as url:
        database = Database(build_engine(url))
        counter.create(database.engine)

        def interrupted() -> None:
            with database.writing() as uow:
                uow.connection.execute(insert(counter).values(value=1))
                end_sessions(url)
                uow.connection.execute(insert(counter).values(value=2))

        with pytest.raises(Unavailable) as caught:
            interrupted()
        assert (caught.value.code, caught.value.retryable) == ("database-unavailable", True)
        with database.reading() as connection:
            assert connection.execute(select(counter.c.value)).all() == []
        database.dispose()


@pytest.mark.services
def test_a_leader_that_lost_its_session_notices_and_may_lead_again(tmp_path: Path) -> None:
    with fresh_database() as url:
        database = Database(build_engine(url))
        leadership = Leadership(database, tmp_path / "unused")
        assert leadership.held()
        end_sessions(url)
        assert not leadership.held()
        assert leadership.held()
        leadership.release()
        database.dispose()


@pytest.mark.services
def test_a_statement_that_takes_too_long_is_named() -> None:
    with fresh_database() as url:
        database = Database(build_engine(url, statement_seconds=1))
        with pytest.raises(DatabaseFailed) as caught, database.reading() as connection:
            connection.execute(text("select pg_sleep(5)"))
        # Not an outage: whoever asks for it is tried some more times, and then set aside.
        assert (caught.value.code, caught.value.retryable) == ("database-too-slow", True)
        database.dispose()


@pytest.mark.services
def test_what_cannot_be_stored_is_refused_and_not_waited_for() -> None:
    with fresh_database() as url:
        database = Database(build_engine(url))
        words = Table("words", MetaData(), Column("word", Text, primary_key=True))
        words.create(database.engine)

        def put(word: str) -> None:
            with database.writing() as uow:
                uow.connection.execute(insert(words).values(word=word))

        long = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(4_000))
        for unstorable in ("a\x00b", long):
            with pytest.raises(InvalidInput) as caught:
                put(unstorable)
            assert caught.value.code == "value-unstorable"
        put("a")
        with pytest.raises(DatabaseFailed) as refused:
            put("a")
        assert "pk" in refused.value.message("en")
        assert "(a)" not in refused.value.message("en"), "what the driver says repeats the row"
        assert refused.value.__cause__ is None
        database.dispose()


@pytest.mark.services
def test_no_more_calls_are_served_at_once_than_the_pool_has_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.db.uow._PATIENCE_SECONDS", 0.2)
    with fresh_database() as url, ThreadPoolExecutor(1) as other:
        database = Database(build_engine(url, pool=1))
        with database.reading(), pytest.raises(Unavailable):
            other.submit(database.ping).result()
        database.ping()
        database.dispose()


@pytest.mark.parametrize("kind", KINDS)
def test_looks_inside_looks_never_wait_for_one_another(kind: str, tmp_path: Path) -> None:
    with address(kind, tmp_path) as url, ThreadPoolExecutor(16) as pool:
        database = Database(build_engine(url, pool=2))

        def nested(number: int) -> None:
            outer = database.writing() if number % 4 == 0 else database.reading()
            with outer, database.reading() as one, database.reading() as other:
                one.execute(text("select 1"))
                time.sleep(0.01)
                other.execute(text("select 1"))

        started = time.monotonic()
        list(pool.map(nested, range(64)))
        assert time.monotonic() - started < 15
        database.dispose()


@pytest.mark.services
@pytest.mark.parametrize("wrong", ["password", "port"])
def test_an_address_that_does_not_lead_there_is_named_without_its_password(wrong: str) -> None:
    url = service_url("postgres")
    secret, port = url.split(":")[2].split("@")[0], url.rpartition(":")[2].split("/")[0]
    url = url.replace(secret, "not-the-word") if wrong == "password" else url.replace(f":{port}/", ":1/")
    database = Database(build_engine(url))
    with pytest.raises(Unavailable) as caught:
        database.ping()
    said = caught.value.message("zh") + caught.value.message("en")
    assert "not-the-word" not in said
    assert secret not in said
    assert "127.0.0.1" in said
    database.dispose()


@pytest.mark.services
def test_a_database_that_sorts_by_a_language_is_refused() -> None:
    with psycopg.connect(plain(service_url("postgres")), autocommit=True) as connection:
        name = sql.Identifier("sorted_by_language")
        connection.execute(sql.SQL("drop database if exists {}").format(name))
        given = "template template0 locale_provider icu icu_locale 'zh' locale 'C.UTF-8'"
        connection.execute(sql.SQL("create database {} " + given).format(name))
        url = service_url("postgres").rpartition("/")[0] + "/sorted_by_language"
        with pytest.raises(Conflict) as caught:
            migrate(url)
        assert caught.value.code == "database-order"
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
