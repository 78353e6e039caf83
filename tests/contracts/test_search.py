"""What every search index promises: run on the twin, on the embedded engine and on a real server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from archive.authorization import AccessLevel, Clause, Scope
from archive.errors import InvalidInput, Unavailable
from search.port import SearchIndex
from search.types import Removal, Sort
from tests.search_engines import ENGINES, engine
from tests.unit.search.documents import ARCHIVIST, EVERYWHERE, NOW, PUBLIC, ask, document, found


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    with engine(request.param, tmp_path) as made:
        yield made


def scope(*clauses: Clause, redacted: bool = False) -> Scope:
    return Scope(ARCHIVIST, NOW, clauses, redacted=redacted)


def test_a_new_index_is_empty(index: SearchIndex) -> None:
    assert (index.position(), index.count(), found(index)) == (-1, 0, set())


def test_what_was_applied_is_found_at_once(index: SearchIndex) -> None:
    index.apply([document("rec_1", "招标公告"), document("rec_2", "中标公告")], 7)
    assert (index.position(), index.count()) == (7, 2)
    assert found(index) == {"rec_1", "rec_2"}
    assert found(index, "中标") == {"rec_2"}


@pytest.mark.parametrize("text", ["候选", "候选人", "中标候选人公示", "选", "示", "滨河路 公示", "“滨河路改造”", "滨"])
def test_words_of_any_length_are_substrings(index: SearchIndex, text: str) -> None:
    index.apply([document("rec_1", "滨河路改造工程中标候选人公示"), document("rec_2", "江滩绿化招标文件")], 1)
    assert found(index, text) == {"rec_1"}


@pytest.mark.parametrize("text", ["标候人", "候选 绿化", "“改造 候选”", "路工", "选中"])
def test_characters_that_only_stand_apart_are_not_found(index: SearchIndex, text: str) -> None:
    index.apply([document("rec_1", "滨河路改造工程，中标候选人公示"), document("rec_2", "江滩绿化招标文件")], 1)
    assert found(index, text) == set()


@pytest.mark.parametrize(
    "text",
    ["GC-2026-D30-00127", "gc-2026-d30-00127", "GC2026D30", "D30", "d30-00127", "00127", "GC-2026-D3*", "００１２７"],
)
def test_codes_are_found_whole_and_by_part(index: SearchIndex, text: str) -> None:
    index.apply(
        [document("rec_1", "甲", "项目编号为GC-2026-D30-00127号"), document("rec_2", "乙", "编号GC-2025-D31-00128")], 1
    )
    assert found(index, text) == {"rec_1"}


@pytest.mark.parametrize(
    "text", ["A01-91370000MA3C0000XX-20260319-102642-5", "91370000MA3C0000XX", "20260319", "102642-5", "2026-03-19"]
)
def test_long_codes_with_dates_in_them_are_found_by_part(index: SearchIndex, text: str) -> None:
    code = "A01-91370000MA3C0000XX-20260319-102642-5"
    index.apply(
        [
            document("rec_1", reference_code=code),
            document("rec_2", reference_code=code.replace("2", "3").replace("91", "92")),
        ],
        1,
    )
    assert found(index, text) == {"rec_1"}


@pytest.mark.parametrize("text", ["ＡＢＣ有限公司", "abc有限公司", "ABC 有限公司", "“ABC有限”", "bc公司 OR"])
def test_width_and_case_do_not_matter(index: SearchIndex, text: str) -> None:
    index.apply([document("rec_1", "ABC有限公司"), document("rec_2", "ＡＢＣ有限公司")], 1)
    assert found(index, text) == (set() if "OR" in text else {"rec_1", "rec_2"})


@pytest.mark.parametrize(
    "text", ["2026-03-27", "2026年3月27日", "2026/3/27", "2026年3月", "3月27日", "2026年", "3月", "2026-03"]
)
def test_dates_are_found_however_they_are_written(index: SearchIndex, text: str) -> None:
    written = ["于2026年3月27日开标", "于2026年03月27日开标", "于2026-03-27开标", "开标：2026 年 3 月 27 日"]
    others = [document("rec_x", "甲", "于2025年4月28日开标"), document("rec_y", "乙", "共27项3标")]
    index.apply([*(document(f"rec_{n}", "丙", body) for n, body in enumerate(written)), *others], 1)
    assert found(index, text) == {f"rec_{n}" for n in range(len(written))}


def test_text_broken_by_a_page_is_still_found(index: SearchIndex) -> None:
    index.apply([document("rec_1", "招 标 公 告", "中标候\n选人"), document("rec_2", "乙", "中标候\n\n选人")], 1)
    assert found(index, "招标公告") == {"rec_1"}
    assert found(index, "候选人") == {"rec_1"}


def test_negation_only_takes_away(index: SearchIndex) -> None:
    closed = document("rec_3", "废标公告", level=AccessLevel.RESTRICTED, released_from=None)
    index.apply([document("rec_1", "招标公告"), document("rec_2", "废标公告"), closed], 1)
    assert found(index, "-废标") == {"rec_1"}
    assert found(index, "-招标", PUBLIC) == {"rec_2"}
    assert found(index, "公告 -“废标公告”") == {"rec_1"}


def test_filters_hold_together(index: SearchIndex) -> None:
    index.apply(
        [
            document("rec_1", doc_type="中标候选人公示", class_code="GC.03.05", trade_type="A", region="370102"),
            document("rec_2", doc_type="招标公告", class_code="GC.02.01", trade_type="A", region="370202"),
            document("rec_3", doc_type="采购公告", class_code="ZC.02.01", trade_type="D", region="420500"),
        ],
        1,
    )
    assert found(index, trade_type="A") == {"rec_1", "rec_2"}
    assert found(index, class_code="GC") == {"rec_1", "rec_2"}
    assert found(index, class_code="gc.02.01") == {"rec_2"}
    assert found(index, doc_type="招标公告") == {"rec_2"}
    assert found(index, region="370000") == {"rec_1", "rec_2"}
    assert found(index, region="370100", trade_type="A") == {"rec_1"}
    assert found(index, region="000000") == {"rec_1", "rec_2", "rec_3"}
    assert found(index, "类型:招标") == {"rec_2"}
    assert found(index, "类型:工程建设 -类型:GC.02") == {"rec_1"}
    assert found(index, "类型:d") == {"rec_3"}
    assert found(index, "地区:济南") == {"rec_1"}
    assert found(index, "地区:4205 公告") == {"rec_3"}
    assert found(index, state="filed") == set()


def test_project_and_reference_fields(index: SearchIndex) -> None:
    index.apply(
        [
            document("rec_1", project_id="prj_1", project_name="滨河路改造", public_project_name="滨河路改造"),
            document("rec_2", project_id="prj_2", project_code="JX-2026-0088", reference_code="Z001-GC-2026-D30-00127"),
        ],
        1,
    )
    assert found(index, "项目:滨河路") == found(index, "项目:prj_1") == found(index, project_id="prj_1") == {"rec_1"}
    assert found(index, "项目:JX-2026-0088") == found(index, "档号:D30-00127") == found(index, "JX-2026") == {"rec_2"}
    assert found(index, "档号:滨河路") == set()


def test_days_are_inclusive_and_those_of_the_centre(index: SearchIndex) -> None:
    # Midnight in China is four in the afternoon of the day before in UTC.
    last = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    index.apply(
        [
            document("rec_1", published=last),
            document("rec_2", published=last + timedelta(seconds=1)),
            document("rec_3", published=None),
        ],
        1,
    )
    assert found(index, "日期:2026-03") == found(index, "日期:..2026-03-31") == {"rec_1"}
    assert found(index, "日期:2026年4月1日..") == found(index, published_from=date(2026, 4, 1)) == {"rec_2"}
    assert found(index, published_to=date(2026, 4, 1)) == {"rec_1", "rec_2"}
    assert found(index, "-日期:2026-03") == {"rec_2", "rec_3"}


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_neither_overlap_nor_leave_anything_out(index: SearchIndex, sort: Sort) -> None:
    documents = [document(f"rec_{n}", "招标公告", published=NOW - timedelta(days=n % 3)) for n in range(25)]
    for start in range(0, 25, 5):
        index.apply(documents[start : start + 5], start)
    pages = [ask(index, "招标", sort=sort, size=4, offset=offset) for offset in range(0, 25, 4)]
    assert {page.total for page in pages} == {25}
    seen = [hit.record_id for page in pages for hit in page.hits]
    assert sorted(seen) == sorted(item.record_id for item in documents)
    again = [
        hit.record_id for offset in range(0, 25, 4) for hit in ask(index, "招标", sort=sort, size=4, offset=offset).hits
    ]
    assert again == seen


def test_order(index: SearchIndex) -> None:
    index.apply(
        [
            document("rec_1", "绿化", "其中提到滨河路一次，其余都是别的内容", published=NOW),
            document("rec_2", "滨河路改造", published=NOW - timedelta(days=1)),
        ],
        1,
    )
    assert [hit.record_id for hit in ask(index, "滨河路").hits] == ["rec_2", "rec_1"]
    assert [hit.record_id for hit in ask(index, "滨河路", sort=Sort.NEWEST).hits] == ["rec_1", "rec_2"]
    assert [hit.record_id for hit in ask(index).hits] == ["rec_1", "rec_2"]
    assert [hit.record_id for hit in ask(index, sort=Sort.OLDEST).hits] == ["rec_2", "rec_1"]


def test_hits_show_what_answers(index: SearchIndex) -> None:
    body = "前言。" * 100 + "第一中标候选人：ＡＢＣ建设有限公司，报价1,234,567.89元。" + "后记。" * 100
    index.apply([document("rec_1", "中标候选人公示", body, reference_code="Z001-1", project_name="滨河路")], 1)
    (hit,) = ask(index, "中标候选人 abc建设 1234567.89").hits
    assert [text for text, mark in hit.snippet.pieces() if mark] == ["中标候选人", "ＡＢＣ建设", "1,234,567.89"]
    assert [text for text, mark in hit.marked_title.pieces() if mark] == ["中标候选人"]
    assert hit.title == "中标候选人公示" == hit.marked_title.plain()
    assert (hit.class_code, hit.doc_type, hit.reference_code) == ("GC.03.05", "中标候选人公示", "Z001-1")
    assert (hit.project, hit.published, hit.state) == ("滨河路", datetime(2026, 3, 27, 2, tzinfo=UTC), "placed")


def test_no_clause_no_level_no_region_is_nothing(index: SearchIndex) -> None:
    index.apply([document("rec_1")], 1)
    everything = frozenset(AccessLevel)
    assert found(index, scope=scope()) == set()
    assert found(index, scope=scope(Clause((), everything, released_only=False))) == set()
    assert found(index, scope=scope(Clause(("",), frozenset(), released_only=False))) == set()
    assert found(index, "-废标", scope()) == set()


def test_levels_and_regions_of_one_clause_hold_together(index: SearchIndex) -> None:
    index.apply(
        [
            document("rec_1", region="370102", level=AccessLevel.INTERNAL),
            document("rec_2", region="370202", level=AccessLevel.INTERNAL),
            document("rec_3", region="370202", level=AccessLevel.PUBLIC),
        ],
        1,
    )
    city = Clause(("3701",), frozenset({AccessLevel.INTERNAL}), released_only=False)
    open_ = Clause(("37",), frozenset({AccessLevel.PUBLIC}), released_only=False)
    assert found(index, scope=scope(city)) == {"rec_1"}
    assert found(index, scope=scope(city, open_)) == {"rec_1", "rec_3"}
    assert found(index, scope=scope(Clause(("3701021",), frozenset(AccessLevel), released_only=False))) == set()


def test_release_is_a_matter_of_the_moment_of_asking(index: SearchIndex) -> None:
    index.apply(
        [
            document("rec_1", released_from=NOW),
            document("rec_2", released_from=NOW + timedelta(microseconds=1)),
            document("rec_3", released_from=None),
            document("rec_4", settled=False, state="classified"),
        ],
        1,
    )
    assert found(index, scope=PUBLIC) == {"rec_1"}
    assert found(index, scope=replace(PUBLIC, now=NOW + timedelta(microseconds=1))) == {"rec_1", "rec_2"}
    assert found(index) == {"rec_1", "rec_2", "rec_3", "rec_4"}


def test_a_redacted_reader_neither_finds_nor_sees_what_is_masked(index: SearchIndex) -> None:
    whole = {"title": "王某某公告", "body": "电话13900000000", "project_name": "王某某承包地"}
    masked = {"public_title": "王**公告", "public_body": "电话139****0000", "public_project_name": "王**承包地"}
    index.apply([document("rec_1", **{**whole, **masked})], 1)
    for text in ("王某某", "某某", "13900000000", "项目:某某", "“王某”"):
        assert found(index, text) == {"rec_1"}
        assert found(index, text, PUBLIC) == set()
    (hit,) = ask(index, "电话 139", PUBLIC).hits
    assert (hit.title, hit.project, hit.snippet.plain()) == ("王**公告", "王**承包地", "电话139****0000")


def test_of_a_withdrawn_record_the_public_finds_only_the_tombstone(index: SearchIndex) -> None:
    index.apply([document("rec_1", "终止公告", "因故终止", withdrawn=True, state="withdrawn")], 1)
    assert found(index, "因故") == {"rec_1"}
    assert found(index, "因故", PUBLIC) == set()
    (hit,) = ask(index, "终止公告", PUBLIC).hits
    assert hit.withdrawn
    assert not hit.snippet.plain()


def test_an_older_document_never_takes_the_place_of_a_newer_one(index: SearchIndex) -> None:
    index.apply([document("rec_1", "新", ledger_index=5)], 5)
    index.apply([document("rec_1", "旧", ledger_index=4), document("rec_2", "旧", ledger_index=3)], 4)
    assert [hit.title for hit in ask(index, "新").hits] == ["新"]
    assert found(index, "旧") == {"rec_2"}
    index.apply([document("rec_2", "又", ledger_index=9), document("rec_2", "再", ledger_index=8)], 9)
    assert (found(index, "又"), found(index, "再"), index.position()) == ({"rec_2"}, set(), 9)


def test_a_removal_lasts(index: SearchIndex) -> None:
    index.apply([document("rec_1", ledger_index=5)], 5)
    index.apply([Removal("rec_1", 6)], 6)
    index.apply([document("rec_1", ledger_index=5), Removal("rec_2", 3)], 6)
    assert (found(index), index.count()) == (set(), 0)
    index.apply([document("rec_1", ledger_index=7)], 7)
    assert found(index) == {"rec_1"}


def test_the_same_again_changes_nothing_and_the_position_never_goes_back(index: SearchIndex) -> None:
    index.apply([document("rec_1")], 4)
    index.apply([document("rec_1")], 2)
    index.apply([], 3)
    assert (index.count(), index.position()) == (1, 4)
    index.apply([], 6)
    assert index.position() == 6


def test_a_replacement_takes_the_place_in_one_step(index: SearchIndex) -> None:
    index.apply([document("rec_old", "旧的")], 3)
    with index.replacement() as new:
        assert (new.position(), new.count()) == (-1, 0)
        new.apply([document("rec_new", "新的")], 4)
        assert (found(index), new.count()) == ({"rec_old"}, 1)
        new.promote(lambda: new.apply([document("rec_late", "后来")], 5))
    assert (found(index), index.position()) == ({"rec_new", "rec_late"}, 5)
    index.apply([document("rec_next", "再来")], 6)
    assert found(index, scope=EVERYWHERE) == {"rec_new", "rec_late", "rec_next"}


def test_a_replacement_that_fails_leaves_everything_as_it_was(index: SearchIndex) -> None:
    index.apply([document("rec_1")], 3)

    def fill() -> None:
        with index.replacement() as new:
            new.apply([document("rec_2")], 9)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()
    assert (found(index), index.position()) == ({"rec_1"}, 3)
    with index.replacement() as new:
        assert new.count() == 0


def test_one_replacement_at_a_time(index: SearchIndex) -> None:
    with index.replacement(), pytest.raises(Unavailable, match="search-rebuild-running"), index.replacement():
        pass


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\u200b", "👍", "𠮷野家", "ｶﾞ", "क्षि", "a" * 200_000, "\n" * 999])
def test_any_text_can_be_indexed(index: SearchIndex, text: str) -> None:
    index.apply([document("rec_1", f"前{text}后", f"前{text}后")], 1)
    (hit,) = ask(index, "前").hits
    assert hit.title.startswith("前")


def test_a_beginning_of_too_many_words_is_refused_but_never_answered_in_part(index: SearchIndex) -> None:
    codes = " ".join(f"gc1{number:05}" for number in range(20_000))
    index.apply(
        [document("rec_1", body=codes), document("rec_2", body="gc199999"), document("rec_3", body="zc199999")], 1
    )
    assert found(index, "gc1999*") == {"rec_2"}
    try:
        answer = found(index, "gc1*")
    except InvalidInput as refusal:
        answer = {refusal.code}
    assert answer in ({"rec_1", "rec_2"}, {"search-too-broad"})
