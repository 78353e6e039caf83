from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import InvalidInput
from ingest.uploads.metadata import MOST_CHARACTERS, Said, read_metadata

ZONE = ZoneInfo("Asia/Shanghai")


def header(**values: str | bytes) -> str:
    pairs = {key: value if isinstance(value, bytes) else value.encode() for key, value in values.items()}
    return ",".join(f"{key} {b64encode(value).decode()}" for key, value in pairs.items())


def read(**values: str | bytes) -> Said:
    return read_metadata(header(**values), ZONE)


def test_everything_said_is_read() -> None:
    said = read(
        filename="招标公告.pdf",
        id="n1",
        title="某工程招标公告",
        published="2026-03-27 09:30",
        region="370100",
        source="people",
        sha256="A" * 64,
        hints='{"project_code": "X1", "section_codes": ["a"], "odd": {"x": 1}}',
        filetype="application/pdf",
        relativePath="null",
    )
    assert (said.name, said.file_name, said.name_bytes, said.id) == ("招标公告.pdf", "招标公告.pdf", None, "n1")
    assert said.published == datetime(2026, 3, 27, 1, 30, tzinfo=UTC)
    assert said.sha256 == "a" * 64
    assert said.hints == {"project_code": "X1", "section_codes": ["a"]}
    assert (said.media_type, said.region, said.source) == ("application/pdf", "370100", "people")


@pytest.mark.parametrize(
    ("given_name", "name", "file_name", "raw"),
    [
        ("../../etc/passwd", "../../etc/passwd", "passwd", b"../../etc/passwd"),
        ("..", "..", "file", b".."),
        ("a\\b\\", "a\\b\\", "file", b"a\\b\\"),
        ("a\x00\x1bb", "a\ufffd\ufffdb", "a\ufffd\ufffdb", b"a\x00\x1bb"),
        ("公告.txt".encode("gb18030"), "公告.txt", "公告.txt", "公告.txt".encode("gb18030")),
    ],
)
def test_a_name_is_shown_safely_and_kept_byte_for_byte(
    given_name: str | bytes, name: str, file_name: str, raw: bytes
) -> None:
    said = read(filename=given_name)
    assert (said.name, said.file_name, said.name_bytes) == (name, file_name, raw)


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("upload-name", {}),
        ("upload-name", {"filename": "  "}),
        ("upload-name", {"filename": "x" * 513}),
        ("upload-text", {"filename": "a", "title": b"\xff\xfe"}),
        ("upload-text", {"filename": "a", "title": "a\x00"}),
        ("upload-text", {"filename": "a", "id": "x" * 513}),
        ("upload-text", {"filename": "a", "id": "a\nb"}),
        ("upload-published", {"filename": "a", "published": "昨天"}),
        ("upload-digest", {"filename": "a", "sha256": "abc"}),
        ("upload-hints", {"filename": "a", "hints": "[]"}),
        ("upload-hints", {"filename": "a", "hints": "{"}),
        ("upload-hints", {"filename": "a", "hints": "[" * 9000}),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(code: str, values: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(**values)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["filename ***", "filename YQ", "filename " + "A" * MOST_CHARACTERS])
def test_what_is_no_list_of_pairs_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_metadata(text, ZONE)
    assert refused.value.code == "upload-metadata"


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_make_a_name_that_can_be_kept_or_are_refused(raw: bytes) -> None:
    try:
        said = read(filename=raw)
    except InvalidInput:
        assert not raw.decode("utf-8", "replace").strip()
        return
    assert "/" not in said.file_name
    assert said.file_name.isprintable() or "\ufffd" in said.file_name or said.file_name.strip()
    assert (said.name_bytes or said.file_name.encode()) == raw


@given(st.text(max_size=300))
def test_any_header_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        read_metadata(text, ZONE)
