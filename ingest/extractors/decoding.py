"""Bytes to text without guessing: byte order mark, strict UTF-8, what the file declares, strict GB18030. Else refused.

Statistical detection gives no answer for short Chinese texts; two strict attempts do. GB18030-2022 contains GB 2312 and
GBK, so it reads everything older Chinese systems wrote.
"""

import codecs
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import InvalidInput

_CHUNK = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HONOURED = {"big5": "big5hkscs", "big5-hkscs": "big5hkscs", "shift_jis": "cp932", "iso-8859-1": "cp1252"}


@dataclass(frozen=True)
class Decoded:
    """Text, the encoding that gave it, and whether it is all of it."""

    text: str
    encoding: str
    complete: bool


def decoded(stream: BinaryIO, limit: int, declared: str = "") -> Decoded:
    """The text of `stream`, at most `limit` characters of it; the rest is still read to be sure of the encoding.

    `declared` is the encoding an HTML page names; it is tried after UTF-8.

    Raises:
        InvalidInput: `text-undecodable`, no encoding fits or there are zero bytes in it; `file-truncated`, it ends in
            the middle of a character.
    """
    stream.seek(0)
    opening = stream.read(4)
    for mark, encoding in _MARKS:
        if opening.startswith(mark):
            result = _attempt(stream, len(mark), encoding, limit)
            if result is None:
                raise InvalidInput("text-undecodable")
            return result
    honoured = _HONOURED.get(declared.lower())
    for encoding in ("utf-8", *([honoured] if honoured else []), "gb18030"):
        result = _attempt(stream, 0, encoding, limit)
        if result is not None:
            return result
    raise InvalidInput("text-undecodable")


def _attempt(stream: BinaryIO, start: int, encoding: str, limit: int) -> Decoded | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(start)
    pieces: list[str] = []
    left = limit
    foreign = False
    try:
        while chunk := stream.read(_CHUNK):
            text = decoder.decode(chunk)
            if "\0" in text:
                raise InvalidInput("text-undecodable")
            foreign = foreign or not text.isascii()
            pieces.append(text[: max(left, 0)])
            left = max(left - len(text), -1) if left >= 0 else left
    except UnicodeDecodeError:
        return None
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # Everything but the last bytes fits, and some of it was beyond ASCII: right encoding, cut in a character.
        if foreign:
            raise InvalidInput("file-truncated") from error
        return None
    return Decoded("".join(pieces), encoding, left >= 0)
