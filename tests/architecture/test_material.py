"""Real material stays where it is: nothing of it, not a file and not a row, is copied into the project.

Public notices name people, with telephone and identity numbers. Reading them in place is a test; copying them into a
repository publishes them a second time, for ever.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

pytestmark = pytest.mark.slow

# Shorter files and texts are alike by chance: an empty file, a licence line, the name of a kind of notice.
_SHORTEST_FILE = 64
_SHORTEST_TEXT = 24


def _own_files() -> list[Path]:
    listed = subprocess.run(  # what the repository holds or would hold, not what lies about in it
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [file for name in listed.stdout.split("\0") if name and (file := ROOT / name).is_file()]


def _texts(row: object) -> Iterator[str]:
    if isinstance(row, str):
        yield from (line.strip() for line in row.splitlines())
    elif isinstance(row, dict):
        for value in row.values():
            yield from _texts(value)
    elif isinstance(row, list):
        for value in row:
            yield from _texts(value)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _notice_texts(folder: Path) -> set[bytes]:
    return {
        _hash(text)
        for file in sorted((folder / "notices").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
        for text in _texts(json.loads(line))
        if len(text) >= _SHORTEST_TEXT
    }


def _copied_texts(text: str, known: set[bytes]) -> int:
    pieces = {piece.strip() for line in text.splitlines() for piece in (line, *line.split('"'), *line.split("'"))}
    return sum(1 for piece in pieces if len(piece) >= _SHORTEST_TEXT and _hash(piece) in known)


def test_no_file_is_copied(shared_data: Path) -> None:
    sizes: dict[int, list[Path]] = {}
    for file in shared_data.rglob("*"):
        if file.is_file() and file.stat().st_size >= _SHORTEST_FILE:
            sizes.setdefault(file.stat().st_size, []).append(file)
    copied = [
        str(own.relative_to(ROOT))
        for own in _own_files()
        if any(own.read_bytes() == other.read_bytes() for other in sizes.get(own.stat().st_size, ()))
    ]
    assert copied == []


def test_no_title_and_no_sentence_is_copied(shared_data: Path) -> None:
    known = _notice_texts(shared_data)
    copied = [
        # The name and the number only: what was copied may name a person.
        f"{own.relative_to(ROOT)} holds {count} texts of real notices"
        for own in _own_files()
        if (count := _copied_texts(own.read_text(encoding="utf-8", errors="ignore"), known))
    ]
    assert copied == []


def test_a_copied_sentence_is_noticed() -> None:
    sentence = "某某市某某区某某街道道路改造工程施工总承包中标候选人公示"
    known = {_hash(sentence)}
    assert _copied_texts(f'TITLE = "{sentence}"', known) == 1
    assert _copied_texts(f"{sentence}\n\n再来一行", known) == 1
    assert _copied_texts(f"TITLE = '{sentence[:-1]}'", known) == 0
