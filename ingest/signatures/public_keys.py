"""Whether a signature fits the key of a certificate: SM2 with our own code, RSA and ECDSA with `cryptography`."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures import der, sm2

Pieces = Callable[[], Iterable[bytes]]
"""Begins the signed message anew and gives it in pieces, as often as it is called."""

SM2_CURVE = "1.2.156.10197.1.301"
DIGESTS = {
    "1.2.156.10197.1.401": "sm3",
    "1.2.156.10197.1.401.1": "sm3",
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    # Names of whole signature algorithms imply their digest.
    "1.2.156.10197.1.501": "sm3",
    "1.2.156.10197.1.504": "sm3",
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
"""Digests as `hashlib` names them, by object identifier."""

WEAK = frozenset({"md5", "sha1"})
"""Digests for which two files with the same value can be made."""

_PSS = "1.2.840.113549.1.1.10"
_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sm3": hashes.SM3,
}


@dataclass(frozen=True)
class Fit:
    """Whether it fits, how the algorithm is called, and what is worth knowing of the way it was found."""

    held: bool
    algorithm: str
    observations: tuple[Observation, ...] = ()


def fits(key: bytes, signature: bytes, message: Pieces, algorithm: str, digest: str = "") -> Fit:
    """Whether `signature` of `message` was made with the private half of `key`.

    `key` is a SubjectPublicKeyInfo in DER, `algorithm` the object identifier of the signature's algorithm, `digest` the
    name of a digest where the algorithm does not imply one. A key on the curve of SM2 is used for SM2 with SM3 only,
    whatever the algorithm calls itself: nothing else is defined for it.

    Raises:
        InvalidInput: `sm2-key-invalid`; `signature-key-unknown`, naming the algorithm, where this is none we know.
    """
    point = _sm2_point(key)
    if point is not None:
        return _fits_sm2(sm2.public_key(point), signature, message)
    name = DIGESTS.get(algorithm, digest)
    if name not in _HASHES or algorithm == _PSS:
        raise InvalidInput("signature-key-unknown", algorithm=algorithm)
    hashed = hashlib.new(name, usedforsecurity=False)
    for piece in message():
        hashed.update(piece)
    return _fits_other(key, signature, hashed.digest(), name, algorithm)


def _sm2_point(key: bytes) -> bytes | None:
    """The point of a key on the curve of SM2, None for any other key.

    The curve stands where an elliptic curve names it, or in place of the algorithm (GM/T 0015).
    """
    try:
        named, point = der.inside(der.whole(key, der.SEQUENCE, "key").content, "key", 2)
        words = der.inside(der.expected(named, der.SEQUENCE, "key").content, "key", 2)
        identifiers = {der.dotted(each, "key") for each in words if each.tag == der.OBJECT_IDENTIFIER}
    except (InvalidInput, ValueError) as error:
        raise InvalidInput("signature-key-unknown", algorithm="?") from error
    return der.bits(point, "key") if SM2_CURVE in identifiers else None


def _fits_sm2(key: sm2.PublicKey, signature: bytes, message: Pieces) -> Fit:
    name = "SM2 with SM3"
    if sm2.verify(key, sm2.message_digest(key, message()), signature):
        return Fit(held=True, algorithm=name)
    # OpenSSL signs with an empty identifier unless it is told another.
    if sm2.verify(key, sm2.message_digest(key, message(), b""), signature):
        return Fit(held=True, algorithm=name, observations=(Observation("sm2-identifier-empty"),))
    return Fit(held=False, algorithm=name)


def _fits_other(key: bytes, signature: bytes, hashed: bytes, digest: str, algorithm: str) -> Fit:
    prehashed = utils.Prehashed(_HASHES[digest]())
    observations = (Observation("seal-digest-weak", {"digest": digest}),) if digest in WEAK else ()
    name = "?"
    try:
        public = serialization.load_der_public_key(key)
        if isinstance(public, rsa.RSAPublicKey):
            name = f"RSA with {digest.upper()}"
            public.verify(signature, hashed, padding.PKCS1v15(), prehashed)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            name = f"ECDSA with {digest.upper()}"
            public.verify(signature, hashed, ec.ECDSA(prehashed))
        else:
            raise InvalidInput("signature-key-unknown", algorithm=algorithm)
    except InvalidSignature:
        return Fit(held=False, algorithm=name, observations=observations)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput("signature-key-unknown", algorithm=algorithm) from error
    return Fit(held=True, algorithm=name, observations=observations)
