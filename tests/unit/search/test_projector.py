"""From rows and entries to documents."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from archive.authorization import AccessLevel, Actor, Authorizer, Decision, Permission, Scope, Subject
from archive.errors import Forbidden, InvalidInput
from archive.ledger.follower import follow, rewind
from archive.ledger.types import EventType
from archive.records.types import ComponentRole
from search.memory import MemoryIndex
from search.projector import LONGEST_TEXT, Projector
from search.query import QueryReader
from search.service import SearchService
from search.standing import StoredStandings
from search.types import Document, Query, Removal
from search.wiring import Ports, build_index, build_search
from tests.unit.search.archive_rows import Rows
from tests.unit.search.documents import ARCHIVIST, CHINA, EVERYWHERE, PUBLIC, ask, found

MAIN, ATTACHMENT, TWIN = ComponentRole.MAIN, ComponentRole.ATTACHMENT, ComponentRole.SIGNED_TWIN


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    made = Rows.at(tmp_path)
    yield made
    made.database.dispose()


def mask(text: str) -> str:
    return text.replace("13900000000", "139****0000")


def projector(rows: Rows, index: MemoryIndex) -> Projector:
    return Projector(rows.database, index, mask)


def test_a_record_with_its_texts_is_found_once_the_ledger_says_so(rows: Rows) -> None:
    index = MemoryIndex()
    rows.record("rec_1", "公告", (ATTACHMENT, "附件说明"), (MAIN, "正文在前"), (TWIN, "签章副本"))
    assert follow(rows.database, projector(rows, index), 100) == 1
    (hit,) = ask(index, "附件").hits
    assert hit.snippet.plain() == "正文在前 附件说明"
    assert found(index, "签章") == set()
    assert (index.position(), follow(rows.database, projector(rows, index), 100)) == (0, 0)


def test_the_public_copy_is_masked_and_only_that(rows: Rows) -> None:
    index = MemoryIndex()
    rows.project("prj_1", "工程13900000000", "JX-2026-1")
    rows.record("rec_1", "公告13900000000", (MAIN, "电话13900000000"))
    rows.change("rec_1", project_id="prj_1")
    follow(rows.database, projector(rows, index), 100)
    assert found(index, "13900000000") == {"rec_1"}
    assert found(index, "13900000000", PUBLIC) == found(index, "项目:13900000000", PUBLIC) == set()
    (hit,) = ask(index, "电话 项目:JX-2026", PUBLIC).hits
    shown = (hit.title, hit.project, hit.snippet.plain())
    assert shown == ("公告139****0000", "工程139****0000", "电话139****0000")


def test_of_a_withdrawn_record_the_public_copy_has_no_text(rows: Rows) -> None:
    index = _Kept()
    rows.record("rec_1", "公告", (MAIN, "正文"))
    rows.withdraw("rec_1")
    rows.act(EventType.RECORD_WITHDRAWN, "rec_1")
    follow(rows.database, projector(rows, index), 100)
    (document,) = index.kept
    assert (document.withdrawn, document.body) == (True, "正文")
    assert (document.public_title, document.public_body) == ("公告", "")
    assert (found(index, "正文"), found(index, "正文", PUBLIC)) == ({"rec_1"}, set())


def test_closing_a_volume_and_changing_a_project_touch_their_records(rows: Rows) -> None:
    index = MemoryIndex()
    rows.project("prj_1", "滨河路", None)
    rows.record("rec_1", "公告")
    rows.change("rec_1", project_id="prj_1", volume_id="vol_1")
    follower = projector(rows, index)
    follow(rows.database, follower, 100)
    for kind, subject, about in (
        (EventType.VOLUME_CLOSED, "vol_1", "volume"),
        (EventType.PROJECT_CHANGED, "prj_1", "project"),
    ):
        rows.change("rec_1", reference_code=f"Z001-{about}")
        rows.act(kind, subject, "volume" if about == "volume" else "project")
        assert follow(rows.database, follower, 100) == 1
        assert found(index, f"档号:{about}") == {"rec_1"}


def test_entries_about_nothing_searchable_still_move_the_position(rows: Rows) -> None:
    index = MemoryIndex()
    rows.act(EventType.ARCHIVE_CREATED, "archive", "archive")
    rows.act(EventType.RECORD_CAPTURED, "rec_never_there")
    follow(rows.database, projector(rows, index), 100)
    assert (index.position(), index.count()) == (1, 0)


def test_the_same_entries_again_change_nothing(rows: Rows) -> None:
    index = MemoryIndex()
    for number in range(250):
        rows.record(f"rec_{number}", f"公告{number}")
    follower = projector(rows, index)
    while follow(rows.database, follower, 240):
        pass
    rewind(rows.database, "search")
    follow(rows.database, follower, 10)
    assert (index.count(), index.position()) == (250, 249)


def test_a_long_text_is_cut_between_words_before_it_is_masked(rows: Rows) -> None:
    index = _Kept()
    rows.record("rec_1", "公告", (MAIN, "字" * (LONGEST_TEXT - 20) + "\n电话13900000000，" + "尾" * 500))
    follow(rows.database, projector(rows, index), 1)
    (document,) = index.kept
    assert len(document.body) <= LONGEST_TEXT
    assert document.public_body.endswith("电话139****0000")


class _Kept(MemoryIndex):
    """Keeps the documents it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Document] = []

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        given = list(documents)
        self.kept += [change for change in given if isinstance(change, Document)]
        super().apply(given, position)


class _Everything:
    """An authorizer that lets one actor see everything."""

    def decide(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> Decision:
        return Decision(actor == ARCHIVIST and permission is Permission.RECORD_LIST, str(subject))

    def require(self, actor: Actor, permission: Permission, subject: Subject | None = None) -> None:
        if not self.decide(actor, permission, subject).allowed:
            raise Forbidden("forbidden")

    def scope(self, actor: Actor, permission: Permission) -> Scope:
        self.require(actor, permission)
        return EVERYWHERE


def test_the_service_asks_who_may_and_tells_the_lag(rows: Rows) -> None:
    index, authorizer = MemoryIndex(), _Everything()
    service = SearchService(index, authorizer, QueryReader(CHINA), rows.ledger, StoredStandings(rows.database))
    rows.record("rec_1", "公告")
    rows.change("rec_1", level=AccessLevel.SEALED)
    with rows.database.reading() as connection:
        assert service.lag(connection) == 1
    follow(rows.database, projector(rows, index), 10)
    with rows.database.reading() as connection:
        assert service.lag(connection) == 0
    assert service.search(ARCHIVIST, Query("公告")).total == 1
    with pytest.raises(Forbidden):
        service.search(Actor("acc_2", "stranger"), Query("公告"))


def test_search_is_put_together_by_its_address(rows: Rows, tmp_path: Path) -> None:
    authorizer: Authorizer = _Everything()
    ports = Ports(rows.database, rows.ledger, authorizer, mask, CHINA)
    search = build_search(f"tantivy://{tmp_path / 'index'}", ports)
    rows.record("rec_1", "公告")
    follow(rows.database, search.projector, 10)
    assert search.service.search(ARCHIVIST, Query("公告")).total == search.rebuilder.rebuild().documents == 1
    assert search.index.position() == 0


@pytest.mark.parametrize("url", ["tantivy://relative", "http://127.0.0.1", "tantivy:/x", ""])
def test_an_unknown_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="search-url"):
        build_index(url)
