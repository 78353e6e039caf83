"""What is noticed of personal numbers, by example, by law, and within what time. All numbers are made up."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.noticing import Notice, Noticed, notice

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID = "11010519491231002X"
CARD = "6222021234567890128"

# Anything but digits and letters, and nothing that says what a number beside it is.
AROUND = st.text(st.sampled_from(" \n\t，。；：、“”（）()[]|/★-甲乙丙丁人的了在附件公告姓名\u00a0\u3000"), max_size=60)


def counts(text: str) -> dict[str, int]:
    return {each.kind.value: each.count for each in notice(text)}


def check_character(seventeen: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(seventeen, WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    region = draw(st.integers(110000, 659999))
    born = draw(st.dates()).replace(year=draw(st.integers(1900, 2026)), day=draw(st.integers(1, 28)))
    seventeen = f"{region}{born:%Y%m%d}{draw(st.integers(0, 999)):03}"
    return seventeen + check_character(seventeen)


@st.composite
def cards(draw: st.DrawFn) -> str:
    start = draw(st.sampled_from("3456")) + draw(st.text("0123456789", min_size=14, max_size=14))
    total = sum(
        sum(divmod(2 * int(digit), 10)) if place % 2 == 0 else int(digit) for place, digit in enumerate(start[::-1])
    )
    return start + str(-total % 10)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"身份证号码：{ID}。", {"identity-number": 1}),
        (f"{ID}、{ID.lower()}", {"identity-number": 2}),
        ("身份证 １１０１０５１９４９１２３１００２Ｘ", {"identity-number": 1}),
        ("110105 19491231 002X", {"identity-number": 1}),
        ("证件号 110105491231002", {"identity-number": 1}),
        ("联系电话：13812345678", {"phone-number": 1}),
        ("13812345678 13912345678", {"phone-number": 2}),
        (f"卡 {CARD}", {"bank-account": 1}),
        ("账号：3700 1612 3456 7890 123", {"bank-account": 1}),
        (f"姓名 {ID} 电话 13812345678", {"identity-number": 1, "phone-number": 1}),
    ],
)
def test_noticed(text: str, found: dict[str, int]) -> None:
    assert counts(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "身份证号码：110105194912310021",
        "证书编号 110105491231002",
        "卡 6222021234567890129",
        "电话：0531-88123456",
        "统一社会信用代码：12350100MB02709751",
        "中标价（元）：13812345678.25",
        "邮箱：name@example.com",
    ],
)
def test_not_noticed(text: str) -> None:
    assert notice(text) == ()


def test_places_are_where_the_numbers_begin() -> None:
    assert notice(f"甲{ID}乙13812345678") == (
        Noticed(Notice.IDENTITY_NUMBER, 1, (1,)),
        Noticed(Notice.PHONE_NUMBER, 1, (20,)),
    )


def test_places_end_at_a_hundred_and_the_count_goes_on() -> None:
    [found] = notice("13812345678，" * 250)
    assert (found.count, len(found.places)) == (250, 100)


@given(AROUND, identity_numbers(), AROUND)
def test_an_identity_number_that_checks_is_found_whatever_surrounds_it(before: str, number: str, after: str) -> None:
    assert notice(before + number + after) == (Noticed(Notice.IDENTITY_NUMBER, 1, (len(before),)),)


@given(AROUND, identity_numbers(), st.integers(1, 10), AROUND)
def test_an_identity_number_that_does_not_check_is_none(before: str, number: str, by: int, after: str) -> None:
    order = "0123456789X"
    wrong = number[:17] + order[(order.index(number[17]) + by) % 11]
    assert Notice.IDENTITY_NUMBER not in {each.kind for each in notice(before + wrong + after)}


@given(AROUND, cards(), AROUND)
def test_a_card_that_checks_is_found_whatever_surrounds_it(before: str, card: str, after: str) -> None:
    assert notice(before + card + after) == (Noticed(Notice.BANK_ACCOUNT, 1, (len(before),)),)


@given(AROUND, cards(), st.integers(1, 9), AROUND)
def test_a_card_that_does_not_check_is_none(before: str, card: str, by: int, after: str) -> None:
    wrong = card[:-1] + str((int(card[-1]) + by) % 10)
    assert notice(before + wrong + after) == ()


@given(AROUND, st.integers(13_000_000_000, 19_999_999_999), AROUND)
def test_a_mobile_number_is_found_whatever_surrounds_it(before: str, number: int, after: str) -> None:
    assert notice(f"{before}{number}{after}") == (Noticed(Notice.PHONE_NUMBER, 1, (len(before),)),)


@given(st.lists(st.sampled_from([ID, CARD, "13812345678"]), max_size=30))
def test_every_one_of_many_is_counted(numbers: list[str]) -> None:
    found = counts("；".join(numbers))
    assert sum(found.values()) == len(numbers)


@given(st.text(st.sampled_from("0123456789Xx 机密★级：账号身份证电话@.-\n"), max_size=300))
def test_nothing_noticed_holds_what_was_noticed(text: str) -> None:
    for each in notice(text):
        assert each.grade in {"", "绝密", "机密", "秘密", "内部"}
        assert all(0 <= place < len(text) for place in each.places)
        assert len(each.places) == min(each.count, 100)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 1_000_000,
        "1 " * 500_000,
        "１" * 1_000_000,
        "账号：" * 330_000,
        "身份证1" * 250_000,
        "1-3-8-" * 160_000,
        f"{ID} " * 50_000,
        "a" * 1_000_000 + "@",
        "x@" + "a." * 500_000,
        " " * 1_000_000,
        "\n" * 1_000_000,
        "机密 " * 330_000,
        "密级：" * 330_000,
        "机密★\n" * 250_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_hostile_text_takes_no_longer_than_another(text: str) -> None:
    started = time.process_time()
    notice(text)
    assert time.process_time() - started < 3
