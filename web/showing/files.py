"""Files as they are sent: parts of them, and headers that keep what they contain from acting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import quote

from web.headers import PAGE_POLICY

CHUNK = 256 * 1024

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_INLINE = re.compile(
    r"(?:image/(?:png|jpeg|gif|webp)|(?:video|audio)/[a-z0-9.+-]+|text/(?:plain|html)|application/pdf)",
)
_SANDBOXED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'"


class NoSuchRange(ValueError):
    """A part that begins behind the end of the file, or ends before it begins."""


@dataclass(frozen=True)
class Part:
    """The bytes from `start` up to, not including, `end`. `whole` says that no part was asked for."""

    start: int
    end: int
    whole: bool


def part_of(asked: str | None, size: int) -> Part:
    """What a Range header asks for of `size` bytes (RFC 9110, 14). Several ranges at once are answered whole.

    Raises:
        NoSuchRange: nothing of it exists.
    """
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or not (match[1] or match[2]):
        return Part(0, size, whole=True)
    if match[1]:
        start, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
    else:
        start, end = max(0, size - int(match[2])), size
    if start >= end:
        raise NoSuchRange
    return Part(start, end, whole=False)


def stream(source: BinaryIO, part: Part) -> Iterator[bytes]:
    """The bytes of `part` in pieces; closes `source` at the end, also when nobody listens any more."""
    with source:
        source.seek(part.start)
        left = part.end - part.start
        while left > 0 and (piece := source.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece


def shown_inline(media_type: str) -> bool:
    """Whether a browser may show this itself; everything else is only handed over."""
    return _INLINE.fullmatch(media_type) is not None


def policy_for(media_type: str) -> str:
    """The content security policy of a file.

    A file is shown in a sandbox without scripts and without an origin. PDF viewers refuse to work in one, and they are
    sandboxes themselves.
    """
    return PAGE_POLICY.replace("default-src 'none'", "default-src 'self'") if "pdf" in media_type else _SANDBOXED


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition with the original name in UTF-8 (RFC 6266, RFC 8187) and a plain one beside it."""
    clean = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff/\\]", "_", name)
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", clean) or "file"
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
