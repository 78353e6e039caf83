"""What inspecting a PDF shows: one verdict for every aspect, whatever state the file is in."""

import io
import time
import zlib
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.extractors.pdf import PdfExtractor
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.pdf import inspect
from ingest.formats.pdf_edges import edges
from ingest.formats.pdf_weighing import _lzw_unpacks_to
from ingest.outcomes import Outcome
from tests.hostile import fixed
from tests.hostile.archives import zipped
from tests.hostile.kinds import Kind
from tests.unit.extractors import documents

DATA = Path(__file__).parents[4] / "shared" / "data"
PASS, FAIL, UNCHECKED = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED


def inspected(content: bytes, limits: Limits | None = None) -> dict[Aspect, Inspection]:
    return {each.aspect: each for each in inspect(io.BytesIO(content), limits or Limits())}


def codes(inspection: Inspection) -> list[str]:
    return [each.code for each in inspection.observations]


def failing(content: bytes) -> dict[str, list[str]]:
    return {str(aspect): codes(found) for aspect, found in inspected(content).items() if found.outcome is FAIL}


def test_an_ordinary_document_passes_and_claims_nothing() -> None:
    found = inspected(documents.pdf(pages=3))
    assert set(found) == set(Aspect)
    assert found[Aspect.CONFORMANCE].outcome is Outcome.NOT_APPLICABLE
    assert codes(found[Aspect.CONFORMANCE]) == ["pdfa-not-claimed"]
    assert {found[aspect].outcome for aspect in Aspect if aspect is not Aspect.CONFORMANCE} == {PASS}
    assert found[Aspect.STRUCTURE].tool.startswith("pikepdf 1")


@pytest.mark.parametrize("kind", fixed.PDF_KINDS, ids=lambda kind: kind.name)
def test_every_hostile_kind_is_named(kind: Kind) -> None:
    told = {each.code for found in inspected(kind.make()).values() for each in found.observations}
    assert told & kind.codes
    assert told <= set(catalogue())


def test_a_claim_of_pdfa_is_never_a_pass() -> None:
    found = inspected(documents.changed_pdf(documents.pdf(), pdfa="2"))[Aspect.CONFORMANCE]
    assert found.outcome is UNCHECKED
    assert codes(found) == ["pdfa-not-validated", "pdf-fonts-not-embedded", "pdf-no-output-intent"]
    assert found.observations[0].params == {"level": "2"}


def test_a_password_and_restrictions_are_told_apart() -> None:
    password = inspected(documents.changed_pdf(documents.pdf(), owner="o", user="u"))
    assert codes(password[Aspect.LOCKED]) == ["file-encrypted"]
    assert password[Aspect.STRUCTURE].outcome is UNCHECKED
    assert password[Aspect.ACTIVE].outcome is UNCHECKED
    restricted = inspected(documents.changed_pdf(documents.pdf(), owner="o"))
    assert codes(restricted[Aspect.LOCKED]) == ["pdf-restricted"]
    assert restricted[Aspect.STRUCTURE].outcome is PASS


def test_a_lock_of_an_unknown_kind_is_a_lock() -> None:
    content = fixed.raw(
        [fixed._ROOT, fixed._TREE, fixed._PAGE, fixed.stream(b"", b"")],
        b"/Encrypt<</Filter/Adobe.PubSec/V 1>>/ID[<00><00>]",
    )
    assert codes(inspected(content)[Aspect.LOCKED]) == ["file-encrypted"]


def test_names_in_text_raise_no_alarm() -> None:
    words = pikepdf.String("/S /JavaScript /JS (x) /Launch /EF /XFA")

    def change(document: pikepdf.Pdf) -> None:
        document.docinfo["/Title"] = words
        document.pages[0].Contents = document.make_stream(b"% /S /JavaScript /JS (app.alert)")

    assert failing(fixed.pdf(change)) == {}


def test_a_jump_on_opening_and_a_link_to_the_web_are_nothing() -> None:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Dictionary(S=Name.GoTo, D=Array([document.pages[0].obj, Name.Fit]))
        link = Dictionary(S=Name.URI, URI="https://example.org/a")
        document.pages[0].Annots = Array(
            [Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=link)]
        )

    assert failing(fixed.pdf(change)) == {}


def test_a_script_is_found_however_its_name_is_written() -> None:
    content = fixed.opening(S=Name.JavaScript, JS="app.alert(1)").replace(b"/JavaScript", b"/J#61vaScrip#74")
    assert "pdf-javascript" in failing(content)["active"]


def test_a_script_deep_in_an_array_of_actions_is_found() -> None:
    script = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
    nest = Array([Array([Dictionary(Next=Array([script]))])])
    assert failing(fixed.annotated(Subtype=Name.Link, A=Dictionary(S=Name.GoTo, Next=nest)))["active"] == [
        "pdf-javascript"
    ]


def test_what_stands_on_a_page_is_told_with_the_page() -> None:
    (told,) = inspected(fixed.annotated(Subtype=Name.RichMedia))[Aspect.ACTIVE].observations
    assert told.place.startswith("page 1, object ")


def test_embedded_files_are_concealed_and_programs_among_them_active() -> None:
    assert failing(fixed.carrying("a.txt", b"text")) == {"concealed": ["pdf-embedded-file"]}
    assert set(failing(fixed.carrying("a.txt", b"\x7fELF" + bytes(9)))) == {"active", "concealed"}


def test_layers_that_are_off_are_told_and_fail_nothing() -> None:
    def change(document: pikepdf.Pdf) -> None:
        layer = document.make_indirect(Dictionary(Type=Name.OCG, Name="a"))
        document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))

    found = inspected(fixed.pdf(change))[Aspect.CONCEALED]
    assert (found.outcome, codes(found)) == (PASS, ["pdf-hidden-layers"])


def test_later_additions_are_counted_and_fail_nothing() -> None:
    found = inspected(fixed.added_to(3))[Aspect.CONCEALED]
    assert (found.outcome, codes(found)) == (PASS, ["pdf-earlier-versions"])
    assert found.observations[0].params == {"count": 3}


@pytest.mark.parametrize(
    ("before", "behind", "told"),
    [
        (b"\xef\xbb\xbf\r\n", b"\r\n\0\0", []),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"", ["pdf-bytes-before"]),
        (b"", b"\n--boundary--", ["pdf-bytes-behind"]),
        (b"", b"\nMZ\x90\0" + bytes(90) + b"x", ["pdf-second-format", "pdf-bytes-behind"]),
        (b"GIF89a", b"", ["pdf-second-format", "pdf-bytes-before"]),
    ],
)
def test_bytes_around_the_document_are_told(before: bytes, behind: bytes, told: list[str]) -> None:
    assert failing(before + fixed.pdf() + behind).get("concealed", []) == told


def test_a_zip_around_the_document_is_a_second_format() -> None:
    content = zipped({"a.pdf": fixed.pdf()}, 0)
    assert "pdf-second-format" in failing(content)["concealed"]


def test_a_page_count_that_lies_is_told() -> None:
    content = fixed.pdf().replace(b"/Count 1", b"/Count 7")
    found = inspected(content)[Aspect.STRUCTURE]
    assert found.outcome is FAIL
    assert "pdf-page-count" in codes(found)


def test_a_stream_cut_short_is_told_with_its_object() -> None:
    packed = zlib.compress(bytes(range(256)) * 40)
    found = inspected(fixed.filtered(packed[: len(packed) // 2], b"/FlateDecode"))[Aspect.STRUCTURE]
    assert found.outcome is FAIL
    assert ("pdf-stream-damaged", "object 4 0") in [(each.code, each.place) for each in found.observations]


@pytest.mark.parametrize(
    ("content", "filters", "code"),
    [
        (b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", b"/LZWDecode", None),
        (bytes([129, 65]) * 3_000_000 + b"\x80", b"/RunLengthDecode", "pdf-bomb"),
        (b"\x02abc\x80", b"/RunLengthDecode", None),
        (b"gggg~>", b"/ASCII85Decode/LZWDecode", None),
    ],
)
def test_other_compressions_are_weighed_too(content: bytes, filters: bytes, code: str | None) -> None:
    found = inspected(fixed.filtered(content, filters), Limits(stream_bytes=100 << 20))[Aspect.STRUCTURE]
    assert (code in codes(found)) if code else ("pdf-bomb" not in codes(found))


@pytest.mark.parametrize(("codes", "blocks"), [(2, 1), (255, 2), (800, 1), (3_800, 2)])
def test_lzw_is_counted_as_qpdf_unpacks_it(codes: int, blocks: int) -> None:
    packed = fixed.growing(codes, blocks)
    with pikepdf.open(io.BytesIO(fixed.filtered(packed, b"/LZWDecode"))) as document:
        unpacked = len(document.pages[0].Contents.read_bytes())
    assert unpacked == blocks * codes * (codes + 1) // 2
    assert _lzw_unpacks_to(packed, 1 << 30) == unpacked


def test_more_objects_than_permitted_leave_no_pass() -> None:
    found = inspected(documents.pdf(), Limits(objects=3))
    assert {found[aspect].outcome for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE, Aspect.CONCEALED)} == {UNCHECKED}


def test_a_closed_stream_is_unreadable() -> None:
    stream = io.BytesIO(b"x")
    stream.close()
    with pytest.raises(InvalidInput, match="file-unreadable"):
        inspect(stream, Limits())


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_flipped_and_cut_bytes_never_escape(data: st.DataObject) -> None:
    content = bytearray(fixed.carrying("a", b"MZ") if data.draw(st.booleans()) else documents.pdf())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=12)):
        content[at] = data.draw(st.integers(0, 255))
    found = inspected(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert set(found) == set(Aspect)
    for each in found.values():
        assert set(codes(each)) <= set(catalogue())
        assert each.observations or each.outcome is PASS


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_files_of_the_world_get_five_verdicts_and_locked_ones_are_named() -> None:
    until = time.monotonic() + 12
    for path in sorted(DATA.glob("files/*/**/*.pdf")):
        content = path.read_bytes()
        found = inspected(content)
        assert set(found) == set(Aspect), path.name
        try:
            pikepdf.open(io.BytesIO(content), suppress_warnings=True).close()
        except pikepdf.PasswordError:
            assert codes(found[Aspect.LOCKED]) == ["file-encrypted"], path.name
        except pikepdf.PdfError:
            assert found[Aspect.STRUCTURE].outcome is not PASS, path.name
        if time.monotonic() > until:
            break


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_daily_documents_raise_no_alarm() -> None:
    for path in sorted(DATA.glob("bench_pdfs/*.pdf"))[:60]:
        assert failing(path.read_bytes()) == {}, path.name


def test_padding_to_the_end_of_a_block_cuts_nothing_off() -> None:
    padded = documents.pdf() + bytes(3_000)
    assert failing(padded) == {"structure": ["file-repaired"]}
    read = PdfExtractor().extract(io.BytesIO(padded), Limits())
    assert "file-repaired" in read.warnings


@pytest.mark.parametrize("between", [b"", b"\r\n", bytes(20)])
def test_a_document_behind_another_is_told_whichever_of_them_readers_show(between: bytes) -> None:
    both = documents.pdf() + between + documents.pdf(pages=2)
    assert "pdf-second-format" in failing(both)["concealed"]


def test_end_marks_are_counted_once_wherever_pieces_are_cut() -> None:
    for shift in range(0, 60, 7):
        content = b"%PDF-1.7\n" + b"x" * ((1 << 20) - 40 - shift) + b"%%EOF\n" + b"y" * 100 + b"%%EOF\n"
        assert edges(io.BytesIO(content)).updates == 1
