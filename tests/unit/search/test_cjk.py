"""Tokens: what stands at which position, and how typed text is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.cjk import Folded, Phrase, fold, is_han, readings, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("中标人", ["中标", "标人", "人"]),
        ("第A3标段", ["第", "a", "3", "标段", "段"]),
        ("GC-2026-D30-00127", ["gc", "2026", "d", "30", "00127"]),
        ("ＧＣ２０２６", ["gc", "2026"]),
        ("于2026年3月7日开标", ["于", "2026", "3月", "7日", "开标", "标"]),
        ("2026-03-07", ["2026", "3月", "7日"]),
        ("2026.3.7", ["2026", "3月", "7日"]),
        ("A-2026-03-07", ["a", "2026", "03", "07"]),
        ("1,234,567.80元", ["1234567", "80", "元"]),
        ("招 标\n公告", ["招标", "标公", "公告", "告"]),
        ("招\t标", ["招", "标"]),
        ("Ⅲ级㎡", ["iii", "级", "m", "2"]),
        ("二〇二六", ["二〇", "〇二", "二六", "六"]),
        ("", []),
        ("，。！-", []),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("中标", (Phrase(("中标",)),)),
        ("中标人", (Phrase(("中标", "标人")),)),
        ("人", (Phrase(("人",), prefix=True),)),
        ("3标", (Phrase(("3", "标"), prefix=True),)),
        ("D30", (Phrase(("d", "30")),)),
        ("2026-03", (Phrase(("2026", "03")), Phrase(("2026", "3月")))),
        ("20260307", (Phrase(("20260307",)), Phrase(("2026", "3月", "7日")))),
        ("——", ()),
    ],
)
def test_readings(text: str, expected: tuple[Phrase, ...]) -> None:
    assert readings(text) == expected


def test_a_written_date_has_a_reading_for_dates_codes_and_compact_dates() -> None:
    assert {reading.tokens for reading in readings("2026-03-07")} == {
        ("2026", "3月", "7日"),
        ("2026", "03", "07"),
        ("20260307",),
    }


@given(st.text())
def test_tokens_fit_any_index(text: str) -> None:
    for token in tokens(text):
        assert token
        assert len(token) <= 64
        assert not any(character.isspace() for character in token)
        assert token.encode()


@given(st.text(alphabet="aＡ中㎡Ⅲ\u200b\r ﷺ１"))
def test_every_folded_character_knows_where_it_came_from(text: str) -> None:
    folded = Folded(text)
    assert folded.text == fold(text)
    for position, character in enumerate(folded.text):
        origin = folded.origin(position)
        assert character in fold(text[origin])
        assert folded.origin_end(position + 1) == origin + 1


def test_only_cjk_characters_are_han() -> None:
    assert [is_han(token) for token in ("中标", "人", "〇二", "3月", "27日", "abc", "30")] == [True] * 3 + [False] * 4
