"""Pictures: do they open and decode to the end, how large do they become, and do they end where they end."""

import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final

import PIL
from PIL import Image, UnidentifiedImageError

from archive.errors import InvalidInput
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.tiff import circles
from ingest.formats.trickery import behind, second_formats

TOOL: Final = f"Pillow {PIL.__version__}"

# MIME type -> the decoder that may be asked. No other is: some decoders of Pillow start programs.
FORMATS: Mapping[str, str] = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/jp2": "JPEG2000",
    "image/jpx": "JPEG2000",
    "image/avif": "AVIF",
}
# Bytes that one frame may take when decoded: more than an A0 sheet at 600 dots per inch in grey, and well below the
# memory of the process that decodes it. All frames together may take four times that, one after another.
_FRAME_BYTES = 640 << 20
_ALL_BYTES = 4 * _FRAME_BYTES
_FRAMES = 5_000
# Beyond this, a picture that is too large to decode was made to be: nothing natural is packed so small.
_NATURAL_RATIO = 1_000
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error)


def inspect_image(stream: BinaryIO, mime: str) -> tuple[Inspection, ...]:
    """A picture of type `mime`, one of `FORMATS`."""
    findings = Findings(TOOL)
    size = stream.seek(0, 2)
    stream.seek(0)
    try:
        with _quiet():
            _decode(stream, FORMATS[mime], size, findings)
    except InvalidInput as error:
        findings.refuse(error)
    second_formats(stream, findings)
    end = _end(stream, FORMATS[mime], size)
    if end is not None:
        behind(stream, end, findings)
    return findings.conclude()


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's own bound is one for all and only warns; ours is checked after opening and before decoding."""
    bound = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = bound


def _decode(stream: BinaryIO, decoder: str, size: int, findings: Findings) -> None:
    """Decode every frame.

    Raises:
        InvalidInput: `file-damaged`, `file-truncated`, `picture-bomb`, `picture-circle`.
    """
    if decoder == "TIFF" and circles(stream):
        # The decoder stops there without a word.
        raise InvalidInput("picture-circle")
    stream.seek(0)
    try:
        with Image.open(stream, formats=[decoder]) as checked:
            if _too_large(checked, size, findings):
                return
            if decoder == "PNG":
                checked.verify()
        stream.seek(0)
        with Image.open(stream, formats=[decoder]) as picture:
            _frames(picture, size, findings)
    except UnidentifiedImageError as error:
        if decoder == "AVIF":
            # The decoder refuses sound files that use more of the standard than it knows.
            findings.leave(Aspect.STRUCTURE, "format-not-inspected", format=decoder)
            return
        raise InvalidInput("file-damaged", detail="picture") from error
    except MemoryError:
        findings.leave(Aspect.STRUCTURE, "picture-too-large", limit=_FRAME_BYTES)
    except _BROKEN as error:
        cut = "truncated" in str(error).lower() or isinstance(error, EOFError)
        raise InvalidInput("file-truncated" if cut else "file-damaged", detail="picture") from error


def _frames(picture: Image.Image, size: int, findings: Findings) -> None:
    total = 0
    for number in range(_FRAMES):
        try:
            picture.seek(number)
        except EOFError:
            return
        if _too_large(picture, size, findings):
            return
        total += _bytes(picture)
        if total > _ALL_BYTES:
            break
        picture.load()
    findings.leave(Aspect.STRUCTURE, "picture-frames-unchecked")


def _bytes(picture: Image.Image) -> int:
    # Pillow keeps true colour in four bytes a pixel, everything else in one or in four.
    width, height = picture.size
    return width * height * (1 if picture.mode in {"1", "L", "P"} else 4)


def _too_large(picture: Image.Image, size: int, findings: Findings) -> bool:
    """Whether the picture is too large to be decoded, which is then told.

    Raises:
        InvalidInput: `picture-bomb`, and so much so that nobody made it for looking at.
    """
    needed = _bytes(picture)
    if needed <= _FRAME_BYTES:
        return False
    if needed > _NATURAL_RATIO * size:
        raise InvalidInput("picture-bomb", width=picture.size[0], height=picture.size[1])
    findings.leave(Aspect.STRUCTURE, "picture-too-large", limit=_FRAME_BYTES)
    return True


def _end(stream: BinaryIO, decoder: str, size: int) -> int | None:
    """Where the picture ends by its own account, None where that cannot be told."""
    stream.seek(0)
    if decoder == "PNG":
        return _end_of_png(stream, size)
    if decoder == "JPEG":
        return _end_of_jpeg(stream.read(min(size, 256 << 20)))
    if decoder == "GIF":
        return _end_of_gif(stream.read(min(size, 256 << 20)))
    if decoder == "BMP":
        header = stream.read(6)
        return int.from_bytes(header[2:6], "little") or None
    if decoder == "WEBP":
        header = stream.read(8)
        stated = int.from_bytes(header[4:8], "little") + 8
        return stated + stated % 2
    return None


def _end_of_png(stream: BinaryIO, size: int) -> int | None:
    at = 8
    while at + 12 <= size:
        stream.seek(at)
        length, kind = struct.unpack(">L4s", stream.read(8))
        at += 12 + int(length)
        if kind == b"IEND":
            return at
    return None


def _end_of_jpeg(content: bytes) -> int | None:
    """Behind the end mark of the picture (ITU-T T.81, B.1). Further pictures behind it, as cameras write, belong."""
    at = 2
    while 0 <= at < len(content) - 1:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return None
        mark = content[at + 1]
        if mark == 0xD9:
            if content[at + 2 : at + 5] != b"\xff\xd8\xff":
                return at + 2
            at += 4
        elif mark in {0x00, 0xFF, 0x01} or 0xD0 <= mark <= 0xD8:
            at += 1 if mark == 0xFF else 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _end_of_gif(content: bytes) -> int | None:
    """Behind the trailer (GIF89a, 27), found by walking the blocks."""
    if len(content) < 13:
        return None
    at = 13 + (3 << (content[10] & 7) + 1 if content[10] & 0x80 else 0)
    while at < len(content):
        kind = content[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            at += 2
        elif kind == 0x2C and at + 9 < len(content):
            flags = content[at + 9]
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            return None
        while at < len(content) and content[at]:
            at += 1 + content[at]
        at += 1
    return None
