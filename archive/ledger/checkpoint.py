"""Checkpoints: how large the ledger is and what its root is, signed (C2SP tlog-checkpoint over signed-note).

    <origin>
    <size in decimal>
    <root in base64>
    (empty line)
    — <key name> <base64 of four bytes of key hash and the signature>

Parsing is strict, so that one checkpoint has one spelling: exactly three lines before the empty one, no leading
zeros, base64 as an encoder writes it, every line ended. Further signature lines (witnesses) are kept as they are.
Standard library and `cryptography` only.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from archive.ledger.merkle import HASH_SIZE
from archive.ledger.trust import Trust, TrustedKey, valid_name

MAX_NOTE_BYTES = 1 << 16
_MAX_SIGNATURES = 100
_MAX_SIZE = 2**63 - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_DASH = "— "
_HASH_BYTES = 4


class NotACheckpoint(ValueError):
    """Bytes that are not the one spelling of a signed checkpoint."""


class Verdict(Enum):
    """What a trust file says of a signed checkpoint."""

    VALID = "valid"
    OTHER_ORIGIN = "other origin"
    UNKNOWN_KEY = "unknown key"
    WRONG_SIGNATURE = "wrong signature"


@dataclass(frozen=True)
class Checkpoint:
    """The ledger at one size: `root` is the Merkle root (32 bytes) over its first `size` entries."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Signature:
    """One signature line: whose, the first four bytes of the key's hash, and the signature itself."""

    name: str
    key_hash: bytes
    value: bytes

    def line(self) -> str:
        """The line as it stands in the note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_hash + self.value).decode()}\n"


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint with its signature lines in their order."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def note(self) -> bytes:
        """The whole note."""
        return (self.checkpoint.text() + "\n" + "".join(line.line() for line in self.signatures)).encode()


def parse_note(note: bytes) -> SignedCheckpoint:
    """Read a signed checkpoint; `parse_note(x).note() == x`.

    Raises:
        NotACheckpoint: it is anything but the one spelling of one.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise NotACheckpoint("too large")
    try:
        text = note.decode()
    except UnicodeDecodeError as error:
        raise NotACheckpoint("not UTF-8") from error
    body, empty, tail = text.partition("\n\n")
    lines = tail.split("\n")
    if not empty or lines.pop() or not 0 < len(lines) <= _MAX_SIGNATURES:
        raise NotACheckpoint("no signature lines, or the last one has no end")
    signed = SignedCheckpoint(_parse_body(body.split("\n")), tuple(_parse_signature(line) for line in lines))
    if signed.note() != note:
        raise NotACheckpoint("a checkpoint, but spelt otherwise")
    return signed


def examine(signed: SignedCheckpoint, trust: Trust) -> Verdict:
    """Judge a signed checkpoint. A single wrong signature under a trusted key spoils it."""
    if signed.checkpoint.origin != trust.origin:
        return Verdict.OTHER_ORIGIN
    message = signed.checkpoint.text().encode()
    known = {(key.name, key.key_hash): key for key in trust.keys}
    verdicts = [
        _holds(known[line.name, line.key_hash], line.value, message)
        for line in signed.signatures
        if (line.name, line.key_hash) in known
    ]
    if not verdicts:
        return Verdict.UNKNOWN_KEY
    return Verdict.VALID if all(verdicts) else Verdict.WRONG_SIGNATURE


def trusted_lines(signed: SignedCheckpoint, trust: Trust) -> int:
    """How many signature lines are by keys of the trust file, good or bad."""
    known = {(key.name, key.key_hash) for key in trust.keys}
    return sum((line.name, line.key_hash) in known for line in signed.signatures)


def _holds(key: TrustedKey, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _parse_body(lines: Sequence[str]) -> Checkpoint:
    if len(lines) != 3:
        raise NotACheckpoint("not three lines")
    origin, size, root = lines
    if not valid_name(origin) or not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE:
        raise NotACheckpoint("no origin or no size")
    return Checkpoint(origin, int(size), _decode(root, HASH_SIZE, HASH_SIZE))


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not valid_name(name):
        raise NotACheckpoint("not a signature line")
    raw = _decode(encoded, _HASH_BYTES + 1, MAX_NOTE_BYTES)
    return Signature(name, raw[:_HASH_BYTES], raw[_HASH_BYTES:])


def _decode(text: str, least: int, most: int) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotACheckpoint("not base64") from error
    if not least <= len(raw) <= most:
        raise NotACheckpoint("base64 of the wrong length")
    return raw
