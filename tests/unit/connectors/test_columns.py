"""What columns hold, and rows that stand in other columns than they should."""

import pytest

from ingest.connectors.sheets.columns import heading_kind, kinds_of, misfit, shifted_line


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("序号", "ordinal"),
        ("子序号", "ordinal"),
        ("预算金额(万元)", "money"),
        ("金额", "money"),
        ("预计采购时间（填写到月）", "date"),
        ("发布 时间", "date"),
        ("拟面向中小企业预留", "yes-no"),
        ("是否面向中小企业", "yes-no"),
        ("Link", "link"),
        ("采购项目名称", "text"),
        ("预算编制单位", "text"),
        ("综合评价", "text"),
        ("服务时间", "text"),
        ("面向中小企业预留比例（%）", "text"),
        ("", "text"),
        ("金" * 100_000 + "额", "text"),
    ],
)
def test_a_heading_says_what_its_column_holds(heading: str, kind: str) -> None:
    assert heading_kind(heading) == kind


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("是", "yes-no"),
        ("2026年03月", "date"),
        ("2026-01-30 09:07:01", "date"),
        ("20260130090701", "date"),
        ("202603", "date"),
        ("11.200000", "money"),
        ("1,234.5万元", "money"),
        ("98", "money"),
        ("98", "ordinal"),
        ("１２", "ordinal"),
        ("http://a.example/b", "link"),
        ("面议", "text"),
    ],
)
def test_a_value_shows_what_it_may_be(value: str, kind: str) -> None:
    assert kind in kinds_of(value)


def test_nothing_is_nothing() -> None:
    assert kinds_of("　 ") == ()


def shift(*values: str) -> bool | None:
    found = misfit(("ordinal", "text", "money", "yes-no", "date"), values)
    return None if found is None else found.shifted


def test_rows_are_told_from_shifted_ones() -> None:
    assert shift("1", "甲", "12.5", "是", "2026年3月") is None
    assert shift("1", "甲", "", "", "") is None
    assert shift("甲", "12.5", "是", "2026年3月", "") is True
    assert shift("", "1", "甲", "12.5", "是", "2026年3月") is True
    assert shift("1", "甲", "是", "", "") is True
    assert shift("1", "甲", "面议", "是", "2026年3月") is False
    assert shift("1", "甲", "12.5", "是", "2026年3月", "多出") is True


def test_a_table_of_another_kind_is_left_alone() -> None:
    text = "采购人\t某单位\n联系人\t张某\n是\t否\n" + "甲\t1\n" * 5_000
    assert shifted_line(text) is None


def test_two_tables_with_headings_are_two_tables() -> None:
    first = "序号\t名称\t预算金额\t是否预留\t预计时间\n1\t甲\t1.5\t是\t2026年3月"
    second = "名称\t预算金额\t是否预留\t预计时间\n甲\t1.5\t是\t2026年3月"
    assert shifted_line(f"{first}\n{second}") is None
    assert shifted_line(f"{first}\n{second.splitlines()[1]}") is not None
