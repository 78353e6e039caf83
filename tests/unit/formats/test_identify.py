import io
import os
import signal
import tempfile
import time

import pytest

from archive.errors import Unavailable
from ingest.formats import known
from ingest.formats.identify import identify
from ingest.formats.types import Certainty
from tests.unit.extractors import documents

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "name", "puid", "mime"),
    [
        (documents.pdf(), "a.pdf", "fmt/17", "application/pdf"),
        (b"%PDF-1.7\n", "a.pdf", "fmt/276", "application/pdf"),
        (b"junk\n%PDF-1.4\n", "a.pdf", "fmt/18", "application/pdf"),
        (b"%PDF-9.9\n", "a.pdf", None, "application/pdf"),
        (documents.docx_file(), "a.docx", "fmt/412", known.DOCX),
        (documents.xlsx(), "a.xlsx", "fmt/214", known.XLSX),
        (documents.ofd(), "a.ofd", None, "application/ofd"),
        (documents.zipped({"a.txt": b"x"}), "a.zip", "x-fmt/263", "application/zip"),
        (documents.html(), "a.html", "fmt/471", "text/html"),
        ("<!-- 注 --> <div>公告</div>".encode(), "a.html", "fmt/96", "text/html"),
        ("只有文字".encode(), "a.html", "fmt/96", "text/html"),
        ("只有文字".encode("gb18030"), "a.txt", "x-fmt/111", "text/plain"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isommp41", "a.mp4", "fmt/199", "video/mp4"),
        (b"\x01\x02\x03\0\xfe" * 20, "a.bin", None, "application/octet-stream"),
        (b"", "a.pdf", None, "application/x-empty"),
    ],
)
def test_formats_are_told_by_content(content: bytes, name: str, puid: str | None, mime: str) -> None:
    found = identify(io.BytesIO(content), name)
    assert (found.puid, found.mime, found.warning) == (puid, mime, None)
    assert found.label
    assert found.basis


@pytest.mark.parametrize(
    ("name", "warns"),
    [("a.pdf", False), ("a.PDF", False), ("a", False), ("公告（第1.2包）", False), ("a.docx", True), ("a.txt", True)],
)
def test_a_name_that_claims_another_format_is_told(name: str, *, warns: bool) -> None:
    assert (identify(io.BytesIO(documents.pdf()), name).warning == "extension-mismatch") is warns


@pytest.mark.parametrize(
    ("declared", "warns"),
    [
        ("application/pdf", False),
        ("Application/PDF; charset=binary", False),
        ("application/octet-stream", False),
        ("", False),
        ("image/jpg", True),
        ("text/html", True),
    ],
)
def test_a_source_that_states_another_type_is_told(declared: str, *, warns: bool) -> None:
    assert (identify(io.BytesIO(documents.pdf()), "a.pdf", declared).warning == "extension-mismatch") is warns


@pytest.mark.parametrize(
    ("content", "name", "certainty"),
    [
        (documents.pdf(), "a.pdf", Certainty.CONTENT),
        (documents.docx_file(), "a.docx", Certainty.CONTAINER),
        (documents.ofd(), "a.ofd", Certainty.CONTAINER),
        ("只有文字".encode(), "a.txt", Certainty.TEXT),
        ("只有文字".encode(), "a.html", Certainty.EXTENSION),
        (b"\x01\x02\x03\0\xfe" * 20, "a.pdf", Certainty.NONE),
    ],
)
def test_how_sure_the_answer_is(content: bytes, name: str, certainty: Certainty) -> None:
    assert identify(io.BytesIO(content), name).certainty is certainty


def test_a_profile_that_a_pdf_claims_is_told_as_a_claim() -> None:
    claims = b'%PDF-1.4 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" <pdfaid:part>1</pdfaid:part>'
    found = identify(io.BytesIO(claims + b"<pdfaid:conformance>B</pdfaid:conformance>\n%%EOF"), "a.pdf")
    assert (found.puid, found.mime) == ("fmt/354", "application/pdf")
    assert "claim" in found.label


def test_a_zip_of_pdfs_is_a_zip() -> None:
    content = documents.zipped({"a.pdf": documents.pdf()}, 0)
    assert identify(io.BytesIO(content), "a.zip").mime == "application/zip"


def test_what_is_wrong_with_a_container_is_told_before_its_name() -> None:
    lying = documents.with_declared_size(documents.docx_file(), "word/document.xml", 9, local=False)
    found = identify(io.BytesIO(lying), "a.docx")
    assert (found.mime, found.warning) == ("application/zip", "zip-lies")


def test_many_comments_before_nothing_cost_no_time() -> None:
    started = time.monotonic()
    assert identify(io.BytesIO(b"<!-- -->" * 5_000 + b"<nothing"), "a.bin").mime == "text/plain"
    assert time.monotonic() - started < 2


def test_of_a_large_file_only_the_ends_are_read() -> None:
    with tempfile.TemporaryFile() as stream:
        stream.write(OLE)
        stream.truncate(1 << 31)
        started = time.monotonic()
        identify(stream, "a.doc")
        assert time.monotonic() - started < 3


def test_a_forked_child_is_refused_and_does_not_hang() -> None:
    identify(io.BytesIO(OLE), "a.doc")
    child = os.fork()
    if child == 0:
        try:
            identify(io.BytesIO(OLE), "a.doc")
        except Unavailable as error:
            os._exit(7 if error.code == "format-registry-forked" else 8)
        os._exit(9)
    until = time.monotonic() + 5
    while time.monotonic() < until:
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            assert os.waitstatus_to_exitcode(status) == 7
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    pytest.fail("the forked child hangs")


@pytest.mark.parametrize(
    ("content", "name", "mime"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "a.svg", "image/svg+xml"),
        (rb"{\rt{\object\objautlink\objupdate}}", "a.rtf", "application/rtf"),
        (b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + bytes(600), "a.tif", "image/tiff"),
    ],
)
def test_what_programs_open_is_told_without_the_marks_that_the_registry_asks_for(
    content: bytes, name: str, mime: str
) -> None:
    found = identify(io.BytesIO(content), name)
    assert (found.mime, found.warning) == (mime, None)


@pytest.mark.parametrize("name", ["a.bat", "a.JS", "公告.vbs", "a.hta", "公告.pdf.exe"])
def test_a_document_by_the_name_of_a_program_does_not_pass_for_one(name: str) -> None:
    contents = {"hta": b"<html><body>x</body></html>", "exe": documents.pdf()}
    content = contents.get(name[-3:], b"del /s *\r\n")
    assert identify(io.BytesIO(content), name).warning == "extension-mismatch"


def test_a_page_saved_with_its_pictures_is_told_by_its_usual_name() -> None:
    page = (
        b"From: <Saved>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"; type="text/html"\r\n\r\n'
        b"--b\r\nContent-Type: text/html\r\nContent-Location: http://example.org/\r\n\r\n<p>x</p>\r\n--b--\r\n"
    )
    found = identify(io.BytesIO(page), "a.mht")
    assert (found.mime, found.warning) == ("application/x-mimearchive", None)
