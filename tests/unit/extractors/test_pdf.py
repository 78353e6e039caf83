import io
import zlib

import pikepdf
import pytest

from archive.errors import InvalidInput
from ingest.extractors import pdf
from ingest.extractors.pdf import PdfExtractor
from ingest.extractors.port import Extraction, Limits
from tests.unit.extractors import documents


def extract(content: bytes, limits: Limits | None = None) -> Extraction:
    return PdfExtractor().extract(io.BytesIO(content), limits or Limits())


def code_of(content: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        extract(content)
    return caught.value.code


def test_pages_and_information_are_read() -> None:
    found = extract(documents.pdf(pages=3))
    assert found.pages == 3
    assert found.metadata["title"] == documents.LINES[0]
    assert found.text.count(documents.LINES[1]) == 3


def test_a_password_is_named() -> None:
    assert code_of(documents.changed_pdf(documents.pdf(), owner="o", user="u")) == "file-encrypted"


def test_restrictions_without_a_password_are_read_and_told() -> None:
    found = extract(documents.changed_pdf(documents.pdf(), owner="o"))
    assert documents.LINES[2] in found.text
    assert found.warnings == ("pdf-restricted",)


def test_a_pdfa_claim_is_told_as_declared() -> None:
    assert extract(documents.changed_pdf(documents.pdf(), pdfa="2")).metadata["pdfa_declared"] == "2"


def test_damage_with_its_end_in_place_is_no_truncation() -> None:
    assert code_of(b"%PDF-1.4\nnothing of a document\n%%EOF\n") == "file-damaged"


def test_a_broken_table_is_repaired_and_never_called_complete() -> None:
    content = documents.pdf()
    at = content.rindex(b"startxref") + 10
    found = extract(content[:at] + b"1" + content[at + 1 :])
    assert "file-repaired" in found.warnings
    assert not found.complete
    assert documents.LINES[0] in found.text


def test_cut_anywhere_it_is_never_whole() -> None:
    content = documents.pdf()
    for cut in [*range(40, len(content) - 200, 97), *range(len(content) - 200, len(content.rstrip()))]:
        try:
            found = extract(content[:cut])
        except InvalidInput as error:
            assert error.code == "file-truncated"  # noqa: PT017 - some cuts are repaired, some are not
        else:
            assert not found.complete
            assert "file-repaired" in found.warnings


def test_a_limit_on_pages_is_told() -> None:
    found = extract(documents.pdf(pages=3), Limits(pages=2))
    assert (found.pages, found.complete) == (3, False)
    assert found.text.count(documents.LINES[0]) == 2


def test_stacked_compression_is_refused() -> None:
    packed = zlib.compress(zlib.compress(b" " * 1_000_000))
    assert code_of(_with_stream(packed, ["/FlateDecode", "/FlateDecode"])) == "pdf-bomb"


def test_a_stream_that_inflates_beyond_the_limit_is_refused() -> None:
    packed = zlib.compress(b" " * 200_000_000)
    assert len(packed) < 1_000_000
    assert code_of(_with_stream(packed, ["/FlateDecode"])) == "pdf-bomb"


def test_more_objects_than_permitted_are_told() -> None:
    assert "objects-unchecked" in extract(documents.pdf(), Limits(objects=3)).warnings


def _with_stream(packed: bytes, filters: list[str]) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(documents.pdf())) as document:
        names = pikepdf.Array([pikepdf.Name(name) for name in filters])
        stream = pikepdf.Stream(document, b"")
        stream.write(packed, filter=names)
        document.pages[0].Contents = document.make_indirect(stream)
        document.save(target, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return target.getvalue()


def nested(levels: int, calls: int, *, inherit: bool = False, ring: bool = False, call: bytes = b"/X Do") -> bytes:
    """A page of one line in forms that each call the next one `calls` times; in a ring, the last calls the first."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(200, 200)).obj
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    last = document.make_stream(b"BT /F 12 Tf (a) Tj ET", Subtype=pikepdf.Name.Form, BBox=[0, 0, 200, 200])
    last.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
    form = last
    for _ in range(levels - 1):
        outer = document.make_stream(b" ".join([call] * calls), Subtype=pikepdf.Name.Form, BBox=[0, 0, 200, 200])
        outer.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
        form = outer
    if ring:
        last.write(b"/X Do")
        last.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
    resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
    page.Contents = document.make_stream(b" ".join([call] * calls))
    page.Resources = pikepdf.Dictionary()
    if inherit:
        del page.Resources
        document.Root.Pages.Resources = resources
    else:
        page.Resources = resources
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def test_forms_in_forms_are_read_as_often_as_they_are_called() -> None:
    assert extract(nested(3, 2)).text.count("a") == 1  # the same place eight times: pdfium leaves doubles out
    assert extract(nested(1, 1)).complete


@pytest.mark.parametrize(("levels", "calls"), [(8, 8), (25, 2), (3, 400), (1, 1_000_000)])
@pytest.mark.parametrize("inherit", [False, True])
def test_a_few_forms_that_unfold_without_measure_are_refused(levels: int, calls: int, *, inherit: bool) -> None:
    assert code_of(nested(levels, calls, inherit=inherit)) == "pdf-bomb"


@pytest.mark.parametrize("call", [b"/#58 Do", b"/X\x00Do", b"/X % remark\nDo", b"/X\fDo", b"q/X Do Q"])
def test_a_call_is_recognised_however_it_is_written(call: bytes) -> None:
    assert code_of(nested(8, 8, call=call)) == "pdf-bomb"


def test_forms_that_call_each_other_in_a_ring_are_refused() -> None:
    assert code_of(nested(3, 1, ring=True)) == "pdf-bomb"
    assert code_of(nested(1, 1, ring=True)) == "pdf-bomb"


def test_forms_nested_without_end_are_refused() -> None:
    assert code_of(nested(200, 1)) == "pdf-bomb"


def test_pages_that_share_one_form_are_no_bomb() -> None:
    document = pikepdf.open(io.BytesIO(nested(2, 3)))
    for _ in range(200):
        document.pages.append(document.pages[0])
    target = io.BytesIO()
    document.save(target)
    assert extract(target.getvalue()).pages == 201


def test_a_large_document_is_opened_anew_now_and_then_and_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    content = documents.pdf(pages=7)
    whole = extract(content)
    monkeypatch.setattr(pdf, "_LARGE", 0)
    monkeypatch.setattr(pdf, "_TOGETHER", 2)
    assert extract(content) == whole
    assert whole.pages == 7
