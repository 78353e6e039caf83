import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.ledger.canonical import JSON, MAX_INTEGER, NotCanonical, dump, load, moment_of, moment_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_was_dumped_loads_and_any_json_reader_agrees(value: JSON) -> None:
    data = dump(value)
    assert load(data) == value == json.loads(data)


def test_the_spelling_is_that_of_rfc_8785() -> None:
    # The sorting example of RFC 8785, 3.2.3, and the escapes of 3.2.2.2.
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    order = [text.split()[0] for text in json.loads(dump(value)).values()]
    assert order == ["Carriage", "One", "Control", "Latin", "Euro", "Emoji:", "Hebrew"]
    assert dump("\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/") == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@pytest.mark.parametrize(
    "value", [0.5, 2**53, -(2**53), {1: "a"}, "\ud800", {"\udfff": 1}, b"bytes", {"a": {1, 2}}, float("nan")]
)
def test_what_has_no_canonical_form_is_refused(value: JSON) -> None:
    with pytest.raises(NotCanonical):
        dump(value)


def test_nesting_has_a_limit_both_ways() -> None:
    value: JSON = 1
    for _ in range(65):
        value = [value]
    with pytest.raises(NotCanonical):
        dump(value)
    with pytest.raises(NotCanonical):
        load(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"1e3",
        b"-0",
        b"NaN",
        b"9007199254740992",
        b'"\\u4e2d"',
        b'"\\/"',
        b"\xef\xbb\xbf1",
        b"1\n",
        b'"\xff"',
        b'"\\ud800"',
        b"1" * 5000,
    ],
)
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        load(data)


def test_moments_have_one_spelling() -> None:
    moment = datetime(2026, 3, 1, 16, 0, tzinfo=timezone(timedelta(hours=8)))
    assert moment_text(moment) == "2026-03-01T08:00:00.000000Z"
    assert moment_of("2026-03-01T08:00:00.000000Z") == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    for text in ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00.000000+00:00", "2026-02-30T08:00:00.000000Z"):
        with pytest.raises(NotCanonical):
            moment_of(text)
