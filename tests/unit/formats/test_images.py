import io
import struct
import zlib

import pytest
from PIL import Image

from ingest.formats.inspection import Aspect
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import codes, harmless, looked

KINDS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000"]


def picture(kind: str, frames: int = 1) -> bytes:
    target = io.BytesIO()
    shades = [Image.linear_gradient("L").rotate(number).convert("RGB") for number in range(frames)]
    more = {"save_all": True, "append_images": shades[1:]} if frames > 1 else {}
    shades[0].save(target, kind, **more)
    return target.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def claiming(width: int, height: int) -> bytes:
    """A PNG of hardly any bytes that claims a size."""
    header = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", KINDS)
def test_sound_pictures_pass(kind: str) -> None:
    harmless(picture(kind))


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_pictures_of_many_pages_pass(kind: str) -> None:
    harmless(picture(kind, frames=3))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_pictures_that_were_cut_off_fail(kind: str) -> None:
    content = picture(kind)
    told = codes(content[: len(content) * 2 // 3], Aspect.STRUCTURE)
    assert told <= {"file-truncated", "file-damaged"}


def test_a_picture_of_impossible_size_is_not_decoded() -> None:
    assert codes(claiming(60_000, 60_000), Aspect.STRUCTURE) == {"picture-bomb"}


def test_a_changed_byte_in_a_png_is_found() -> None:
    content = bytearray(picture("PNG"))
    content[len(content) // 2] ^= 0xFF
    assert codes(bytes(content), Aspect.STRUCTURE) <= {"file-damaged", "file-truncated"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
@pytest.mark.parametrize(
    ("added", "code"),
    [
        (documents.zipped({"a.txt": b"x" * 100}), "second-format"),
        (documents.pdf(), "second-format"),
        (b"MZ" + bytes(200) + b"x", "second-format"),
        (b"\x7fELF" + bytes(200) + b"x", "second-format"),
        (b"secret words", "bytes-behind-end"),
    ],
)
def test_what_stands_behind_the_end_is_found(kind: str, added: bytes, code: str) -> None:
    told = codes(picture(kind) + added, Aspect.CONCEALED)
    # A small picture before a PDF is taken for the PDF that every reader sees in it.
    assert {code, "pdf-bytes-before"} & told


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_padding_behind_the_end_is_nothing(kind: str) -> None:
    harmless(picture(kind) + bytes(64))


@pytest.mark.parametrize("said", [b"<script>alert(1)</script>", b"<?php x"])
def test_markup_in_the_head_of_a_picture_is_found(said: bytes) -> None:
    content = picture("PNG")
    hidden = content[:33] + chunk(b"tEXt", b"Comment\0" + said) + content[33:]
    assert codes(hidden, Aspect.CONCEALED) == {"second-format"}


def test_a_second_picture_behind_the_first_belongs_to_it() -> None:
    harmless(picture("JPEG") + picture("JPEG"))


def test_a_picture_leaves_the_bounds_of_its_decoder_as_they_were() -> None:
    bound = Image.MAX_IMAGE_PIXELS
    looked(picture("PNG"))
    assert bound == Image.MAX_IMAGE_PIXELS


def test_a_large_picture_that_is_no_bomb_is_not_checked() -> None:
    content = claiming(16_000, 16_000)
    large = content[:-12] + chunk(b"aaAa", bytes(1_100_000)) + content[-12:]
    assert codes(large, Aspect.STRUCTURE, Outcome.NOT_CHECKED) == {"picture-too-large"}
