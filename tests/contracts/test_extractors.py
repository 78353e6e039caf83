"""The contract of extractors, run on the twin and on every adapter."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from archive.messages import catalogue
from ingest.extractors.html import HtmlExtractor
from ingest.extractors.memory import MemoryExtractor
from ingest.extractors.ofd import OfdExtractor
from ingest.extractors.pdf import PdfExtractor
from ingest.extractors.port import Extractor, Limits
from ingest.extractors.registry import build_registry
from ingest.extractors.sheet import SheetExtractor
from ingest.extractors.text import TextExtractor
from ingest.extractors.tika import TikaExtractor
from ingest.extractors.tika_server import TikaServer
from ingest.extractors.word import WordExtractor
from ingest.formats.identify import identify
from ingest.formats.types import Identified
from tests.contracts.tika_servers import registry_with
from tests.services import service_url
from tests.unit.extractors import documents
from tests.unit.extractors.documents import LINES


@dataclass(frozen=True)
class Case:
    extractor: Extractor
    make: Callable[[Sequence[str]], bytes]
    file_name: str
    score: int = 100
    warnings: tuple[str, ...] = ()


def _rows(lines: Sequence[str]) -> bytes:
    return documents.xlsx([(line,) for line in lines])


CASES = {
    "memory": Case(MemoryExtractor(), documents.text, "notice.txt"),
    "text": Case(TextExtractor(), documents.text, "notice.txt"),
    "html": Case(HtmlExtractor(), documents.html, "notice.html"),
    "pdf": Case(PdfExtractor(), documents.pdf, "notice.pdf"),
    "word": Case(WordExtractor(), documents.docx_file, "notice.docx"),
    "sheet": Case(SheetExtractor(), _rows, "notice.xlsx"),
    "ofd": Case(OfdExtractor(), documents.ofd, "notice.ofd"),
}


def _tika() -> Case:
    extractor = TikaExtractor(TikaServer(service_url("tika")))
    # It is asked where nobody of ours reads a format, and does not look for what runs.
    return Case(extractor, documents.rtf, "notice.rtf", score=10, warnings=("active-content-unchecked",))


@pytest.fixture(params=[*CASES, pytest.param("tika", marks=pytest.mark.services)])
def case(request: pytest.FixtureRequest) -> Case:
    return _tika() if request.param == "tika" else CASES[request.param]


def test_chinese_text_comes_out_in_order_one_line_each(case: Case) -> None:
    found = case.extractor.extract(io.BytesIO(case.make(LINES)), Limits())
    assert found.text.splitlines()[-3:] == list(LINES)
    assert found.complete
    assert found.warnings == case.warnings


def test_the_same_bytes_give_the_same_extraction_wherever_the_stream_stands(case: Case) -> None:
    stream = io.BytesIO(case.make(LINES))
    first = case.extractor.extract(stream, Limits())
    assert not stream.closed
    stream.seek(7)
    assert case.extractor.extract(stream, Limits()) == first
    assert case.extractor.extract(io.BytesIO(stream.getvalue()), Limits()) == first


def test_an_empty_file_is_named_so(case: Case) -> None:
    with pytest.raises(InvalidInput) as caught:
        case.extractor.extract(io.BytesIO(b""), Limits())
    assert caught.value.code == "file-empty"


def test_a_closed_stream_is_unreadable(case: Case) -> None:
    stream = io.BytesIO(case.make(LINES))
    stream.close()
    with pytest.raises(InvalidInput) as caught:
        case.extractor.extract(stream, Limits())
    assert caught.value.code == "file-unreadable"


def test_a_file_cut_in_a_character_or_a_structure_is_never_complete(case: Case) -> None:
    content = case.make(LINES)
    cut = content.rindex("有".encode()) + 2 if "有".encode() in content else len(content) * 2 // 3
    with pytest.raises(InvalidInput) as caught:
        case.extractor.extract(io.BytesIO(content[:cut]), Limits())
    assert caught.value.code == "file-truncated"


def test_a_limit_cuts_the_text_and_says_so(case: Case) -> None:
    found = case.extractor.extract(io.BytesIO(case.make(LINES)), Limits(characters=15))
    assert 0 < len(found.text) <= 15
    assert not found.complete
    assert "text-cut" in found.warnings


def test_a_file_without_words_warns(case: Case) -> None:
    found = case.extractor.extract(io.BytesIO(case.make((" ",))), Limits())
    assert found.text in {"", "Sheet"}
    assert "file-no-text" in found.warnings or found.text == "Sheet"


def test_text_carries_no_control_characters(case: Case) -> None:
    found = case.extractor.extract(io.BytesIO(case.make(("甲\u0085乙", "丙"))), Limits())
    assert not [character for character in found.text if ord(character) < 32 and character not in "\n\t"]
    assert "\u0085" not in found.text


def test_it_scores_its_own_format_and_nothing_unknown(case: Case) -> None:
    identified = identify(io.BytesIO(case.make(LINES)), case.file_name)
    assert case.extractor.score(identified) == case.score
    assert case.extractor.score(Identified(None, "application/octet-stream", "Unknown", "", None)) == 0
    assert case.extractor.name
    assert case.extractor.version


@pytest.mark.parametrize("name", [name for name in CASES if name != "memory"])
def test_the_registry_chooses_it(name: str) -> None:
    case = CASES[name]
    chosen = build_registry().choose(identify(io.BytesIO(case.make(LINES)), case.file_name))
    assert chosen is not None
    assert chosen.name == name


@pytest.mark.services
def test_the_registry_chooses_a_server_only_for_what_nobody_else_reads() -> None:
    registry = registry_with(service_url("tika"))
    for name, own in CASES.items():
        chosen = registry.choose(identify(io.BytesIO(own.make(LINES)), own.file_name))
        assert chosen is not None
        assert chosen.name == ("text" if name == "memory" else name)
    chosen = registry.choose(identify(io.BytesIO(documents.rtf()), "notice.rtf"))
    assert chosen is not None
    assert chosen.name == "tika"


def test_every_code_the_contract_names_is_in_the_catalogue() -> None:
    codes = (Path(__file__).parents[2] / "ingest/extractors/port.py").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", codes))
    assert len(named) > 10
    assert named <= set(catalogue())
