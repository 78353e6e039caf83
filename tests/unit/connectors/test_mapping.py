"""Field mapping: which field means what, and what is said of a field that cannot be read."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.connectors.mapping import FieldMapping, folded, read_fen
from tests.small_portal import LOCALE


def mapping(**option: object) -> FieldMapping:
    return FieldMapping({name.replace("__", "."): said for name, said in option.items()}, LOCALE)


@pytest.mark.parametrize("name", ["BID_ECTION_NUM", "bid_section_num", " BID_SECTION_ NUM", "BID_SECTION\u3000_NUM"])
def test_misspelt_and_spaced_names_are_found(name: str) -> None:
    found = mapping(hints__section="BID_SECTION_NUM").apply({name: "1"})
    assert (dict(found.hints), found.problems) == ({"section": "1"}, ())


def test_names_are_folded_alike_on_both_sides() -> None:
    assert folded("EXCEPITON_TYPE") == folded("EXCEPTION_TYPE")
    assert folded("IS_COMMIT_ MARGIN") == folded("is_commit_margin")


def test_the_first_field_that_says_something_counts() -> None:
    found = mapping(title=["A", "B", "C"]).apply({"A": "  ", "B": None, "C": " 公告 "})
    assert dict(found.texts) == {"title": "公告"}


@pytest.mark.parametrize(
    "written",
    ["2026-05-04", "20260504000000", "2026/5/4", "2026年5月4日", date(2026, 5, 4), datetime(2026, 5, 4)],  # noqa: DTZ001 - as databases give it
)
def test_mixed_dates_are_read(written: object) -> None:
    found = mapping(published="D").apply({"D": written})
    assert found.moments["published"] == datetime(2026, 5, 3, 16, tzinfo=UTC)


def test_a_bad_date_is_unknown_and_named_without_its_value() -> None:
    found = mapping(published="SEND_TIME").apply({"SEND_TIME": "昨天"})
    assert (dict(found.moments), found.refusal) == ({}, None)
    (problem,) = found.problems
    assert (problem.code, problem.params) == ("field-not-a-date", {"field": "SEND_TIME", "target": "published"})


@pytest.mark.parametrize(
    ("text", "unit", "fen"),
    [
        ("12.5", "万元", 12_500_000),
        ("12.5", "1", 12_500_000),
        ("1,234,567.89", "元", 123_456_789),
        ("¥100元", "万元", 10_000),
        ("1２", "元", 1_200),
        ("12.5", "", None),
        ("0.001", "元", None),
        ("面议", "元", None),
        ("1,23", "元", None),
        ("9" * 19, "元", None),
        ("-3", "元", -300),
    ],
)
def test_amounts_are_read_in_fen(text: str, unit: str, fen: int | None) -> None:
    assert read_fen(text, unit) == fen


def test_an_amount_is_kept_as_given_with_fen_beside_it() -> None:
    option = {"field": "SUM", "as": "money", "unit_field": "PRICE_UNIT"}
    found = mapping(hints__budget=option).apply({"SUM": Decimal("1E+2"), "PRICE_UINT": 1})
    assert dict(found.hints) == {"budget": "100", "budget_fen": "100000000"}
    bare = mapping(hints__budget=option).apply({"SUM": "100"})
    assert (dict(bare.hints), [problem.code for problem in bare.problems]) == ({"budget": "100"}, ["field-not-money"])


def test_lists_are_cut_at_semicolons() -> None:
    found = mapping(hints__sections={"field": "S", "as": "list"}).apply({"S": "A1; B2；;C3;"})
    assert found.hints["sections"] == ["A1", "B2", "C3"]


def test_control_characters_are_marked_and_reported() -> None:
    found = mapping(title="T").apply({"T": "公\x07告\x00\ud800"})
    assert found.texts["title"] == "公\ufffd告\ufffd\ufffd"
    assert [problem.code for problem in found.problems] == ["field-control-characters"]


def test_an_empty_field_that_is_required_refuses_the_row() -> None:
    found = mapping(title={"field": "T", "required": True}, id="I").apply({"T": " ", "I": "7"})
    assert found.refusal is not None
    assert (found.refusal.code, found.refusal.params["field"]) == ("field-empty", "T")


def test_what_is_no_single_value_is_reported() -> None:
    found = mapping(title="T").apply({"T": ["a"]})
    assert [problem.code for problem in found.problems] == ["field-not-plain"]
    assert all(problem.code in catalogue() for problem in found.problems)


BAD = {
    "no such target": ({"titel": "T"}, "mapping-target-unknown"),
    "a hint without a name": ({"hints.": "T"}, "mapping-target-unknown"),
    "no field": ({"title": ""}, "mapping-origin"),
    "an empty list": ({"title": []}, "mapping-origin"),
    "a number": ({"title": 7}, "mapping-origin"),
    "no field in an object": ({"title": {"as": "text"}}, "mapping-origin"),
    "no such kind": ({"title": {"field": "T", "as": "picture"}}, "mapping-origin"),
    "no such unit": ({"hints.a": {"field": "T", "as": "money", "unit": "角"}}, "mapping-origin"),
    "a word nobody reads": ({"title": {"field": "T", "fallback": "x"}}, "mapping-origin"),
}


@pytest.mark.parametrize(("option", "code"), BAD.values(), ids=BAD)
def test_a_mapping_nobody_reads_is_refused(option: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        FieldMapping(option, LOCALE)
    assert caught.value.code == code
    assert code in catalogue()


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.binary())))
def test_no_row_breaks_a_mapping(row: dict[str, object]) -> None:
    names = [name for name in row if name.strip()] or ["X"]
    said = {"title": names, "published": names, "hints.a": {"field": names, "as": "money", "unit": "元"}}
    found = FieldMapping(said, LOCALE).apply(row)
    "".join(found.texts.values()).encode()
