"""Verification of SM2 signatures over SM3 (GB/T 32918.2-2016, recommended curve of GB/T 32918.5-2017).

Nothing here is secret, so nothing needs to take constant time. Points are Jacobian: (X, Y, Z) stands for
(X / Z², Y / Z³), and Z = 0 is the point at infinity.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from archive.errors import InvalidInput
from ingest.signatures import der

PRIME = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_A = PRIME - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_BASE = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
DEFAULT_IDENTIFIER = b"1234567812345678"
"""The distinguishing identifier that GM/T 0009-2012, clause 10, sets where the signer has not agreed on another."""

_OCTETS = 32
_INFINITY = (1, 1, 0)
_Point = tuple[int, int, int]


@dataclass(frozen=True)
class PublicKey:
    """A point of the curve other than infinity. Made by `public_key`, which checks that."""

    x: int
    y: int


def public_key(encoded: bytes) -> PublicKey:
    """The key in a point as certificates carry it: 04 and both coordinates, or 02 or 03 and the first.

    Raises:
        InvalidInput: `sm2-key-invalid`, it is no point of the curve, or infinity.
    """
    kind, x = encoded[:1], int.from_bytes(encoded[1 : 1 + _OCTETS], "big")
    square = (x * x * x + _A * x + _B) % PRIME
    if kind == b"\4" and len(encoded) == 1 + 2 * _OCTETS:
        y = int.from_bytes(encoded[1 + _OCTETS :], "big")
    elif kind in {b"\2", b"\3"} and len(encoded) == 1 + _OCTETS:
        # The prime is 3 modulo 4, which makes this the square root where there is one.
        y = pow(square, (PRIME + 1) // 4, PRIME)
        y = y if y & 1 == kind[0] & 1 else PRIME - y
    else:
        raise InvalidInput("sm2-key-invalid")
    if x >= PRIME or y >= PRIME or y * y % PRIME != square:
        raise InvalidInput("sm2-key-invalid")
    return PublicKey(x, y)


def message_digest(key: PublicKey, message: Iterable[bytes], identifier: bytes = DEFAULT_IDENTIFIER) -> bytes:
    """The digest `e` that is signed: SM3 over Z_A and the message, which may come in pieces (clause 5.5, 6.1).

    `identifier` is at most 8,191 octets long: Z_A counts its bits in two octets.
    """
    numbers = (_A, _B, *_BASE, key.x, key.y)
    origin = hashlib.new("sm3", (8 * len(identifier)).to_bytes(2, "big") + identifier)
    origin.update(b"".join(number.to_bytes(_OCTETS, "big") for number in numbers))
    digest = hashlib.new("sm3", origin.digest())
    for piece in message:
        digest.update(piece)
    return digest.digest()


def verify(key: PublicKey, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` of `digest`, as `message_digest` gives it, was made with the private half of `key`.

    The signature is the SEQUENCE of r and s (GM/T 0009-2012, clause 7.3), or both numbers in 32 octets each. Anything
    else is no signature of this key.
    """
    pair = _numbers(signature)
    if pair is None:
        return False
    r, s = pair
    if not (1 <= r < ORDER and 1 <= s < ORDER):
        return False
    t = (r + s) % ORDER
    if t == 0:
        return False
    x, _, z = _both(s, t, (key.x, key.y))
    if z == 0:
        return False
    affine = x * pow(z, -2, PRIME) % PRIME
    return (int.from_bytes(digest, "big") + affine) % ORDER == r


def _numbers(signature: bytes) -> tuple[int, int] | None:
    try:
        parts = der.inside(der.whole(signature, der.SEQUENCE, "SM2Signature").content, "SM2Signature", 2)
        if len(parts) == 2:
            return der.whole_number(parts[0], "SM2Signature"), der.whole_number(parts[1], "SM2Signature")
    except InvalidInput:
        # Not the sequence, so it may still be the plain pair of numbers.
        pass
    if len(signature) != 2 * _OCTETS:
        return None
    return int.from_bytes(signature[:_OCTETS], "big"), int.from_bytes(signature[_OCTETS:], "big")


def _both(s: int, t: int, point: tuple[int, int]) -> _Point:
    """`s` times the base point plus `t` times `point`, doubling once for both (Shamir's trick)."""
    base, other = (*_BASE, 1), (*point, 1)
    steps = {(1, 0): base, (0, 1): other, (1, 1): _sum(base, other)}
    result: _Point = _INFINITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        result = _double(result)
        pair = (s >> bit & 1, t >> bit & 1)
        if pair != (0, 0):
            result = _sum(result, steps[pair])
    return result


def _double(point: _Point) -> _Point:
    x, y, z = point
    if z == 0 or y == 0:
        return _INFINITY
    square = y * y % PRIME
    product = 4 * x * square % PRIME
    # The curve has a = -3, which turns 3x² + a·z⁴ into a product.
    slope = 3 * (x - z * z) * (x + z * z) % PRIME
    doubled = (slope * slope - 2 * product) % PRIME
    return doubled, (slope * (product - doubled) - 8 * square * square) % PRIME, 2 * y * z % PRIME


def _sum(left: _Point, right: _Point) -> _Point:
    x1, y1, z1 = left
    x2, y2, z2 = right
    if z1 == 0:
        return right
    if z2 == 0:
        return left
    square1, square2 = z1 * z1 % PRIME, z2 * z2 % PRIME
    across1, across2 = x1 * square2 % PRIME, x2 * square1 % PRIME
    up1, up2 = y1 * square2 * z2 % PRIME, y2 * square1 * z1 % PRIME
    if across1 == across2:
        return _double(left) if up1 == up2 else _INFINITY
    step, rise = across2 - across1, up2 - up1
    step2 = step * step % PRIME
    step3 = step2 * step % PRIME
    middle = across1 * step2 % PRIME
    x3 = (rise * rise - step3 - 2 * middle) % PRIME
    return x3, (rise * (middle - x3) - up1 * step3) % PRIME, step * z1 * z2 % PRIME
