"""Finding and masking personal data, by example. All numbers are made up."""

import pytest

from classifiers.personal_data import PersonalKind, detect, mask

ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"身份证号码：{ID}。", "身份证号码：110***********002X。"),
        ("证件号 110105491231002", "证件号 110********1002"),
        ("联系电话：13812345678", "联系电话：138****5678"),
        ("手机 138-1234-5678 或 +8613912345678", "手机 138******5678 或 +86139****5678"),
        ("008613812345678", "0086138****5678"),
        ("电话１３８１２３４５６７８", "电话１３８****５６７８"),
        ("开户行：某某银行，账号：3700 1612 3456 7890 123", "开户行：某某银行，账号：******************* 123"),
        ("邮箱：abc.def@example.com", "邮箱：a******@example.com"),
        ("邮箱：x@example.com", "邮箱：*@example.com"),
        ("卡 6222021234567890128", "卡 ***************0128"),
    ],
)
def test_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "招标代理电话：0531-88123456，传真0531-88123457",
        "服务热线：400-123-4567",
        "统一社会信用代码：12350100MB02709751",
        "统一交易标识码：D03-12350100MB02709751-20200319-102642-5",
        "项目编号：370102202503000123",
        "标段编号：E3701000123456789001001",
        "中标价（元）：13812345678.25",
        "投资13800000000元",
        "开标时间：2025-03-24 09:30:00，流水号20250324093000",
        "开户日期2025-03-24 12:30",
        "身份证明材料一份",
        "联系人：某先生，项目负责人：某女士",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert detect(text) == ()
    assert mask(text).text == text


GROUPED = ("139{0}1234{0}5678", "139{0}12345678", "1391234{0}5678", "1391{0}234{0}5678")
BETWEEN = (" ", "\u00a0", "\u3000", "\u200b", "-", "–", "—", "－", ".", "/", "\n", "\r\n", " -", ")", "）")


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("grouped", GROUPED)
def test_a_mobile_number_is_found_however_it_is_grouped(grouped: str, between: str) -> None:
    number = grouped.format(between)
    for text in (number, f"电话：{number}", f"（{number}"):
        (span,) = detect(text)
        assert (span.kind, text[span.start : span.end]) == (PersonalKind.MOBILE, number)
        assert mask(text).text.endswith("139" + "*" * (len(number) - 7) + "5678")


@pytest.mark.parametrize("between", BETWEEN)
def test_an_identity_number_is_found_however_it_is_grouped(between: str) -> None:
    for groups in (("110105", "19491231", "002X"), ("110105", "1949", "12", "31", "002", "X")):
        number = between.join(groups)
        (span,) = detect(f"甲{number}乙")
        assert (span.kind, span.start, span.end) == (PersonalKind.ID_CARD, 1, 1 + len(number))


def test_behind_a_label_a_number_may_be_cut_anywhere() -> None:
    assert [span.kind for span in detect("身份证号：1101 0519491 2310 021")] == [PersonalKind.ID_CARD]
    assert [span.kind for span in detect("手机：13 81 23 45 678")] == [PersonalKind.MOBILE]
    assert detect("身份证有效期：2016.05.06-2036.05.06") == ()


@pytest.mark.parametrize("after", [".2.报名方式", ".25", "元", " 万元"])
def test_what_looks_like_an_amount_is_a_mobile_number_behind_a_label(after: str) -> None:
    assert mask(f"联系电话（项目）：13812345678{after}").text == f"联系电话（项目）：138****5678{after}"
    assert detect(f"投标报价：13812345678{after}") == ()


def test_columns_of_numbers_are_no_mobile_number() -> None:
    assert detect("序号\t139\t12.5\t1200\n140\t1234.5\t567") == ()


def test_a_wrong_check_character_is_only_masked_behind_a_label() -> None:
    wrong = "110105194912310021"
    assert detect(f"编号{wrong}") == ()
    assert [span.kind for span in detect(f"身份证{wrong}")] == [PersonalKind.ID_CARD]


def test_spans_tell_place_and_kind_and_never_the_text() -> None:
    text = f"甲 {ID} 乙 13812345678"
    found = mask(text).found
    assert [(span.kind, text[span.start : span.end]) for span in found] == [
        (PersonalKind.ID_CARD, ID),
        (PersonalKind.MOBILE, "13812345678"),
    ]
    assert ID not in repr(found)
    assert "13812345678" not in repr(found)


def test_two_accounts_behind_one_label_are_both_masked() -> None:
    masked = mask("账号：6200123412341234 6200567856785678").text
    assert detect(masked) == ()
    assert "123412341234" not in masked


def test_a_long_hostile_text_is_read_in_linear_time() -> None:
    assert mask("a" * 200_000 + "@").found == ()
    assert mask("账号" * 50_000).found == ()
    assert mask("1 " * 50_000).found == ()
    assert mask("1" + " -" * 50_000).found == ()
    assert mask("身份证1 " * 20_000).found == ()
