"""What masking promises for every text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from classifiers.personal_data import detect, mask

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@st.composite
def identities(draw: st.DrawFn) -> str:
    """A made-up identity number with a right check character."""
    region = draw(st.integers(110101, 659099))
    year, month, day = draw(st.integers(1940, 2007)), draw(st.integers(1, 12)), draw(st.integers(1, 28))
    body = f"{region}{year}{month:02}{day:02}{draw(st.integers(0, 999)):03}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True)) % 11]
    return body + draw(st.sampled_from([check, check.lower()]))


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
GAPS = st.text(alphabet=" \t\n\u00a0\u3000\u200b-–—－./()（）", max_size=2)
ACCOUNTS = st.from_regex(r"账号[:： ]{0,2}[0-9]{12,19}", fullmatch=True)
MAILS = st.from_regex(r"[a-z0-9.]{1,12}@[a-z]{2,8}\.(?:com|cn)", fullmatch=True)
GROUPED = st.builds(lambda number, a, b: f"{number[:3]}{a}{number[3:7]}{b}{number[7:]}", MOBILES, GAPS, GAPS)
PERSONAL = st.one_of(identities(), MOBILES, GROUPED, ACCOUNTS, MAILS)
WORDS = st.text(alphabet="招标公告联系人电话：，。\n()（） -+*@.xX0123456789１２３abc身份证账号开户", max_size=30)
NOTICES = st.lists(st.one_of(PERSONAL, WORDS), max_size=8).map("".join)


@given(NOTICES)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)
    again = mask(once.text)
    assert again.text == once.text
    assert again.found == ()


@given(NOTICES)
def test_a_masked_text_holds_nothing_to_find(text: str) -> None:
    assert detect(mask(text).text) == ()


@given(NOTICES)
def test_length_and_everything_outside_the_spans_stay(text: str) -> None:
    masked = mask(text)
    assert len(masked.text) == len(text)
    inside = {place for span in masked.found for place in range(span.start, span.end)}
    for place, (before, after) in enumerate(zip(text, masked.text, strict=True)):
        assert after == before or (after == "*" and place in inside)


@given(st.text(alphabet=st.characters(exclude_categories=["Nd"], exclude_characters="@＠"), max_size=200))
def test_a_text_without_numbers_and_addresses_is_unchanged(text: str) -> None:
    assert mask(text).text == text


@given(identities(), WORDS.map(lambda text: re.sub(r"[0-9１２３]", "", text)))
def test_an_identity_number_never_survives(number: str, around: str) -> None:
    assert number not in mask(around + number + around).text


@given(identities(), GAPS, GAPS)
def test_a_grouped_identity_number_never_survives(number: str, first: str, second: str) -> None:
    grouped = number[:6] + first + number[6:14] + second + number[14:]
    masked = mask(f"甲{grouped}乙").text
    assert masked[4:-5] == "*" * (len(grouped) - 7)


@given(GROUPED)
def test_a_grouped_mobile_number_never_survives(number: str) -> None:
    assert mask(f"甲{number}乙").text[4:-5] == "*" * (len(number) - 7)


@given(MOBILES, WORDS.map(lambda text: re.sub(r"[0-9１２３]", "", text)))
def test_a_mobile_number_never_survives(number: str, around: str) -> None:
    masked = mask(f"{around} {number}，{around}").text
    assert number not in masked
    assert number[:3] + "****" + number[7:] in masked or "*" * 4 in masked
