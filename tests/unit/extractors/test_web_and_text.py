import io

import pytest

from archive.errors import InvalidInput
from ingest.extractors.decoding import decoded
from ingest.extractors.html import HtmlExtractor
from ingest.extractors.ofd import OfdExtractor
from ingest.extractors.port import Extraction, Limits
from ingest.extractors.text import TextExtractor
from tests.unit.extractors import documents


def html(content: bytes) -> Extraction:
    return HtmlExtractor().extract(io.BytesIO(content), Limits())


def text(content: bytes) -> Extraction:
    return TextExtractor().extract(io.BytesIO(content), Limits())


def ofd(parts: dict[str, str]) -> Extraction:
    return OfdExtractor().extract(io.BytesIO(documents.zipped(parts)), Limits())


def code_of(call: type[Exception], found: pytest.ExceptionInfo[InvalidInput]) -> str:
    assert isinstance(found.value, call)
    return found.value.code


def test_blocks_stand_on_lines_and_cells_apart() -> None:
    page = (
        "<div>公告<p>第一段 <b>粗</b>体<br>第二行</p>"
        "<table><tr><td><p>甲</p></td><td>乙</td></tr><tr><th>丙</th></tr></table>尾</div>"
    )
    assert html(page.encode()).text == "公告\n第一段 粗体\n第二行\n甲\t乙\n丙\n尾"


def test_what_is_not_seen_is_not_text() -> None:
    page = "<title>题</title><style>a{}</style><script>坏()</script><p>好</p><!-- 注 --><textarea>填</textarea>"
    found = html(page.encode())
    assert found.text == "好"
    assert found.metadata["title"] == "题"
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", ""), ("utf-8-sig", ""), ("gb18030", ""), ("gbk", "gb2312"), ("utf-16", ""), ("big5", "big5")],
)
def test_encodings_are_told_apart(encoding: str, declared: str) -> None:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    assert html(f"<html><head>{meta}</head><body>中標結果公告</body></html>".encode(encoding)).text == "中標結果公告"


def test_a_page_without_its_end_is_told() -> None:
    assert "html-unclosed" in html("<html><body><p>公告</p>".encode()).warnings


def test_a_page_cut_in_a_tag_is_truncated() -> None:
    with pytest.raises(InvalidInput) as caught:
        html('<html><body><p>公告</p><td class="co'.encode())
    assert code_of(InvalidInput, caught) == "file-truncated"


def test_deep_nesting_keeps_the_text() -> None:
    assert html(b"<div><font>" * 50_000 + "深".encode() + b"</font></div>").text == "深"


def test_markup_without_end_is_cut() -> None:
    found = HtmlExtractor().extract(io.BytesIO(b"<i>" * 5_000), Limits(elements=1_000))
    assert not found.complete


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_in_each_encoding(encoding: str) -> None:
    assert text("公告\r\n㐀𠮷\r\n".encode(encoding)).text == "公告\n㐀𠮷"


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xff\xff", b"\xef\xbb\xbf\xff"])
def test_what_no_encoding_fits_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        text(content)
    assert code_of(InvalidInput, caught) in {"text-undecodable", "file-truncated"}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_text_cut_in_a_character_is_truncated(encoding: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        text("云岭市交易中心公告".encode(encoding)[:-1])
    assert code_of(InvalidInput, caught) == "file-truncated"


def test_pieces_on_one_line_are_joined_and_templates_read_once() -> None:
    parts = documents.ofd_parts(("左",))
    parts["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace(
        "<ofd:CommonData/>", '<ofd:CommonData><ofd:TemplatePage ID="9" BaseLoc="Tpls/T.xml"/></ofd:CommonData>'
    )
    parts["Doc_0/Tpls/T.xml"] = parts["Doc_0/Pages/Page_0/Content.xml"].replace("左", "模板")
    right = (
        '<ofd:TextObject ID="30" Boundary="24 20 50 6" Size="4">'
        '<ofd:TextCode X="0" Y="5">右</ofd:TextCode></ofd:TextObject>'
    )
    parts["Doc_0/Pages/Page_0/Content.xml"] = (
        parts["Doc_0/Pages/Page_0/Content.xml"]
        .replace("</ofd:Layer>", f"{right}</ofd:Layer>")
        .replace("<ofd:Content>", '<ofd:Template TemplateID="9"/><ofd:Content>')
    )
    found = ofd(parts)
    assert found.text == "左右\n模板"
    assert (found.pages, found.metadata["title"]) == (1, "左")


def test_an_encrypted_ofd_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        ofd({**documents.ofd_parts(), "Encryptions.xml": "<a/>"})
    assert code_of(InvalidInput, caught) == "file-encrypted"


@pytest.mark.parametrize("part", ["Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml"])
def test_a_missing_or_broken_part_is_damage(part: str) -> None:
    parts = documents.ofd_parts()
    del parts[part]
    for broken in (parts, {**parts, part: "<a>"}, {**parts, part: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'}):
        with pytest.raises(InvalidInput) as caught:
            ofd(broken)
        assert code_of(InvalidInput, caught) == "file-damaged"


def test_one_large_page_named_many_times_ends() -> None:
    parts = documents.ofd_parts(("重" * 5_000,))
    pages = '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>' * 2_000
    parts["Doc_0/Document.xml"] = (
        f'<ofd:Document xmlns:ofd="{documents.OFD_NAMESPACE}"><ofd:Pages>{pages}</ofd:Pages></ofd:Document>'
    )
    found = OfdExtractor().extract(io.BytesIO(documents.zipped(parts)), Limits(characters=50_000))
    assert len(found.text) <= 50_000
    assert "text-cut" in found.warnings


@pytest.mark.parametrize("limit", [0, 10, 70_000])
def test_no_more_is_kept_of_a_long_text_than_its_limit(limit: int) -> None:
    found = decoded(io.BytesIO(b"x" * 200_000), limit)
    assert (len(found.text), found.complete) == (limit, False)
