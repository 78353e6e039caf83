"""Making an index anew beside the one in use: the same on the twin, on the embedded engine and on a real server."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.ledger.follower import follow
from search.port import SearchIndex
from search.projector import Projector
from search.rebuild import Rebuilder
from tests.search_engines import ENGINES, engine
from tests.unit.search.archive_rows import Rows
from tests.unit.search.documents import ask, document, found


@pytest.fixture(params=ENGINES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def index(kind: str, tmp_path: Path) -> Iterator[SearchIndex]:
    with engine(kind, tmp_path) as made:
        yield made


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    made = Rows.at(tmp_path)
    yield made
    made.database.dispose()


def plain(text: str) -> str:
    return text


def broken(text: str) -> str:
    raise Unavailable("database-unavailable", detail=text)


def test_a_rebuilt_index_shows_the_rows_to_the_head(rows: Rows, index: SearchIndex) -> None:
    for number in range(120):
        rows.record(f"rec_{number:03}", "公告")
    follower = Projector(rows.database, index, plain)
    follow(rows.database, follower, 1_000)
    rows.change("rec_007", title="改过的标题")
    reports: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        # Search answers, and the archive goes on, while the new index is filled.
        assert ask(index).total == 120
        rows.record("rec_000_late", "后来的公告")
        reports.append((done, total))

    rebuilt = Rebuilder(rows.database, rows.ledger, index, follower).rebuild(progress)
    assert reports == [(120, 120)]
    assert (rebuilt.documents, rebuilt.position) == (index.count(), index.position()) == (121, 120)
    assert found(index, "改过") == {"rec_007"}
    assert found(index, "后来") == {"rec_000_late"}


def test_after_a_rebuild_nothing_that_it_shows_is_followed_once_more(rows: Rows, index: SearchIndex) -> None:
    follower = Projector(rows.database, index, plain)
    rows.record("rec_1", "公告")
    follow(rows.database, follower, 10)
    for number in range(2, 6):
        rows.record(f"rec_{number}", "公告")
    Rebuilder(rows.database, rows.ledger, index, follower).rebuild()
    assert follow(rows.database, follower, 10) == 0
    rows.record("rec_late", "后来的公告")
    assert follow(rows.database, follower, 10) == 1
    assert found(index, "后来") == {"rec_late"}


def test_a_rebuild_that_fails_leaves_the_old_index(rows: Rows, index: SearchIndex) -> None:
    rows.record("rec_1", "公告")
    follow(rows.database, Projector(rows.database, index, plain), 10)
    with pytest.raises(Unavailable, match="database-unavailable"):
        Rebuilder(rows.database, rows.ledger, index, Projector(rows.database, index, broken)).rebuild()
    assert found(index) == {"rec_1"}


def test_a_failure_while_nobody_else_may_write_lets_them_write_again(index: SearchIndex) -> None:
    index.apply([document("rec_1", ledger_index=1)], 1)

    def fail() -> None:
        broken("no more")

    def promote() -> None:
        with index.replacement() as new:
            new.apply([document("rec_2", ledger_index=1)], 1)
            new.promote(fail)

    with pytest.raises(Unavailable, match="database-unavailable"):
        promote()
    index.apply([document("rec_3", ledger_index=2)], 2)
    assert (found(index), index.position()) == ({"rec_1", "rec_3"}, 2)


def test_a_lost_index_is_noticed_and_made_anew(rows: Rows, kind: str, index: SearchIndex, tmp_path: Path) -> None:
    rows.record("rec_1", "公告")
    with engine(kind, tmp_path / "other") as first:
        follow(rows.database, Projector(rows.database, first, plain), 10)
    rebuilder = Rebuilder(rows.database, rows.ledger, index, Projector(rows.database, index, plain))
    with rows.database.reading() as connection:
        assert rebuilder.needed(connection)
    rebuilder.rebuild()
    with rows.database.reading() as connection:
        assert not rebuilder.needed(connection)
    assert found(index) == {"rec_1"}


def test_search_is_never_blank_or_short_while_an_index_is_exchanged(index: SearchIndex) -> None:
    documents = [document(f"rec_{number}") for number in range(30)]
    index.apply(documents, 1)
    over, answers, failures = threading.Event(), set[tuple[int, int]](), list[Exception]()

    def read() -> None:
        try:
            while not over.is_set():
                page = ask(index, "公告", size=100)
                answers.add((page.total, len(page.hits)))
        except Exception as error:  # noqa: BLE001 - whatever a reader would have met is what this test is about
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(8):
        with index.replacement() as new:
            new.apply(documents, 1)
            new.promote(lambda: None)
    over.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert answers == {(30, 30)}
