from datetime import date

import pytest

from ingest.simulator.codes import credit_check_character, credit_code, identity_number, unified_deal_code
from ingest.simulator.draw import Draw
from ingest.simulator.numerals import capital_amount, money, ten_thousands, working_day


@pytest.mark.parametrize("code", ["91350000MA347WHE48", "12350100MB02709751"])
def test_the_check_character_agrees_with_the_samples_of_the_national_specification(code: str) -> None:
    assert credit_check_character(code[:17]) == code[17]


def test_credit_codes_carry_their_check_character_and_lie_in_no_real_division() -> None:
    codes = {credit_code(Draw(1, number)) for number in range(200)}
    assert len(codes) == 200
    assert all(credit_check_character(code[:17]) == code[17] and code[2:8] == "379900" for code in codes)


def test_a_unified_deal_code_has_forty_characters_and_a_check_that_sums_to_one() -> None:
    code = unified_deal_code("A01", "12350100MB02709751", date(2025, 3, 3), 42)
    assert code.startswith("A01-12350100MB02709751-20250303-000042-")
    assert len(code) == 40
    alphabet, total = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*", 0
    for character in code.replace("-", "")[:-1]:
        total = (total + alphabet.index(character)) * 2
    assert (total + alphabet.index(code[-1])) % 37 == 1


def test_identity_numbers_have_their_check_digit_and_belong_to_nobody() -> None:
    number = identity_number(Draw("person"))
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    assert number[17] == "10X98765432"[total % 11]
    assert number.startswith("379900")


@pytest.mark.parametrize(
    ("yuan", "text"),
    [
        (0, "人民币零元整"),
        (10, "人民币壹拾元整"),
        (1_005, "人民币壹仟零伍元整"),
        (12_000_000, "人民币壹仟贰佰万元整"),
        (100_500_000, "人民币壹亿零伍拾万元整"),
        (31_689_951, "人民币叁仟壹佰陆拾捌万玖仟玖佰伍拾壹元整"),
    ],
)
def test_amounts_in_capital_numerals(yuan: int, text: str) -> None:
    assert capital_amount(yuan) == text


def test_amounts_in_figures_lose_nothing() -> None:
    assert money(12_345_678) == "12,345,678.00"
    assert ten_thousands(12_345_678) == "1234.5678"


def test_working_days_skip_weekends_and_fixed_holidays() -> None:
    assert working_day(date(2025, 3, 8)) == date(2025, 3, 10)
    assert working_day(date(2025, 10, 1)) == date(2025, 10, 9)
    assert working_day(date(2025, 3, 10)) == date(2025, 3, 10)
