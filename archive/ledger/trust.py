"""What a verifier believes beforehand: the name of a ledger and the public keys that may speak for it.

A trust file is JSON, `{"version": 1, "origin": …, "keys": [{"name": …, "algorithm": "ed25519", "key": base64}]}`.
It reaches the verifier by another way than the bundle it is to judge. Standard library only.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

VERSION = 1
MAX_TRUST_BYTES = 1 << 20
_ED25519 = b"\x01"
_KEY_BYTES = 32
_NAME_BYTES = 512


class TrustUnreadable(ValueError):
    """A trust file that does not say what one must say."""


@dataclass(frozen=True)
class TrustedKey:
    """An Ed25519 public key (32 bytes) under the name that stands in signature lines."""

    name: str
    key: bytes

    @property
    def key_hash(self) -> bytes:
        """The four bytes that lead a signature made by this key (C2SP signed-note, "Signature types")."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]


@dataclass(frozen=True)
class Trust:
    """One ledger, by its origin line, and every key it has ever signed with."""

    origin: str
    keys: tuple[TrustedKey, ...]


def valid_name(name: str) -> bool:
    """Whether `name` can stand in a note: some text without spaces, plus signs or control characters."""
    return 0 < len(name.encode(errors="replace")) <= _NAME_BYTES and all(
        character.isprintable() and not character.isspace() and character != "+" for character in name
    )


def parse_trust(data: bytes) -> Trust:
    """Read a trust file.

    Raises:
        TrustUnreadable: it is no trust file of version 1, names no key, or a key is no Ed25519 public key.
    """
    if len(data) > MAX_TRUST_BYTES:
        raise TrustUnreadable("too large")
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise TrustUnreadable("not JSON") from error
    if not isinstance(value, dict) or type(value.get("version")) is not int or value["version"] != VERSION:
        raise TrustUnreadable("not version 1")
    origin, keys = value.get("origin"), value.get("keys")
    if not isinstance(origin, str) or not valid_name(origin):
        raise TrustUnreadable("no origin")
    if not isinstance(keys, list) or not keys:
        raise TrustUnreadable("no keys")
    return Trust(origin, tuple(_parse_key(key) for key in keys))


def dump_trust(trust: Trust) -> bytes:
    """The trust file for `trust`, laid out for people."""
    keys = [{"name": key.name, "algorithm": "ed25519", "key": base64.b64encode(key.key).decode()} for key in trust.keys]
    document = {"version": VERSION, "origin": trust.origin, "keys": keys}
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _parse_key(value: Any) -> TrustedKey:
    if not isinstance(value, dict) or value.get("algorithm") != "ed25519":
        raise TrustUnreadable("a key that is not ed25519")
    name, key = value.get("name"), value.get("key")
    if not isinstance(name, str) or not valid_name(name) or not isinstance(key, str):
        raise TrustUnreadable("a key without a name or without its bytes")
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrustUnreadable("a key that is not base64") from error
    if len(raw) != _KEY_BYTES:
        raise TrustUnreadable("a key that is not 32 bytes long")
    return TrustedKey(name, raw)
