"""Excerpts: the right place, marked in the original text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.cjk import readings
from search.snippet import excerpt, marked
from search.types import Snippet


def marks(text: str, *asked: str) -> list[str]:
    snippet = excerpt(text, [phrase for word in asked for phrase in readings(word)])
    return [piece for piece, mark in snippet.pieces() if mark]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("关于滨河路改造", "滨河路", "滨河路"),
        ("关于滨 河\n路改造", "滨河路", "滨 河 路"),
        ("编号GC-2026-D30-00127号", "gc2026d30", "GC-2026-D30"),
        ("编号ＧＣ－２０２６号", "gc-2026", "ＧＣ－２０２６"),
        ("于2026年03月07日开标", "2026-03-07", "2026年03月07日"),
        ("于2026-03-07开标", "2026年3月7日", "2026-03-07"),
        ("于2026年03月07日开标", "2026年3月", "2026年03月"),
        ("共1,234,567.89元", "1234567.89", "1,234,567.89"),
        ("第2026003号", "2026003", "2026003"),
        ("面积30㎡以上", "30㎡", "30㎡"),
    ],
)
def test_what_answers_is_marked_as_it_is_written(text: str, asked: str, expected: str) -> None:
    assert marks(text, asked) == [expected]


def test_a_part_of_a_number_or_a_word_is_not_marked() -> None:
    assert marks("编号12030，D300，ad", "30000", "d300号", "dd", "3") == []


def test_the_excerpt_lies_around_the_first_answer() -> None:
    text = "前" * 50_000 + "滨河路" + "后" * 500
    snippet = excerpt(text, readings("滨河路"))
    assert snippet.text.startswith("…前")
    assert snippet.text.endswith("后…")
    assert [snippet.text[a:b] for a, b in snippet.ranges] == ["滨河路"]
    assert len(snippet.text) < 130


def test_without_an_answer_it_is_the_beginning_with_its_space_collapsed() -> None:
    assert excerpt("  甲\n\n 乙  丙 ", readings("丁")) == Snippet("甲 乙 丙")


def test_markup_is_text() -> None:
    snippet = excerpt("<b>滨河路</b><script>", readings("滨河路"))
    assert snippet.pieces() == [("<b>", False), ("滨河路", True), ("</b><script>", False)]


@given(st.text(), st.text(alphabet="中标a1-年月3 ", max_size=6))
def test_ranges_lie_inside_in_order_and_pieces_make_the_whole(text: str, asked: str) -> None:
    phrases = readings(asked)
    for snippet in (excerpt(text, phrases), marked(text, phrases)):
        ends = [position for mark in snippet.ranges for position in mark]
        assert ends == sorted(ends)
        assert all(0 <= position <= len(snippet.text) for position in ends)
        assert "".join(piece for piece, _ in snippet.pieces()) == snippet.plain()


@pytest.mark.parametrize("tokens", [8, 18, 60, 490])
@pytest.mark.parametrize("body", ["1\t \t" * 1_000 + "\n文字", "1 " * 30_000, "1年" * 30_000])
def test_a_text_that_almost_answers_costs_no_more_than_its_length(tokens: int, body: str) -> None:
    phrases = readings("-".join(["1"] * tokens + ["2"]))
    started = time.process_time()
    # A long phrase is marked by its beginning, which may stand there; what matters is that an answer comes.
    assert excerpt(body, phrases).text
    assert time.process_time() - started < 5  # exponential work takes hours


def test_many_phrases_at_once_cost_no_more_than_a_few() -> None:
    phrases = [phrase for number in range(40, 72) for phrase in readings("0-" * 13 + str(number))]
    started = time.process_time()
    assert excerpt("0\t" * 30_000, phrases).text
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("于2026年年度预算", "2026年度", []),
        ("编号2026年1号", "2026-1", ["2026年1号"]),
        ("甲2026年度", "2026年度", ["2026年度"]),
    ],
)
def test_the_year_sign_between_two_tokens(text: str, asked: str, expected: list[str]) -> None:
    assert marks(text, asked) == expected
