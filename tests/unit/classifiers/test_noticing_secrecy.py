"""Marks of secrecy, told from the same words in sentences and tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.noticing import Notice, notice
from classifiers.secrecy import secrecy_marks

BODY = "关于印发管理办法的通知\n各有关单位：\n现将有关事项通知如下。\n" * 5


def grades(text: str) -> list[str]:
    return [mark.grade for mark in secrecy_marks(text)]


MARKS = [
    ("机密★10年", "机密"),
    ("绝密★30年", "绝密"),
    ("秘密★长期", "秘密"),
    ("绝密★启用前", "绝密"),
    ("机密★", "机密"),
    ("机密☆5年", "机密"),
    ("机密 ★ １０年", "机密"),
    ("机　密★1年", "机密"),
    ("机密★6个月", "机密"),
    ("秘密★2030年12月31日", "秘密"),
    ("000012 机密★10年", "机密"),
    ("机密★10年    特急", "机密"),
    ("【秘密★5年】", "秘密"),
    ("秘密级", "秘密"),
    ("机密级★10年", "机密"),
    ("（机密级）", "机密"),
    ("秘密 5年", "秘密"),
    ("机密文件", "机密"),
    ("密级：机密", "机密"),
    ("密 级：秘密级", "秘密"),
    ("密级:绝密 保密期限：30年", "绝密"),
    ("密级和保密期限：机密★10年", "机密"),
    ("密级：内部", "内部"),
    ("编号：ZB-001    密级：秘密", "秘密"),
    ("档号：0001\u3000密级：机密★1年", "机密"),
    ("密级\t秘密", "秘密"),
    ("份号\t000001\t密级\t机密\t缓急\t特急", "机密"),
    ("内部资料", "内部"),
    ("内部资料 注意保存", "内部"),
    ("内部资料，严禁外传！", "内部"),
    ("内部文件 不得外传", "内部"),
    ("内部使用", "内部"),
    ("内部★3年", "内部"),
]

NO_MARKS = [
    "投标人应当保守商业秘密，不得泄露国家秘密。",
    "秘密级测绘成果的使用应当经过批准",
    "机密性、完整性和可用性",
    "机密计算服务采购项目",
    "绝密配方由投标人自行保管",
    "商业秘密★投标人须承诺保密",
    "★商业秘密",
    "秘密★投标人不得转包",
    "保密协议",
    "涉密人员保密承诺书",
    "具有国家秘密载体印制甲级资质",
    "内部控制制度",
    "内部资料齐全，装订整齐",
    "内部文件管理系统采购",
    "内部",
    "密级：□绝密 □机密 □秘密",
    "密级：公开",
    "密级\t公开",
    "密级\t绝密\t机密\t秘密",
    "题名\t密级\t保管期限",
    "文件应当注明密级：秘密",
    "密级：秘密级以上",
    "密级：机密/秘密/内部",
    "绝密、机密、秘密三级",
    "请按“机密★10年”的样式标注",
]


@pytest.mark.parametrize(("mark", "grade"), MARKS)
def test_a_mark_is_found_at_the_head_and_on_a_later_page(mark: str, grade: str) -> None:
    assert grades(f"{mark}\n{BODY}") == [grade]
    assert grades(f"{BODY}{mark}\n{BODY}") == [grade]
    assert grades(f"{BODY}\r\n  {mark}\r\n{BODY}") == [grade]


@pytest.mark.parametrize("text", NO_MARKS)
def test_words_in_running_text_are_no_mark(text: str) -> None:
    assert grades(f"{text}\n{BODY}") == []
    assert grades(f"{BODY}{text}\n{BODY}") == []
    assert grades(f"{BODY}本项目要求：{text}\n{BODY}") == []


@pytest.mark.parametrize("grade", ["绝密", "机密", "秘密"])
def test_a_grade_alone_counts_at_the_head_or_by_itself(grade: str) -> None:
    assert grades(f"\n{grade}\n{BODY}") == [grade]
    assert grades(f"{BODY}\n{grade}\n\n{BODY}") == [grade]
    assert grades(f"{BODY}不得泄露国家\n{grade}\n或者商业\n秘密\n{BODY}") == []


@given(st.sampled_from(MARKS), st.integers(0, 5), st.text(st.sampled_from("甲乙丙，。 \n1"), max_size=200))
def test_the_place_is_that_of_the_grade(mark: tuple[str, str], lines: int, after: str) -> None:
    text = BODY * lines + mark[0] + "\n" + after
    [found] = secrecy_marks(text)
    assert found.place >= len(BODY) * lines
    assert "".join(text[found.place : found.place + 4].split()).startswith(mark[1])


def test_marks_are_counted_by_grade_the_highest_first() -> None:
    found = [each for each in notice("秘密★5年\n机密★10年\n秘密★5年\n") if each.kind is Notice.SECRECY_MARK]
    assert [(each.grade, each.count, each.places) for each in found] == [("机密", 1, (6,)), ("秘密", 2, (0, 13))]
