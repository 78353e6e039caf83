import json
from pathlib import Path

import pytest

from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import codes, harmless, looked


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (documents.html(), "a.html"),
        (documents.text(), "a.txt"),
        ("公告".encode("gb18030"), "a.txt"),
        ("公告".encode("utf-16"), "a.txt"),
        (documents.mail(), "a.eml"),
    ],
)
def test_plain_pages_texts_and_messages_pass(content: bytes, name: str) -> None:
    harmless(content, name)


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (b"<script>1</script>", "page-active"),
        (b'<p onclick="1">', "page-active"),
        (b'<a href="javascript:1">', "page-active"),
        (b"<iframe src=a></iframe>", "page-active"),
        (b'<img src="https://example.org/a.png">', "page-loads"),
        (b"<form action=a></form>", "page-form"),
    ],
)
def test_what_a_page_runs_or_loads_is_told_and_passes(inside: bytes, code: str) -> None:
    content = documents.html().replace(b"<body>", b"<body>" + inside)
    assert code in codes(content, Aspect.ACTIVE, Outcome.PASS, "a.html")


def test_characters_that_turn_the_text_are_told() -> None:
    assert codes("公告\u202eabc".encode(), Aspect.CONCEALED, Outcome.PASS, "a.txt") == {"text-turned"}


def test_control_characters_are_told() -> None:
    assert codes("公告\x07".encode(), Aspect.STRUCTURE, Outcome.PASS, "a.txt") == {"text-controls"}


def test_attachments_of_a_message_are_told() -> None:
    content = documents.mail(attachments=["x"])
    assert codes(content, Aspect.CONCEALED, name="a.eml") == {"mail-attachment"}


def test_published_notices_pass(shared_data: Path) -> None:
    seen = 0
    for source in sorted((shared_data / "notices").glob("*html*.jsonl")):
        with source.open(encoding="utf-8") as lines:
            for line, _ in zip(lines, range(100), strict=False):
                page = max((value for value in json.loads(line).values() if isinstance(value, str)), key=len)
                for inspection in looked(page.encode("utf-8", "replace"), "a.html").values():
                    assert inspection.outcome is Outcome.PASS, inspection
                seen += 1
    assert seen
