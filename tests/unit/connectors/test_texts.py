"""Texts of a source: whatever it sends can be stored, and nothing becomes something else unseen."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ingest.connectors.texts import hint, is_well_formed, scalar, well_formed

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def test_half_a_character_becomes_the_one_that_stands_for_nothing() -> None:
    half = json.loads('"招标\\ud800公告"')
    assert not is_well_formed(half)
    assert well_formed(half) == "招标\ufffd公告"
    # No database keeps it in a text either.
    assert not is_well_formed("招标\0公告")
    assert well_formed("招标\0公告") == "招标\ufffd公告"


def test_a_whole_character_written_in_two_halves_stays_whole() -> None:
    whole = json.loads('"\\ud842\\udfb7"')
    assert is_well_formed(whole)
    assert well_formed(whole) == "𠮷"


def test_numbers_are_texts_and_lists_of_texts_are_kept() -> None:
    values: list[object] = [None, "甲", 7, 1.5, [], {}]
    assert [scalar(value) for value in values] == ["", "甲", "7", "1.5", None, None]
    assert [hint(value) for value in (None, 7, ["S1", "S2"], ["S1", 2], {"a": "b"})] == [
        "",
        "7",
        ["S1", "S2"],
        None,
        None,
    ]


@given(anything)
def test_whatever_comes_can_be_written_as_utf8(value: object) -> None:
    found = hint(value)
    texts = found if isinstance(found, list) else [found or "", scalar(value) or ""]
    assert all(is_well_formed(text) and text.encode().decode() == text for text in texts)
