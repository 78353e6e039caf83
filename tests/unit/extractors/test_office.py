import io
from datetime import UTC, date, datetime, time

import docx
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from archive.errors import InvalidInput
from ingest.extractors.port import Extraction, Limits
from ingest.extractors.sheet import SheetExtractor
from ingest.extractors.word import WordExtractor
from tests.unit.extractors import documents


def word(content: bytes) -> Extraction:
    return WordExtractor().extract(io.BytesIO(content), Limits())


def sheet(content: bytes, limits: Limits | None = None) -> Extraction:
    return SheetExtractor().extract(io.BytesIO(content), limits or Limits())


def changed(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    parts = documents.unzipped(content)
    assert old in parts[part]
    return documents.zipped({**parts, part: parts[part].replace(old, new)})


def test_headers_body_tables_and_footers_in_reading_order() -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.sections[0].footer.paragraphs[0].text = "页脚"
    document.add_paragraph("表前")
    table = document.add_table(rows=2, cols=2)
    for number, value in enumerate(("名称", "金额", "甲", "12.50")):
        table.cell(number // 2, number % 2).text = value
    document.add_paragraph("表后")
    target = io.BytesIO()
    document.save(target)
    assert word(target.getvalue()).text == "页眉\n表前\n名称\t金额\n甲\t12.50\n表后\n页脚"


def test_deleted_text_and_fallbacks_are_left_out() -> None:
    inserted = (
        "云岭市</w:t></w:r><w:del><w:r><w:delText>旧</w:delText><w:t>也旧</w:t></w:r></w:del>"
        "<w:Fallback><w:t>重复</w:t></w:Fallback><w:r><w:t>交易"
    )
    content = changed(documents.docx_file(), "word/document.xml", "云岭市交易".encode(), inserted.encode())
    assert word(content).text.splitlines()[0] == documents.LINES[0]


def test_properties_are_read() -> None:
    assert word(documents.docx_file()).metadata["title"] == documents.LINES[0]


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><w>&b;</w>'
    content = documents.zipped({**documents.unzipped(documents.docx_file()), "word/document.xml": bomb})
    with pytest.raises(InvalidInput) as caught:
        word(content)
    assert caught.value.code == "file-damaged"


def test_a_file_named_by_an_entity_is_not_read() -> None:
    entity = b'<!DOCTYPE c [<!ENTITY e SYSTEM "file:///etc/passwd">]><cp xmlns:d="d"><d:title>&e;</d:title></cp>'
    content = documents.zipped({**documents.unzipped(documents.docx_file()), "docProps/core.xml": entity})
    with pytest.raises(InvalidInput) as caught:
        word(content)
    assert caught.value.code == "file-damaged"


def test_a_missing_main_part_is_damage() -> None:
    parts = documents.unzipped(documents.docx_file())
    del parts["word/document.xml"]
    with pytest.raises(InvalidInput) as caught:
        word(documents.zipped(parts))
    assert caught.value.code == "file-damaged"


def test_cells_keep_their_types() -> None:
    rows = [
        ("日期", "金额", "时刻", "整数", "真假"),
        (date(2031, 3, 1), 1234.5, time(9, 30), 7, True),
        (datetime(2031, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None), -0.25, "文字", 10**15, False),
    ]
    assert sheet(documents.xlsx(rows)).text.splitlines() == [
        "Sheet",
        "日期\t金额\t时刻\t整数\t真假",
        "2031-03-01\t1234.5\t09:30:00\t7\tTRUE",
        "2031-03-01 09:30:00\t-0.25\t文字\t1000000000000000.0\tFALSE",
    ]


@pytest.mark.parametrize("serial", [1, 59, 61, 25569, 45000, 45000.75, 2958465])
@pytest.mark.parametrize(
    "code", ["yyyy-mm-dd", "yyyy/m/d h:mm", '[$-804]yyyy"年"m"月"d"日"', "[red]0.00", "General", "0_ "]
)
def test_a_second_reader_sees_the_same_dates(serial: float, code: str) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    cell = page.cell(1, 1, serial)
    cell.number_format = code
    target = io.BytesIO()
    book.save(target)
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(target.getvalue())).get_sheet_by_index(0).to_python()[0][0]
    ours = sheet(target.getvalue()).text.splitlines()[1]
    if isinstance(theirs, datetime):
        assert ours in {theirs.date().isoformat(), theirs.isoformat(sep=" ")}
    elif isinstance(theirs, date):
        assert ours == theirs.isoformat()
    else:
        assert float(ours) == theirs


def test_two_cells_in_opposite_corners_cost_nothing() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page["A1"], page["XFD1048576"] = "首", "尾"
    target = io.BytesIO()
    book.save(target)
    assert sheet(target.getvalue()).text == "Sheet\n首\n尾"


def _varied(length: int) -> str:
    return "".join(chr(0x4E00 + number * number * 7_919 % 20_000) for number in range(length))


def test_a_limit_on_cells_is_told() -> None:
    found = sheet(documents.xlsx([(1, 2, 3), (4, 5, 6)]), Limits(cells=4))
    assert found.text.endswith("1\t2\t3\n4")
    assert not found.complete


def test_a_long_string_used_often_stays_within_the_limit() -> None:
    content = documents.xlsx([(_varied(30_000),)] * 20)
    found = sheet(content, Limits(characters=100_000))
    assert len(found.text) <= 100_000
    assert "text-cut" in found.warnings


def test_sheets_that_point_nowhere_are_damage() -> None:
    content = changed(documents.xlsx(), "xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet9.xml")
    with pytest.raises(InvalidInput) as caught:
        sheet(content)
    assert caught.value.code == "file-damaged"
