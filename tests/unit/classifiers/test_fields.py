"""Fields: given codes first, then the body's labels, then the title, each with its origin."""

from datetime import UTC, datetime

import pytest

from classifiers.fields import CHINA, parse_moment, read_fields
from classifiers.types import Evidence, FieldValue

DEAL = "A02-12370100MB00000001-20250301-093000-1"
SECTION = "A3701000123456789001002"


def test_given_values_win_and_lists_are_taken_apart() -> None:
    fields = read_fields(
        Evidence(
            id="t",
            title="某某路工程招标公告",
            body="项目名称：另一个名称\n项目编号：OTHER-001",
            project_code="P-001",
            project_name="某某路工程",
            section_codes=("S1;S2", "S3；S1"),
            section_names=("一标段",),
            unified_deal_code=DEAL,
            region="370100",
            published=datetime(2025, 3, 1, tzinfo=UTC),
        )
    )
    assert fields.project_name == FieldValue("某某路工程", "given", 1.0)
    assert fields.project_code == FieldValue("P-001", "given", 1.0)
    assert [code.value for code in fields.section_codes] == ["S1", "S2", "S3"]
    assert [name.value for name in fields.section_names] == ["一标段"]
    assert fields.unified_deal_code == FieldValue(DEAL, "given", 1.0)
    assert fields.region == FieldValue("370100", "given", 1.0)
    assert fields.published is not None
    assert (fields.published.value, fields.published.origin) == (datetime(2025, 3, 1, tzinfo=UTC), "given")


@pytest.mark.parametrize(
    "body",
    [
        "一、项目名称：某某路改造工程\n二、项目编号：SDGP-2025-0001\n标段（包）编号：E0001-001\n公告发布日期：2025-03-24",
        "工程名称 |\n某某路改造工程\n|\n招标编号： SDGP-2025-0001\n标段(包)编号:\nE0001-001\n发布时间：2025年3月24日",
        "1、采购项目名称：某某路改造工程；2、采购编号：SDGP-2025-0001，标段编号:E0001-001 公示日期：2025/3/24",
    ],
)
def test_labels_of_the_body_in_their_various_dress(body: str) -> None:
    fields = read_fields(Evidence(id="t", title="某某公告", body=body))
    assert fields.project_name == FieldValue("某某路改造工程", "body", 0.8)
    assert fields.project_code == FieldValue("SDGP-2025-0001", "body", 0.8)
    assert [code.value for code in fields.section_codes] == ["E0001-001"]
    assert fields.published is not None
    assert fields.published.value == datetime(2025, 3, 24, tzinfo=CHINA)
    assert fields.project_key == "某某路改造工程"


def test_the_title_is_the_last_resort() -> None:
    fields = read_fields(Evidence(id="t", title="[某某县]某某路工程（一标段）中标结果公告（二次）"))
    assert fields.project_name == FieldValue("某某路工程(一标段)", "title", 0.5)
    assert fields.project_key == "某某路工程"
    assert [(name.value, name.origin) for name in fields.section_names] == [("一标段", "title")]
    assert fields.region == FieldValue("某某县", "title", 0.6)
    assert (fields.project_code, fields.unified_deal_code, fields.published) == (None, None, None)


def test_codes_are_parts_of_longer_codes() -> None:
    fields = read_fields(Evidence(id="t", section_codes=(SECTION,)))
    assert fields.tender_project_code == FieldValue(SECTION[:20], "code", 0.6)
    assert fields.project_code == FieldValue(SECTION[:17], "code", 0.6)
    assert fields.region == FieldValue("370100", "code", 0.8)


def test_a_unified_trading_code_is_found_in_the_body() -> None:
    fields = read_fields(Evidence(id="t", body=f"统一交易标识码{DEAL}。"))
    assert fields.unified_deal_code == FieldValue(DEAL, "body", 0.8)


def test_placeholders_are_no_codes() -> None:
    fields = read_fields(Evidence(id="t", project_code="A999999999999999", body="项目编号：/\n采购编号：000000000000"))
    assert fields.project_code is None


def test_nothing_known_gives_nothing() -> None:
    fields = read_fields(Evidence(id="t"))
    assert (fields.project_name, fields.project_key, fields.section_codes) == (None, "", ())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-24 09:30:05", datetime(2025, 3, 24, 9, 30, 5, tzinfo=CHINA)),
        ("2025年3月4日9时05分", datetime(2025, 3, 4, 9, 5, tzinfo=CHINA)),
        ("自2025.3.4起", datetime(2025, 3, 4, tzinfo=CHINA)),
        ("2025-02-30", None),
        ("明天", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    assert parse_moment(text) == moment


def test_a_hostile_body_is_read_in_linear_time() -> None:
    assert read_fields(Evidence(id="t", body="项目名称" + " " * 200_000)).project_name is None
    assert read_fields(Evidence(id="t", body="项目名称：" * 50_000)).project_code is None
