from collections.abc import Sequence
from datetime import UTC
from importlib import resources
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from ingest.push.codes import is_credit_code, is_deal_checked, parts
from ingest.push.envelope import read_envelope, shape_of
from ingest.push.files import relative_path
from ingest.push.hardened import decode
from ingest.push.page import page_of
from ingest.push.tables import own_tables, read_tables
from ingest.push.types import Judged, Shape
from ingest.push.validation import judge
from tests import push_messages as messages

TABLES = own_tables()


def judged(number: str, given: Sequence[tuple[str, str]], operation: str = "1") -> Judged:
    raw = messages.xml(number, "k1", given, operation)
    return judge(read_envelope(raw, shape_of(raw)), TABLES, UTC)


def said(found: Judged) -> set[tuple[str, str, bool]]:
    return {(problem.field, problem.code, problem.refuses) for problem in found.problems}


def renamed(given: messages.Given, old: str, new: str) -> messages.Given:
    return [(new if name == old else name, value) for name, value in given]


def test_the_tables_are_the_specification_in_its_own_order() -> None:
    assert (len(TABLES.sets), sum(bool(one.fields) for one in TABLES.sets.values())) == (126, 104)
    assert sum(len(one.fields) for one in TABLES.sets.values()) == 1950
    assert [field.name for field in TABLES.sets["500"].fields][:3] == ["PROJECT_CODE", "PROJECT_NAME", "REGION_CODE"]


def test_parents_are_data_sets_with_the_field_that_is_asked_for() -> None:
    for data_set in TABLES.sets.values():
        for parent in data_set.parents:
            assert parent.field == TABLES.sets[parent.number].known_by
            assert parent.field in {field.name for field in TABLES.sets[parent.number].fields}
            assert not data_set.fields or parent.own in {field.name for field in data_set.fields}


def test_a_field_that_the_specification_names_twice_is_two_fields() -> None:
    found = judged("212", messages.valid("212"))
    assert found.refusing == ()
    assert found.values["DATA_TIMESTAMP"] == messages.MOMENT
    assert found.values["PUB_SERVICE_PLAT_CODE"] == messages.CREDIT_CODE
    rightly = [*messages.valid("212")[:-2], ("PUB_SERVICE_PLAT_CODE", messages.CREDIT_CODE)]
    rightly.append(("DATA_TIMESTAMP", messages.MOMENT))
    assert judged("212", rightly).values == found.values


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        ("510", "PRICE_UINT", "PRICE_UNIT"),
        ("507", "PRICE_UNIT", "PRICE_UINT"),
        ("517", "EXCEPITON_TYPE", "EXCEPTION_TYPE"),
        ("502", "BID_ECTION_NUM", "BID_SECTION_NUM"),
    ],
)
def test_a_misspelt_name_is_read_as_the_one_that_is_meant(number: str, old: str, new: str) -> None:
    given = renamed(messages.valid(number), old, new)
    assert judged(number, given).values[old] == dict(given)[new]
    both = judged(number, [*messages.valid(number), (new, "1")])
    assert (new, "push-field-repeated", True) in said(both)


def test_a_name_with_spaces_or_in_small_letters_is_understood() -> None:
    raw = messages.json_of("507", "k1", dict(renamed(messages.valid("507"), "IS_COMMIT_MARGIN", "is_Commit_ margin")))
    found = judge(read_envelope(raw, shape_of(raw)), TABLES, UTC)
    assert found.refusing == ()
    assert found.values["IS_COMMIT_MARGIN"] == "0"


@pytest.mark.parametrize(
    ("number", "field", "value", "code"),
    [
        ("507", "PRICE_UNIT", "万元", "push-choice-in-words"),
        ("503", "NOTICE_NATURE", "4", "push-choice-unusual"),
        ("500", "PROJECT_CODE", "A999999999999999", "push-placeholder"),
        ("500", "PLATFORM_CODE", "91350000MA347WHE4X", "push-credit-code"),
        ("503", "BID_SECTION_CODES", "一；二", "push-section-code"),
        ("1801", "TRADE_DATE", "2026-05-20", "push-date-form"),
    ],
)
def test_what_is_dirty_is_taken_and_remarked_on(number: str, field: str, value: str, code: str) -> None:
    found = judged(number, messages.valid(number, **{field: value}))
    assert found.refusing == ()
    assert (field, code, False) in said(found)
    assert found.values[field] == value


def test_a_deletion_needs_only_its_key() -> None:
    assert judged("503", [], operation="3").refusing == ()


def test_a_field_that_nobody_knows_is_remarked_on_and_left_in_the_envelope() -> None:
    found = judged("500", [*messages.valid("500"), ("MY_OWN", "1")])
    assert found.refusing == ()
    assert ("MY_OWN", "push-field-unknown", False) in said(found)


def test_a_data_set_without_known_fields_keeps_what_comes() -> None:
    found = judged("9018", [("NOTICE_NO", "1"), ("TENDER_PROJECT_CODE", "T1")])
    assert (found.refusing, found.values["NOTICE_NO"]) == ((), "1")
    assert b"NOTICE_NO" in page_of(found.data_set, found.values, TABLES)


def test_the_page_shows_what_is_disclosed_by_its_chinese_name_and_nothing_else() -> None:
    given = messages.valid("1801", ANNOUNCEMENT_CONNECT="<p>一 &lt;b&gt;</p><script>x()</script><p>二</p>")
    page = page_of(TABLES.sets["1801"], judged("1801", given).values, TABLES).decode()
    assert "<th>项目名称</th>" in page
    assert "<td>一 &lt;b&gt;<br>二</td>" in page
    assert "script" not in page
    assert "交易系统标识码" not in page
    government = page_of(TABLES.sets["302"], judged("302", messages.valid("302")).values, TABLES).decode()
    assert "<th>主体名称</th>" in government


def test_a_list_of_codes_is_taken_apart() -> None:
    assert parts("a；b; a ;;c") == ("a", "b", "c")


def test_codes_are_checked_by_their_last_character() -> None:
    assert is_credit_code("91350000MA347WHE48")
    assert not is_credit_code("91350000MA347WHE49")
    assert not is_credit_code("O" * 18)
    assert not is_deal_checked("D03-12350100MB02709751-20200319-102642-5")
    checks = [
        is_deal_checked(f"D03-12350100MB02709751-20200319-102642-{last}")
        for last in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
    ]
    assert sum(checks) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_envelope_is_read_whatever_it_declares_itself_to_be(encoding: str) -> None:
    raw = messages.xml("500", "k1", messages.valid("500", PROJECT_NAME="长江路")).replace(b"UTF-8", b"GBK")
    message = read_envelope(raw.decode().encode(encoding), Shape.GENERAL_XML)
    assert dict(message.given)["PROJECT_NAME"] == "长江路"


def test_half_a_character_in_json_is_replaced_and_told() -> None:
    found = read_envelope(messages.json_of("500", "k1", {"A": "x"}).replace(b"x", b"\\ud800"), Shape.GENERAL_JSON)
    assert (found.cleaned, found.given) == (True, (("A", "\ufffd"),))


def test_markup_that_stands_unescaped_in_a_field_is_part_of_it() -> None:
    raw = b"<DES><TITLE/><CONTEXT><A>x<p>y</p>z</A></CONTEXT></DES>"
    assert read_envelope(raw, Shape.GENERAL_XML).given == (("A", "x<p>y</p>z"),)


def test_what_is_too_large_is_not_decoded() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(bytes(10 << 20))
    assert refused.value.code == "push-too-large"


@pytest.mark.parametrize(
    ("written", "path"),
    [("/S001/a.pdf", "S001/a.pdf"), ("a\\b.pdf", "a/b.pdf"), ("./a//b", "a/b"), ("..", None), ("a/../b", None)],
)
def test_a_path_stays_below_the_senders_folder(written: str, path: str | None) -> None:
    assert relative_path(written) == path


def test_tables_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    own = resources.files("ingest.push") / "data" / "v2"
    for file in own.iterdir():
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_tables(tmp_path) == TABLES
    (tmp_path / "aliases.csv").write_text("data_no,written,occurrence,field,why\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_tables(tmp_path)
    assert refused.value.code == "push-tables-unreadable"
