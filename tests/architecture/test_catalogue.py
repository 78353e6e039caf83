"""The message catalogue: nothing in it is dead, nothing is half translated."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from archive.evidence.codes import CODES
from archive.messages import catalogue
from tests.architecture.source import PACKAGES, ROOT, Source, parse, sources

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[a-z]")
_DATA = {".toml", ".csv", ".html", ".js", ".json"}


def _texts() -> list[Path]:
    return [
        file
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.suffix in _DATA and file.parent != ROOT / "archive/messages"
    ]


def _words(source: Source) -> set[str]:
    return {
        node.value for node in ast.walk(source.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _unused(codes: set[str], written: set[str], data: str) -> list[str]:
    return sorted(code for code in codes - written if not re.search(rf"(?<![\w-]){re.escape(code)}(?![\w-])", data))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_message_is_used_somewhere() -> None:
    written = {word for source in sources() if source.is_product for word in _words(source)}
    data = "\n".join(file.read_text(encoding="utf-8") for file in _texts())
    assert _unused(set(catalogue()), written, data) == []


def test_every_finding_of_the_verifier_has_its_sentences() -> None:
    assert sorted(set(CODES) - set(catalogue())) == []


def test_an_unused_message_is_noticed() -> None:
    written = _words(parse("raise InvalidInput('used-code')"))
    assert _unused({"used-code", "code-in-data", "used", "in-data"}, written, 'reason = "code-in-data"') == [
        "in-data",
        "used",
    ]


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_both_languages_ask_for_the_same_parameters(code: str) -> None:
    texts = catalogue()[code]
    assert _fields(texts["zh"]) == _fields(texts["en"])


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_message_is_a_sentence_in_its_language(code: str) -> None:
    texts = catalogue()[code]
    # An English sentence may quote Chinese words, and a Chinese one names of programs.
    assert len(_CHINESE.findall(texts["zh"])) >= 4
    assert len(_CHINESE.findall(texts["en"])) * 4 < len(_LATIN.findall(texts["en"]))
    assert texts["zh"].strip() == texts["zh"]
    assert texts["en"].strip() == texts["en"]
