import io
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import InvalidInput
from archive.messages import render
from ingest.formats.identify import identify
from ingest.formats.inspecting import inspect
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.types import UNIDENTIFIED
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import HARMLESS, codes, looked
from tests.unit.formats.test_images import picture

SOUND = {
    "a.docx": documents.docx_file(),
    "a.xlsx": documents.xlsx(),
    "a.ofd": documents.ofd(),
    "a.odt": documents.odt(),
    "a.rtf": documents.rtf(),
    "a.html": documents.html(),
    "a.zip": documents.zipped({"a": b"x" * 100}),
    "a.png": picture("PNG"),
    "a.jpg": picture("JPEG"),
    "a.gif": picture("GIF"),
}


def told(found: tuple[Inspection, ...]) -> None:
    """Whatever was found has sentences, and a reason where it did not pass."""
    for inspection in found:
        assert inspection.observations or inspection.outcome is Outcome.PASS
        for seen in inspection.observations:
            assert render(seen.code, dict(seen.params), "zh")
            assert render(seen.code, dict(seen.params), "en")


def test_a_format_that_nobody_looks_into_is_not_checked() -> None:
    content = b"\x01\x02\x03\0\xfe" * 20
    for aspect in HARMLESS:
        assert codes(content, aspect, Outcome.NOT_CHECKED) == {"format-not-inspected"}


def test_an_empty_file_fails_and_nothing_about_it_passes() -> None:
    found = looked(b"")
    assert codes(b"", Aspect.STRUCTURE) == {"file-empty"}
    assert all(inspection.outcome is not Outcome.PASS for inspection in found.values())


@pytest.mark.parametrize(
    "content",
    [b"MZ" + bytes(300), b"\x7fELF\x02\x01\x01" + bytes(300), b"#!/bin/sh\necho\n"],
)
def test_programs_are_named_whatever_they_are_called(content: bytes) -> None:
    assert codes(content, Aspect.ACTIVE, name="公告.pdf") == {"file-is-program"}


def test_a_stream_that_fails_is_unreadable() -> None:
    stream = io.BytesIO(b"x")
    stream.close()
    with pytest.raises(InvalidInput) as caught:
        inspect(stream, UNIDENTIFIED, Limits())
    assert caught.value.code == "file-unreadable"


@pytest.mark.parametrize("name", sorted(SOUND))
def test_a_sound_file_gives_the_same_verdict_twice(name: str) -> None:
    assert looked(SOUND[name], name) == looked(SOUND[name], name)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(SOUND)), seed=st.integers(0, 2**32))
def test_whatever_happens_to_the_bytes_there_is_a_verdict_with_reasons(name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret, a test
    content = bytearray(SOUND[name])
    for _ in range(chance.randint(1, 20)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    cut = bytes(content[: chance.randint(1, len(content))])
    for damaged in (bytes(content), cut):
        stream = io.BytesIO(damaged)
        told(inspect(stream, identify(stream, name), Limits()))


@pytest.mark.parametrize("folder", ["media-derived", "mp4parse-media", "format-corpus"])
def test_every_file_of_a_corpus_gets_a_verdict_with_reasons(shared_data: Path, folder: str) -> None:
    seen = 0
    for path in sorted((shared_data / "files" / folder).rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                told(inspect(stream, identify(stream, path.name), Limits()))
            seen += 1
    assert seen


def test_the_registry_is_agreed_with_on_its_own_examples(shared_data: Path) -> None:
    examples = [
        (path, f"{found[1] or ''}fmt/{found[2]}")
        for path in sorted((shared_data / "files" / "siegfried-pronom").rglob("*"))
        if (found := re.match(r"(x-)?fmt-(\d+)-", path.name)) and path.is_file()
    ]
    missed = []
    for path, puid in examples:
        with path.open("rb") as stream:
            told_puid = identify(stream, path.name).puid
        if told_puid != puid:
            missed.append(f"{path.name}: {told_puid}")
    assert len(examples) > 1_000
    assert len(missed) <= 0.02 * len(examples), "\n".join(missed)


@pytest.mark.parametrize(
    ("name", "declared", "warning"),
    [
        ("a.docx", "application/zip", None),
        ("a.docx", "application/msword", None),
        ("a.docx", "application/pdf", "extension-mismatch"),
        ("a.html", "text/plain; charset=utf-8", None),
        ("a.html", "application/pdf", "extension-mismatch"),
    ],
)
def test_a_source_may_state_a_type_loosely_but_not_another(name: str, declared: str, warning: str | None) -> None:
    assert identify(io.BytesIO(SOUND[name]), name, declared).warning == warning
