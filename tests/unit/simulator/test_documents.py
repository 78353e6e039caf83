import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import av
import docx
import pikepdf
import pypdfium2
import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from ingest.simulator.documents.html import write_html
from ingest.simulator.documents.model import Document, Heading, Paragraph, Table, compose
from ingest.simulator.recordings import record
from ingest.simulator.rendering import render

OFD = {"ofd": "http://www.ofdspec.org/2016"}
SAMPLE = Document(
    "清荷区示例工程中标结果公告",
    (
        Heading("一、中标信息"),
        Table((("标段", "中标人", "数量"), ("一标段", "济南澄砚建设集团有限公司", "12"), ("合计",))),
        Paragraph("联系人：闻知远 <a&b>"),
        Paragraph("2025年3月3日", right=True),
    ),
    "20250303093000",
    "清荷区示例中心",
)
LONG = Document("长文", tuple(Paragraph("公共资源交易" * 40) for _ in range(40)), "20250303093000", "某中心")


def test_pdf_opens_with_its_text() -> None:
    data = render("pdf", SAMPLE)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 1
        assert str(pdf.docinfo["/Title"]) == SAMPLE.title
    document = pypdfium2.PdfDocument(data)
    try:
        text = document[0].get_textpage().get_text_bounded()
    finally:
        document.close()
    assert "济南澄砚建设集团" in text
    assert "<a&b>" in text


def test_long_pdfs_and_ofds_have_several_pages() -> None:
    with pikepdf.open(io.BytesIO(render("pdf", LONG))) as pdf:
        assert len(pdf.pages) > 2
    with zipfile.ZipFile(io.BytesIO(render("ofd", LONG))) as ofd:
        assert len([name for name in ofd.namelist() if name.endswith("Content.xml")]) > 2


def test_word_opens_with_its_text_table_and_own_time() -> None:
    word = docx.Document(io.BytesIO(render("docx", SAMPLE)))
    assert word.core_properties.modified == datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
    assert word.tables[0].cell(1, 1).text == "济南澄砚建设集团有限公司"
    assert [entry.text for entry in word.paragraphs][-2:] == ["联系人：闻知远 <a&b>", "2025年3月3日"]


def test_workbook_opens_with_numbers_as_numbers() -> None:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(render("xlsx", SAMPLE))).get_sheet_by_index(0)
    rows = sheet.to_python()
    assert ["一标段", "济南澄砚建设集团有限公司", 12.0] in rows
    assert rows[0][0] == SAMPLE.title


def test_ofd_is_a_container_whose_references_resolve_and_whose_identifiers_are_unique() -> None:
    with zipfile.ZipFile(io.BytesIO(render("ofd", LONG))) as ofd:
        assert ofd.testzip() is None
        root = etree.fromstring(ofd.read("OFD.xml")).findtext(".//ofd:DocRoot", namespaces=OFD)
        assert root == "Doc_0/Document.xml"
        document = etree.fromstring(ofd.read(root))
        pages = document.findall(".//ofd:Page", OFD)
        seen, text = [], ""
        for page in pages:
            content = etree.fromstring(ofd.read("Doc_0/" + page.get("BaseLoc", "")))
            seen += [page.get("ID"), *(entry.get("ID") for entry in content.iter() if entry.get("ID"))]
            codes = content.findall(".//ofd:TextCode", OFD)
            assert all(len(code.get("DeltaX", "").split()) == len(code.text or "") - 1 for code in codes)
            text += "".join(code.text or "" for code in codes)
        highest = int(document.findtext(".//ofd:MaxUnitID", namespaces=OFD) or 0)
    assert len(seen) == len(set(seen))
    assert max(int(entry or 0) for entry in seen) <= highest
    assert text.count("公共资源交易") > 40 * 38


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "ofd"])
def test_containers_do_not_tell_when_they_were_written(suffix: str) -> None:
    with zipfile.ZipFile(io.BytesIO(render(suffix, SAMPLE))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        if suffix != "ofd":
            times = re.findall(rb"<dcterms:\w+[^>]*>([^<]*)<", archive.read("docProps/core.xml"))
            assert set(times) == {b"2025-03-03T09:30:00Z"}


def test_text_is_gb18030_with_dos_line_ends() -> None:
    data = render("txt", SAMPLE)
    assert data.decode("gb18030").split("\r\n")[0] == SAMPLE.title
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")


def test_html_escapes_what_it_carries() -> None:
    html = write_html(SAMPLE.title, SAMPLE.blocks)
    assert "&lt;a&amp;b&gt;" in html
    assert html.count("<tr>") == 3


def test_a_recording_has_moving_pictures_and_sound(tmp_path: Path) -> None:
    started = datetime(2025, 3, 3, 2, 45, tzinfo=UTC)
    data = record("A001", "环境1", started, 2)
    assert len(data) < 60_000
    target = tmp_path / "record.mp4"
    target.write_bytes(data)
    with av.open(str(target)) as media:
        assert [stream.codec_context.name for stream in media.streams] == ["h264", "aac"]
        assert media.metadata["creation_time"].startswith("2025-03-03T02:45:00")
        assert media.duration == pytest.approx(2_000_000, abs=100_000)
        pictures = [bytes(frame.planes[0]) for frame in media.decode(video=0)]
    assert len(pictures) == 20
    assert len(set(pictures)) == 20


def test_cameras_of_a_session_differ_and_repeat_exactly() -> None:
    started = datetime(2025, 3, 3, 2, 45, tzinfo=UTC)
    cameras = [record("A001", camera, started, 2) for camera in ("环境1", "环境2", "桌面")]
    assert len(set(cameras)) == 3
    record.cache_clear()
    assert record("A001", "环境2", started, 2) == cameras[1]


def test_a_passage_that_names_an_unknown_value_is_an_error() -> None:
    assert compose("# {a}\n*list | {b} |", {"a": "甲"}, {"list": ({"b": "乙"},)}, {}) == (
        Heading("甲"),
        Table((("乙",),)),
    )
    with pytest.raises(KeyError, match="missing"):
        compose("{missing}", {}, {}, {})
