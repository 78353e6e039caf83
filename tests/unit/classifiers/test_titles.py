"""Titles: rounds, regions, sections and the key that joins the notices of one project."""

import pytest

from classifiers.titles import project_key, project_name, read_title, section_marks
from classifiers.types import Rounds


@pytest.mark.parametrize(
    ("title", "rounds"),
    [
        ("某某路工程招标公告", Rounds()),
        ("某某路工程招标公告（二次）", Rounds(tender=2)),
        ("某某路工程(第三次)招标公告", Rounds(tender=3)),
        ("某某路工程第2次招标公告", Rounds(tender=2)),
        ("某某路工程二次公告", Rounds(tender=2)),
        ("某某路工程重新招标公告", Rounds(tender=2)),
        ("某某路工程[重发公告第1次]", Rounds(republication=1)),
        ("某某路工程中标候选人公示第2次公示", Rounds(republication=1)),
        ("某某路工程更正公告（第一次）", Rounds(correction=1)),
        ("某某路工程[变更公告:第 2次]", Rounds(correction=2)),
        ("某某路工程[第1次变更]", Rounds(correction=1)),
        ("某某路工程（二次）更正公告（第一次）", Rounds(tender=2, correction=1)),
        ("某某二次供水改造工程招标公告", Rounds()),
        ("一次性耗材采购公告", Rounds()),
        ("第四次全国普查宣传品采购公告", Rounds()),
    ],
)
def test_rounds(title: str, rounds: Rounds) -> None:
    assert read_title(title).rounds == rounds


@pytest.mark.parametrize(
    ("title", "region"),
    [
        ("[某某县]某某路工程", "某某县"),
        ("【某某市本级】某某路工程", "某某市本级"),
        ("[国企采购]某某", ""),
        ("某某路", ""),
    ],
)
def test_the_region_of_a_leading_bracket(title: str, region: str) -> None:
    assert read_title(title).region == region


@pytest.mark.parametrize(
    ("title", "marks"),
    [
        ("某某路工程一标段施工招标公告", ("一标段",)),
        ("某某路工程(第2标段)招标公告", ("第2标段",)),
        ("某某设备采购A包、B包中标公告", ("A包", "B包")),
        ("某某路工程标段三", ("标段三",)),
        ("某某园区一标准厂房工程", ()),
        ("某某路工程", ()),
    ],
)
def test_sections_named_in_a_title(title: str, marks: tuple[str, ...]) -> None:
    assert section_marks(title) == marks


def test_the_notices_of_one_project_get_one_key() -> None:
    titles = [
        "某某路改造工程（一标段）施工招标公告",
        "[某某县]某某路改造工程一标段施工中标候选人公示第2次公示",
        "某某路改造工程(二标段)施工 中标结果公告",
        "关于某某路改造工程施工的更正公告（第一次）",
        "某某路改造工程施工",
    ]
    assert {project_key(title) for title in titles} == {"某某路改造工程施工"}


def test_different_projects_keep_different_keys() -> None:
    assert project_key("某某路一期工程招标公告") != project_key("某某路二期工程招标公告")
    assert project_key("某某二次供水工程招标公告") != project_key("某某供水工程招标公告")


def test_brackets_width_and_case_do_not_matter() -> None:
    assert project_key("某某ＥＰＣ（总承包）招标公告") == project_key("某某epc(总承包)中标公告")


def test_a_readable_name_keeps_the_section_and_loses_the_type() -> None:
    assert project_name("[某某县]某某路工程（一标段）中标结果公告（二次）") == "某某路工程(一标段)"


@pytest.mark.parametrize("title", ["", "招标公告", "（二次）", "[]", "公告" * 5_000])
def test_a_title_without_a_project_gives_an_empty_key(title: str) -> None:
    assert project_key(title) == ""
