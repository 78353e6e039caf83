"""The message catalogue: nothing in it is dead, nothing is half translated."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from archive.messages import catalogue
from tests.architecture.source import PACKAGES, ROOT, Source, parse, sources

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
    assert re.search(r"[\u4e00-\u9fff]", texts["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", texts["en"])
    assert texts["zh"].strip() == texts["zh"]
    assert texts["en"].strip() == texts["en"]
