"""The condition that lists records lets in exactly those that the scope admits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from archive.authorization import AccessLevel, Actor, Clause, Scope, region_prefix
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database
from archive.records import model
from archive.records.repository import RecordRepository, within
from archive.records.types import Record, RecordState

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
READER = Actor("acc_1", "somebody")
# A small tree, so that parents, children and strangers meet often; 371000 ends in a zero that counts.
REGIONS = ("000000", "370000", "370100", "370102", "371000", "371082", "360000", "100000")
ZONES = (UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=11)))

moments = st.builds(
    lambda shift, zone: (NOW + shift).astimezone(zone),
    st.sampled_from([timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1), timedelta(days=400)])
    | st.timedeltas(timedelta(days=-400), timedelta(days=400)),
    st.sampled_from(ZONES),
)
clauses = st.builds(
    Clause,
    regions=st.lists(
        st.sampled_from(REGIONS).map(region_prefix) | st.sampled_from(["3", "37%", "_70"]), max_size=3
    ).map(tuple),
    levels=st.frozensets(st.sampled_from(AccessLevel)),
    released_only=st.booleans(),
)
scopes = st.builds(
    Scope,
    actor=st.just(READER),
    now=st.just(NOW),
    clauses=st.lists(clauses, max_size=3).map(tuple),
    redacted=st.booleans(),
)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    shapes = st.tuples(
        st.sampled_from(REGIONS), st.sampled_from(AccessLevel), st.none() | st.integers(1, 3), st.none() | moments
    )
    return [_record(number, *shape) for number, shape in enumerate(draw(st.lists(shapes, min_size=1, max_size=8)))]


def _record(
    number: int, region: str, level: AccessLevel, settled: int | None, released_from: datetime | None
) -> Record:
    return Record(
        id=f"rec_{number}",
        source="portal",
        external_id=str(number),
        fonds="Z001",
        region=region,
        state=RecordState.CAPTURED,
        version=3,
        title="公告",
        published=NOW,
        class_code=None,
        doc_type=None,
        trade_type=None,
        stage=None,
        level=level,
        released_from=released_from,
        project_id=None,
        volume_id=None,
        item_number=None,
        reference_code=None,
        created_at=NOW,
        updated_at=NOW,
        settled_version=settled,
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(build_engine(f"sqlite:///{tmp_path_factory.mktemp('scope')}/records.db"))
    metadata.create_all(opened.engine, tables=[model.item])
    yield opened
    opened.dispose()


def listed(connection: Connection, scope: Scope) -> set[str]:
    return set(connection.execute(select(model.item.c.id).where(within(scope))).scalars())


@settings(max_examples=150)
@given(scope=scopes, seen=records())
def test_listed_exactly_if_admitted(database: Database, scope: Scope, seen: list[Record]) -> None:
    # Nothing written through a reading connection is kept: each example starts with an empty table.
    with database.reading() as connection:
        connection.execute(delete(model.item))
        repository = RecordRepository(connection)
        for record in seen:
            repository.insert_record(record)
        admitted = {record.id for record in seen if scope.admits(record.subject)}
        assert listed(connection, scope) == admitted
        assert {record.id for record in repository.page(scope)} == admitted
        assert sum(repository.count_by_state(scope).values()) == len(admitted)


def test_a_scope_without_a_clause_lists_nothing(database: Database) -> None:
    with database.reading() as connection:
        RecordRepository(connection).insert_record(_record(1, "370100", AccessLevel.PUBLIC, 1, NOW))
        assert listed(connection, Scope(READER, NOW, (), redacted=False)) == set()
        everything = Clause(("",), frozenset(AccessLevel), released_only=False)
        assert listed(connection, Scope(READER, NOW, (everything,), redacted=False)) == {"rec_1"}
