import io
import zlib

import pikepdf
import pytest

from archive.errors import InvalidInput
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


def test_javascript_is_told() -> None:
    assert extract(documents.changed_pdf(documents.pdf(), javascript=True)).warnings == ("active-content",)


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
