"""What was decided about a record holds in search at once, however far the index is behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.authorization import PUBLIC_ACTOR, AccessLevel, Actor, Decision, Permission, Scope, Subject
from archive.ledger.follower import follow
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, RecordState
from search.memory import MemoryIndex
from search.projector import Projector
from search.query import QueryReader
from search.service import SearchService
from search.standing import Standing, StoredStandings
from search.types import Hit, Query, Results
from tests.unit.search.archive_rows import Rows
from tests.unit.search.documents import ARCHIVIST, CHINA, EVERYWHERE, PUBLIC


class _Scopes:
    """An authorizer that gives everybody the scope made for them."""

    def decide(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> Decision:
        return Decision(self.scope(actor, permission).admits(subject) if subject else True, "test")

    def require(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> None:
        assert self.decide(actor, permission, subject).allowed

    def scope(self, actor: Actor, permission: Permission) -> Scope:
        assert permission is Permission.RECORD_LIST
        return PUBLIC if actor == PUBLIC_ACTOR else EVERYWHERE


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Three indexed records that the public may find."""
    made = Rows.at(tmp_path)
    for number in (1, 2, 3):
        made.record(f"rec_{number}", f"公告{number}", (ComponentRole.MAIN, "正文在此"))
    yield made
    made.database.dispose()


@pytest.fixture
def service(rows: Rows) -> SearchService:
    index = MemoryIndex()
    follow(rows.database, Projector(rows.database, index, str), 100)
    return SearchService(index, _Scopes(), QueryReader(CHINA), rows.ledger, StoredStandings(rows.database))


def answer(service: SearchService, actor: Actor = PUBLIC_ACTOR, **page: int) -> tuple[Results, dict[str, Hit]]:
    results = service.search(actor, Query("正文", **page))  # type: ignore[arg-type]  # size and offset only
    return results, {hit.record_id: hit for hit in results.hits}


@pytest.mark.parametrize("change", [{"level": AccessLevel.INTERNAL}, {"released_from": None}])
def test_a_record_that_has_left_the_scope_is_dropped_and_not_counted(
    rows: Rows, service: SearchService, change: dict[str, object]
) -> None:
    assert answer(service)[0].total == 3
    rows.change("rec_2", **change)
    results, hits = answer(service)
    assert (results.total, sorted(hits)) == (2, ["rec_1", "rec_3"])
    results, hits = answer(service, ARCHIVIST)
    assert (results.total, len(hits)) == (3, 3)


def test_of_a_record_withdrawn_since_the_public_gets_the_title_only(rows: Rows, service: SearchService) -> None:
    rows.change("rec_2", state=RecordState.WITHDRAWN)
    with rows.database.writing() as uow:
        RecordRepository(uow.connection).withdraw_grades("rec_2")
    results, hits = answer(service)
    assert results.total == 3
    assert (hits["rec_2"].title, hits["rec_2"].snippet.plain()) == ("公告2", "")
    assert (hits["rec_2"].withdrawn, hits["rec_2"].state) == (True, "withdrawn")
    assert hits["rec_1"].snippet.plain() == "正文在此"
    assert answer(service, ARCHIVIST)[1]["rec_2"].snippet.plain() == "正文在此"


def test_of_a_record_sealed_since_nobody_gets_the_text(rows: Rows, service: SearchService) -> None:
    rows.change("rec_2", level=AccessLevel.SEALED)
    assert "rec_2" not in answer(service)[1]
    assert answer(service, ARCHIVIST)[1]["rec_2"].snippet.plain() == ""


def test_a_page_drops_only_its_own(rows: Rows, service: SearchService) -> None:
    last = service.search(PUBLIC_ACTOR, Query("正文", size=1, offset=2)).hits[0].record_id
    rows.change(last, level=AccessLevel.INTERNAL)
    first, _ = answer(service, size=2)
    second, hits = answer(service, size=2, offset=2)
    assert (first.total, len(first.hits)) == (3, 2)
    assert (second.total, hits) == (2, {})


def test_a_record_that_is_gone_has_no_standing(rows: Rows) -> None:
    standing = StoredStandings(rows.database)(["rec_1", "rec_9"])
    assert list(standing) == ["rec_1"]
    assert isinstance(standing["rec_1"], Standing)
    assert PUBLIC.admits(standing["rec_1"].subject)
