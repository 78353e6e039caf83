"""Values of DER (X.690) cut out of bytes, without believing any length they claim.

The structures of Chinese seals are not known to the libraries at hand, and what is signed in them is a stretch of the
original bytes. So pieces keep the bytes they were read from.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from archive.errors import InvalidInput

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
_HIGH_TAG = 0x1F
_LONG_LENGTH = 0x80
_MOMENTS = {UTC_TIME: ("%y%m%d%H%M%SZ", "%y%m%d%H%MZ"), GENERALIZED_TIME: ("%Y%m%d%H%M%SZ", "%Y%m%d%H%M%S.%fZ")}


@dataclass(frozen=True)
class Piece:
    """One value: its identifier octet, its content, and all of it as it was encoded."""

    tag: int
    content: bytes
    encoded: bytes


def whole(encoded: bytes, tag: int, part: str) -> Piece:
    """The one value that `encoded` is.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`: another kind of value, or more than one.
    """
    found = inside(encoded, part, 1)
    if len(found) != 1:
        raise unknown(part)
    return expected(found[0], tag, part)


def inside(content: bytes, part: str, limit: int = 1_000) -> list[Piece]:
    """The values that stand one after the other in `content`.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`: not DER, or more than `limit` values.
    """
    pieces: list[Piece] = []
    at = 0
    while at < len(content):
        if len(pieces) == limit:
            raise unknown(part)
        start, end = _extent(content, at, part)
        pieces.append(Piece(content[at], content[start:end], content[at:end]))
        at = end
    return pieces


def expected(piece: Piece, tag: int, part: str) -> Piece:
    """`piece`, which has to be a value of the kind `tag`.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`.
    """
    if piece.tag != tag:
        raise unknown(part)
    return piece


def bits(piece: Piece, part: str) -> bytes:
    """The octets of a BIT STRING, whose last octet has to be full.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`.
    """
    content = expected(piece, BIT_STRING, part).content
    if content[:1] != b"\0":
        raise unknown(part)
    return content[1:]


def whole_number(piece: Piece, part: str) -> int:
    """The value of an INTEGER in its shortest encoding.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`.
    """
    content = expected(piece, INTEGER, part).content
    padded = len(content) > 1 and (content[0], content[1] >> 7) in {(0, 0), (0xFF, 1)}
    if not content or padded:
        raise unknown(part)
    return int.from_bytes(content, "big", signed=True)


def dotted(piece: Piece, part: str) -> str:
    """An OBJECT IDENTIFIER in its dotted form.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`.
    """
    content = expected(piece, OBJECT_IDENTIFIER, part).content
    if not content or len(content) > 64 or content[-1] & 0x80:
        raise unknown(part)
    arcs = [0]
    for octet in content:
        arcs[-1] = arcs[-1] << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(0)
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:-1]))


def moment(piece: Piece, part: str) -> datetime:
    """A UTCTime or GeneralizedTime, which DER writes in UTC.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming `part`.
    """
    for form in _MOMENTS.get(piece.tag, ()):
        try:
            return datetime.strptime(piece.content.decode("ascii"), form).replace(tzinfo=UTC)
        except (ValueError, UnicodeDecodeError):
            continue
    raise unknown(part)


def sequence_of(*pieces: Piece) -> bytes:
    """A SEQUENCE of values as they were encoded."""
    content = b"".join(piece.encoded for piece in pieces)
    if len(content) < _LONG_LENGTH:
        return bytes((SEQUENCE, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((SEQUENCE, _LONG_LENGTH + len(length))) + length + content


def unknown(part: str) -> InvalidInput:
    """The error for a part of a signature or seal that is not built as its standard says."""
    return InvalidInput("seal-structure-unknown", part=part)


def _extent(content: bytes, at: int, part: str) -> tuple[int, int]:
    """Where the content of the value at `at` begins and ends."""
    if at + 2 > len(content) or content[at] & _HIGH_TAG == _HIGH_TAG:
        raise unknown(part)
    length = content[at + 1]
    start = at + 2
    if length >= _LONG_LENGTH:
        octets = length - _LONG_LENGTH
        start += octets
        # No octets of length would be the indefinite form, which DER does not have.
        if not 0 < octets <= 4 or start > len(content):
            raise unknown(part)
        length = int.from_bytes(content[at + 2 : start], "big")
    if start + length > len(content):
        raise unknown(part)
    return start, start + length
