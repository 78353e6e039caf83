"""Names of algorithms as people read them, and which of them no longer protect anything."""

from asn1crypto import cms, x509

_FAMILIES = {
    "rsassa_pkcs1v15": "RSA",
    "rsassa_pss": "RSA-PSS",
    "ecdsa": "ECDSA",
    "dsa": "DSA",
    "ed25519": "Ed25519",
    "ed448": "Ed448",
}
_DIGESTS = {
    "md2": "MD2",
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha224": "SHA-224",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "1.2.156.10197.1.401": "SM3",
}
# Collisions of MD5 and SHA-1 have been shown (RFC 6151; Stevens and others, 2017); MD2 is older than both.
_WEAK_DIGESTS = frozenset({"md2", "md5", "sha1"})
_SHORTEST_RSA = 2048  # bits; NIST SP 800-131A, revision 2, section 3
GM_ARC = "1.2.156.10197."
"""GM/T 0006: the arc of Chinese commercial cryptography, which holds SM2 with SM3 (…1.501) and SM3 (…1.401)."""

HASHES = {
    "md5": "md5",
    "sha1": "sha1",
    "sha224": "sha224",
    "sha256": "sha256",
    "sha384": "sha384",
    "sha512": "sha512",
    "sha3_224": "sha3_224",
    "sha3_256": "sha3_256",
    "sha3_384": "sha3_384",
    "sha3_512": "sha3_512",
    "1.2.156.10197.1.401": "sm3",
}
"""What the standard library calls a digest, by the name or number that signatures use."""


def digest_of_signer(signer: cms.SignerInfo) -> str:
    """The name of the digest of a signer, or its number where it has none."""
    return str(signer["digest_algorithm"]["algorithm"].native)


def is_gm(signer: cms.SignerInfo) -> bool:
    """Whether a signer uses SM2 or SM3."""
    numbers = (signer["digest_algorithm"]["algorithm"].dotted, signer["signature_algorithm"]["algorithm"].dotted)
    return any(number.startswith(GM_ARC) for number in numbers)


def described(signer: cms.SignerInfo) -> str:
    """How a signer signed, such as `RSA with SHA-256`."""
    digest = digest_of_signer(signer)
    named = _DIGESTS.get(digest, digest.upper().replace("_", "-"))
    if is_gm(signer):
        return f"SM2 with {named}"
    try:
        family = str(signer["signature_algorithm"].signature_algo)
    except ValueError:
        family = str(signer["signature_algorithm"]["algorithm"].native)
    return f"{_FAMILIES.get(family, family)} with {named}"


def weaknesses(digest: str, certificate: x509.Certificate) -> list[str]:
    """What in a signature no longer protects it."""
    weak = [_DIGESTS[digest]] if digest in _WEAK_DIGESTS else []
    key = certificate.public_key
    if key.algorithm in {"rsa", "rsassa_pss"} and key.bit_size < _SHORTEST_RSA:
        weak.append(f"RSA {key.bit_size}")
    return weak
