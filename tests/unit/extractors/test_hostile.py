"""Whatever the bytes are, reading them ends in a reading; whatever is wrong has a code the catalogue can tell."""

import io
import random
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.extractors.html import HtmlExtractor
from ingest.extractors.memory import MemoryExtractor
from ingest.extractors.ofd import OfdExtractor
from ingest.extractors.pdf import PdfExtractor
from ingest.extractors.port import Extractor, Limits
from ingest.extractors.reading import Reading, read_component
from ingest.extractors.registry import Registry
from ingest.extractors.sheet import SheetExtractor
from ingest.extractors.text import TextExtractor
from ingest.extractors.word import WordExtractor
from tests.unit.extractors import documents

FORMATS: dict[str, Callable[[], bytes]] = {
    "pdf": documents.pdf,
    "docx": documents.docx_file,
    "xlsx": documents.xlsx,
    "ofd": documents.ofd,
    "html": documents.html,
    "txt": documents.text,
}
EXTRACTORS: tuple[Extractor, ...] = (
    PdfExtractor(),
    WordExtractor(),
    SheetExtractor(),
    OfdExtractor(),
    HtmlExtractor(),
    TextExtractor(),
    MemoryExtractor(),
)
SMALL = Limits(characters=20_000, pages=20, cells=2_000, elements=20_000, objects=2_000)
BEGINNINGS = (
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"<html><body>",
    b"<?xml version='1.0'?>",
    b"\xff\xfe",
    b"\xd0\xcf\x11\xe0",
)
quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@cache
def made(kind: str) -> bytes:
    return FORMATS[kind]()


def sound(reading: Reading) -> bool:
    """A reading that a person can be told about."""
    if reading.problem is not None:
        return reading.problem.code in catalogue() and reading.extraction is None
    return reading.extraction is None or set(reading.extraction.warnings) <= set(catalogue())


def outcome(extractor: Extractor, content: bytes) -> str:
    """The code of the error, "" for text within its limit."""
    try:
        found = extractor.extract(io.BytesIO(content), SMALL)
    except InvalidInput as error:
        return error.code
    return "" if len(found.text) <= SMALL.characters else "too much"


@quick
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=3_000))
def test_random_bytes_never_escape_the_error_tree(beginning: bytes, rest: bytes) -> None:
    assert sound(read_component(io.BytesIO(beginning + rest), "x.bin", limits=SMALL))


@quick
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=1_000))
def test_every_extractor_survives_what_is_not_its_own(beginning: bytes, rest: bytes) -> None:
    for extractor in EXTRACTORS:
        assert outcome(extractor, beginning + rest) in {*catalogue(), ""}


@quick
@given(st.sampled_from(sorted(FORMATS)), st.floats(0, 1))
def test_a_truncated_file_is_never_complete_structure(kind: str, share: float) -> None:
    content = made(kind)
    cut = content[: int(len(content) * share)]
    reading = read_component(io.BytesIO(cut), f"a.{kind}", limits=SMALL)
    assert sound(reading)
    if kind in {"docx", "xlsx", "ofd"} and len(cut) < len(content):
        assert reading.extraction is None or not reading.extraction.text.startswith(documents.LINES[0])


@quick
@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 2**32), st.integers(1, 40))
def test_flipped_bytes_never_escape_the_error_tree(kind: str, seed: int, count: int) -> None:
    content = bytearray(made(kind))
    dice = random.Random(seed)  # noqa: S311 - a seeded choice of bytes, not a secret
    for _ in range(count):
        content[dice.randrange(len(content))] = dice.randrange(256)
    assert sound(read_component(io.BytesIO(bytes(content)), f"a.{kind}", limits=SMALL))


@quick
@given(st.sampled_from(["docx", "xlsx", "ofd"]), st.integers(0, 2**32), st.integers(1, 12))
def test_changed_parts_of_a_well_packed_container_never_escape(kind: str, seed: int, count: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a seeded choice of bytes, not a secret
    parts = documents.unzipped(made(kind))
    for _ in range(count):
        name = dice.choice(sorted(parts))
        part = bytearray(parts[name] or b" ")
        at = dice.randrange(len(part))
        part[at : at + dice.randrange(3)] = dice.choice(
            [b"<", b">", b"&x;", b"/", b'"', b"9999999999", b"\0", b"\xff", b"-1"]
        )
        parts[name] = bytes(part)
    assert sound(read_component(io.BytesIO(documents.zipped(parts)), f"a.{kind}", limits=SMALL))


@quick
@given(st.text(max_size=2_000))
def test_any_text_comes_back_without_controls(text: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    reading = read_component(io.BytesIO(content), "a.html", limits=SMALL)
    assert sound(reading)
    assert not [character for character in reading.text if ord(character) < 32 and character not in "\n\t"]


def test_no_bytes_at_all_are_named() -> None:
    reading = read_component(io.BytesIO(b""), "a.docx")
    assert reading.problem is not None
    assert (reading.problem.code, reading.state) == ("file-empty", "failed")


def test_a_closed_stream_is_a_problem_and_no_crash() -> None:
    stream = io.BytesIO(b"x")
    stream.close()
    reading = read_component(stream, "a.txt")
    assert reading.problem is not None
    assert reading.problem.code == "file-unreadable"


def test_a_format_nobody_reads_is_a_state_and_no_failure() -> None:
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\0IEND\xaeB`\x82"
    reading = read_component(io.BytesIO(picture), "a.png")
    assert (reading.state, reading.problem, reading.text) == ("file-unsupported", None, "")
    assert reading.identified.mime == "image/png"


def test_a_lying_package_is_named_and_not_called_unsupported() -> None:
    lying = documents.with_declared_size(documents.docx_file(), "word/document.xml", 77, local=False)
    reading = read_component(io.BytesIO(lying), "a.docx")
    assert reading.problem is not None
    assert reading.problem.code == "zip-lies"


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_sound_file_is_extracted_by_a_named_extractor(kind: str) -> None:
    reading = read_component(io.BytesIO(made(kind)), f"a.{kind}")
    assert reading.state == "extracted"
    assert documents.LINES[1] in reading.text
    assert reading.extractor.rpartition("/")[2].isdecimal()
    assert reading.identified.warning is None


def test_the_highest_score_reads() -> None:
    registry = Registry((TextExtractor(), MemoryExtractor("text/html", failure="file-damaged")))
    reading = read_component(io.BytesIO(documents.html()), "a.html", registry)
    assert reading.problem is not None
    assert (reading.problem.code, reading.extractor) == ("file-damaged", "memory/1")


def test_an_empty_registry_reads_nothing() -> None:
    assert read_component(io.BytesIO(b"text"), "a.txt", Registry(())).state == "file-unsupported"
