"""Reference codes: what is rendered can be read back, what does not fit is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from archive.plan.service import load_plan

VALUES: dict[str, str | int] = {
    "fonds": "Z001",
    "trade_letter": "A",
    "region": "370100",
    "year": 2025,
    "retention": "D30",
    "number": 7,
}


def test_codes_look_as_proposed() -> None:
    numbers = load_plan().numbers
    volume = numbers.volume_code(VALUES)
    assert volume == "Z001-ZY·A·370100-2025-D30-00007"
    assert numbers.item_code(volume, 12) == "Z001-ZY·A·370100-2025-D30-00007-0012"


@given(
    fonds=st.from_regex(r"[A-Z][0-9]{3}", fullmatch=True),
    trade=st.sampled_from("ABCDEFGHJZ"),
    region=st.from_regex(r"[0-9]{6}", fullmatch=True),
    year=st.integers(1949, 2999),
    retention=st.sampled_from(["Y", "D30", "D15", "D10"]),
    number=st.integers(0, 99_999),
    item=st.integers(0, 9_999),
)
def test_reading_a_rendered_code_returns_its_parts(
    fonds: str, trade: str, region: str, year: int, retention: str, number: int, item: int
) -> None:
    numbers = load_plan().numbers
    volume = numbers.volume_code(
        {
            "fonds": fonds,
            "trade_letter": trade,
            "region": region,
            "year": year,
            "retention": retention,
            "number": number,
        }
    )
    expected = {
        "fonds": fonds,
        "trade_letter": trade,
        "region": region,
        "year": str(year),
        "retention": retention,
        "number": f"{number:05}",
    }
    assert numbers.parse(volume) == expected
    assert numbers.parse(numbers.item_code(volume, item)) == expected | {"item": f"{item:04}"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("number", 100_000), ("number", -1), ("fonds", "z1"), ("region", "3701"), ("retention", "D7"), ("year", 25)],
)
def test_a_value_that_does_not_fit_is_refused_not_cut(key: str, value: str | int) -> None:
    with pytest.raises(InvalidInput, match="plan-number-value"):
        load_plan().numbers.volume_code(VALUES | {key: value})


def test_a_missing_value_is_named() -> None:
    incomplete = {key: value for key, value in VALUES.items() if key != "region"}
    with pytest.raises(InvalidInput, match="plan-number-value-missing") as caught:
        load_plan().numbers.volume_code(incomplete)
    assert caught.value.params == {"segment": "region"}


@pytest.mark.parametrize("code", ["", "Z001", "Z001-ZY·A·370100-2025-D30-7", "Z001-ZY·A·370100-2025-D30-00007-1"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="plan-number-malformed"):
        load_plan().numbers.parse(code)


def test_an_item_is_numbered_only_inside_a_volume_and_within_its_width() -> None:
    numbers = load_plan().numbers
    with pytest.raises(InvalidInput, match="plan-number-malformed"):
        numbers.item_code("Z001", 1)
    with pytest.raises(InvalidInput, match="plan-number-value"):
        numbers.item_code(numbers.volume_code(VALUES), 10_000)
