"""Documents made for the tests: every format with the same invented Chinese lines, and hostile variants of them."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage

import docx
import openpyxl
import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

LINES = ("云岭市交易中心试验公告", "项目编号：YL-2031-0042", "中标候选人：青禾示例建设有限公司")
_ROWS = ((LINES[0],), (LINES[1],), (LINES[2],))
OFD_NAMESPACE = "http://www.ofdspec.org/2016"


def pdf(lines: Sequence[str] = LINES, pages: int = 1) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle(lines[0] if lines else "")
    for _ in range(pages):
        canvas.setFont("STSong-Light", 14)
        for number, line in enumerate(lines):
            canvas.drawString(72, 760 - 24 * number, line)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def changed_pdf(content: bytes, *, javascript: bool = False, owner: str = "", user: str = "", pdfa: str = "") -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        if javascript:
            document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        if pdfa:
            with document.open_metadata() as metadata:
                metadata["pdfaid:part"] = pdfa
        encryption = pikepdf.Encryption(owner=owner, user=user) if owner or user else False
        document.save(target, encryption=encryption)
    return target.getvalue()


def docx_file(lines: Sequence[str] = LINES) -> bytes:
    document = docx.Document()
    document.core_properties.title = lines[0] if lines else ""
    for line in lines:
        document.add_paragraph(line)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def xlsx(rows: Sequence[Sequence[object]] = _ROWS) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def ofd_parts(lines: Sequence[str] = LINES) -> dict[str, str]:
    texts = "".join(
        f'<ofd:TextObject ID="{number + 10}" Boundary="20 {20 + 10 * number} 150 6" Size="4">'
        f'<ofd:TextCode X="0" Y="5" DeltaX="g {max(len(line) - 1, 1)} 4">{line}</ofd:TextCode></ofd:TextObject>'
        for number, line in enumerate(lines)
    )
    return {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{OFD_NAMESPACE}"><ofd:DocBody><ofd:DocInfo><ofd:Title>{lines[0]}</ofd:Title>'
        "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD_NAMESPACE}"><ofd:CommonData/><ofd:Pages>'
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page xmlns:ofd="{OFD_NAMESPACE}"><ofd:Content><ofd:Layer ID="2">'
        f"{texts}</ofd:Layer></ofd:Content></ofd:Page>",
    }


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def ofd(lines: Sequence[str] = LINES) -> bytes:
    return zipped(ofd_parts(lines))


def html(lines: Sequence[str] = LINES) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in lines)
    return f"<!DOCTYPE html><html><head><title>{lines[0]}</title></head><body>{body}</body></html>".encode()


def text(lines: Sequence[str] = LINES) -> bytes:
    return "\n".join(lines).encode()


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_declared_size(content: bytes, name: str, size: int, *, local: bool) -> bytes:
    """The ZIP `content` with another inflated size written for `name`: in the directory, and in the local header."""
    changed = bytearray(content)
    marks = [(b"PK\x01\x02", 24, 46)] + ([(b"PK\x03\x04", 22, 30)] if local else [])
    for mark, size_at, name_at in marks:
        start = changed.index(name.encode(), changed.index(mark)) - name_at
        while changed[start : start + 4] != mark:
            start = changed.index(name.encode(), start + name_at + 1) - name_at
        struct.pack_into("<L", changed, start + size_at, size)
    return bytes(changed)


def rtf(lines: Sequence[str] = LINES) -> bytes:
    body = "\\par\n".join("".join(f"\\u{ord(character)}?" for character in line) for line in lines)
    return ("{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0 SimSun;}}\\pard\\f0\n" + body + "\\par\n}").encode("ascii")


def xls(lines: Sequence[str] = LINES) -> bytes:
    """A worksheet of Excel 4 (BIFF4): text in GBK, as Chinese Windows wrote it."""

    def record(kind: int, content: bytes) -> bytes:
        return struct.pack("<HH", kind, len(content)) + content

    cells = b""
    for row, line in enumerate(lines):
        text = line.encode("gb18030")
        cells += record(0x0204, struct.pack("<HHHH", row, 0, 0, len(text)) + text)
    return (
        record(0x0409, struct.pack("<HHH", 0, 0x10, 0))
        + record(0x0042, struct.pack("<H", 936))
        + cells
        + record(10, b"")
    )


def odt(lines: Sequence[str] = LINES, doctype: str = "", more: Mapping[str, bytes] | None = None) -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    paragraphs = "".join(f"<t:p>{line}</t:p>" for line in lines)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<o:document-content xmlns:o="{office}" '
        f'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:text:1.0" o:version="1.3">'
        f"<o:body><o:text>{paragraphs}</o:text></o:body></o:document-content>"
    )
    mime = "application/vnd.oasis.opendocument.text"
    manifest = (
        '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" m:version="1.3">'
        f'<m:file-entry m:full-path="/" m:media-type="{mime}"/>'
        '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        package.writestr("mimetype", mime)
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", manifest)
        for name, data in (more or {}).items():
            package.writestr(name, data)
    return target.getvalue()


def mail(lines: Sequence[str] = LINES, attachments: Sequence[str] = ()) -> bytes:
    """A message in GB 18030 with text files attached."""
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Subject"] = lines[0]
    message["Date"] = "Mon, 01 Jun 2026 09:00:00 +0800"
    message.set_content("\n".join(lines), charset="gb18030", cte="base64")
    for number, text in enumerate(attachments):
        message.add_attachment(text, filename=f"附件{number}.txt")
    return bytes(message)


def xfa_pdf(form: str) -> bytes:
    """A PDF with a form in XML."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.Root.AcroForm = pikepdf.Dictionary(XFA=document.make_stream(form.encode()), Fields=pikepdf.Array())
        document.save(target)
    return target.getvalue()
