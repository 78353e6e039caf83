"""The query language: what is read, and what is refused with its place."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import InvalidInput
from search.cjk import Phrase
from search.query import LONGEST, QueryReader
from search.types import Area, Between, Condition, Is, Key, Query, Request, Says, Sort
from tests.unit.search.documents import CHINA, Names

READER = QueryReader(CHINA, Names())
PIECES = [
    "类型:",
    "-",
    "“",
    "”",
    '"',
    "日期:",
    "2026",
    "..",
    "地区：",
    "37",
    "项目:",
    "档号:",
    "*",
    " ",
    "中标",
    "a-1",
    "－",
]


def read(text: str) -> Request:
    return READER.read(Query(text=text))


def words(text: str, *, negated: bool = False) -> Condition:
    return Condition((Says(Area.TEXT, (Phrase((text,)),)),), negated)


def test_words_and_phrases() -> None:
    assert read("中标 公告").conditions == (words("中标"), words("公告"))
    assert read("中标　公告").conditions == read("中标，公告。").conditions == read('中标"公告"').conditions
    assert read("「中标」 -公告 －“废标”").conditions == (
        words("中标"),
        words("公告", negated=True),
        words("废标", negated=True),
    )


def test_a_star_leaves_the_end_of_a_code_open_except_in_a_phrase() -> None:
    assert read("GC-2026*").phrases == (Phrase(("gc", "2026"), prefix=True),)
    assert read("“GC-2026*”").phrases == (Phrase(("gc", "2026")),)


def test_fields() -> None:
    assert read("地区:370100 地区:济南").conditions == (Condition((Is(Key.REGION, "3701"),)),) * 2
    assert read("REF：“D30”").conditions == (Condition((Says(Area.REFERENCE, (Phrase(("d", "30")),)),)),)
    (types,) = read("-类型:工程建设").conditions
    assert types.negated
    assert Is(Key.TRADE_TYPE, "A") in types.tests
    assert Is(Key.CLASS, "工程建设") in types.tests


def test_what_only_looks_like_a_field_is_a_word() -> None:
    assert read("开标:10").phrases == (Phrase(("开标", "标", "10")),)


def days(text: str) -> Between:
    (condition,) = read(text).conditions
    (test,) = condition.tests
    assert isinstance(test, Between)
    return test


def start(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=CHINA).astimezone(UTC)


@pytest.mark.parametrize("text", ["日期:2026-01..2026-03", "日期:2026年1月至2026年3月", "date:2026/1/1～2026.3.31"])
def test_a_range_of_days_includes_both_ends(text: str) -> None:
    assert days(text) == Between(start(2026, 1, 1), start(2026, 4, 1))


def test_open_ranges_and_whole_years() -> None:
    assert days("日期:2025") == Between(start(2025, 1, 1), start(2026, 1, 1))
    assert days("日期:2025-12..") == Between(start(2025, 12, 1), None)
    assert days("日期:..2025-12-31") == Between(None, start(2026, 1, 1))
    assert days("日期:0001..9998") == Between(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("公告 “中标", "search-quote", 4),
        ("项目:", "search-value", 1),
        ("公告 -项目:“ ”", "search-value", 4),
        ("项目:，，", "search-value", 1),
        ("日期:三月", "search-date", 1),
        ("a 日期:2026-13", "search-date", 3),
        ("日期:2026-02-30", "search-date", 1),
        ("日期:9999", "search-date", 1),
        ("日期:..", "search-date", 1),
        ("日期:2026..2027..2028", "search-date", 1),
        ("日期:2026-03..2026-01", "search-date-order", 1),
        ("地区:月亮", "search-region", 1),
        ("地区:3701021", "search-region", 1),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, code: str, position: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(text)
    assert (refusal.value.code, refusal.value.params["position"]) == (code, position)
    assert "{" not in refusal.value.message()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (Query("！！！"), "search-nothing"),
        (Query("-"), "search-nothing"),
        (Query("x" * (LONGEST + 1)), "search-too-long"),
        (Query("甲 " * 33), "search-too-many-words"),
        (Query(size=0), "search-page"),
        (Query(size=101), "search-page"),
        (Query(offset=-1), "search-page"),
        (Query(offset=9_990, size=20), "search-too-deep"),
    ],
)
def test_queries_have_limits(query: Query, code: str) -> None:
    with pytest.raises(InvalidInput, match=code) as refusal:
        READER.read(query)
    assert "{" not in refusal.value.message() + refusal.value.message("en")


def test_words_are_sorted_by_relevance_and_everything_else_by_date() -> None:
    by: Mapping[str, Sort] = {"中标": Sort.RELEVANCE, "": Sort.NEWEST, "-中标": Sort.NEWEST, "日期:2026": Sort.NEWEST}
    assert {text: read(text).sort for text in by} == by
    assert READER.read(Query("中标", sort=Sort.OLDEST)).sort is Sort.OLDEST


def test_filters_become_conditions() -> None:
    query = Query(trade_type="A", class_code="gc.03", region="370000", published_to=date(2026, 3, 31), state="filed")
    assert set(READER.read(query).conditions) == {
        Condition((Is(Key.TRADE_TYPE, "A"),)),
        Condition((Is(Key.CLASS, "GC.03"),)),
        Condition((Is(Key.REGION, "37"),)),
        Condition((Is(Key.STATE, "filed"),)),
        Condition((Between(None, start(2026, 4, 1)),)),
    }
    assert READER.read(Query(published_from=date.min, published_to=date.max)).conditions[0].tests[0] == Between(
        datetime(1, 1, 1, tzinfo=UTC), None
    )


def refusal_of(text: str) -> InvalidInput | None:
    try:
        request = read(text)
    except InvalidInput as refusal:
        return refusal
    assert request.conditions or not text.strip()
    return None


@settings(max_examples=300)
@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_text_is_an_accident(text: str) -> None:
    refusal = refusal_of(text)
    if refusal is not None:
        assert refusal.code.startswith("search-")
        assert 1 <= int(str(refusal.params.get("position", 1))) <= len(text)
