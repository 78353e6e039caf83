"""Signed data taken apart: the form of GM/T 0010 and GB/T 35275, and that of CMS (RFC 5652).

The Chinese form has its own object identifiers; beyond them both are built alike.
"""

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core

from archive.errors import InvalidInput
from ingest.signatures.public_keys import DIGESTS
from ingest.signatures.sm2_certificates import Certificate, read_certificate

MOST_OCTETS = 16 << 20
_SIGNED_DATA = frozenset({"1.2.156.10197.6.1.4.2.2", "1.2.840.113549.1.7.2"})
_MOST_SIGNERS = 20
_MOST_CERTIFICATES = 100
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_TIME = "1.2.840.113549.1.9.5"
_TIME_STAMP = "1.2.840.113549.1.9.16.2.14"


@dataclass(frozen=True)
class Entry:
    """One signer as the signed data has him.

    `digest` is the name of his digest, "" where it is unknown; `algorithm` the dotted identifier of that of the
    signature. `attributes` are the signed attributes as they were signed, b"" where there are none, and
    `message_digest` what they say of the content. `time_stamp` is a token over the signature, b"" where there is none.
    """

    certificate: Certificate | None
    digest: str
    algorithm: str
    signature: bytes
    attributes: bytes
    message_digest: bytes | None
    claimed: datetime | None
    time_stamp: bytes


@dataclass(frozen=True)
class SignedData:
    """Signed data, read. `content` is None where the signed bytes are elsewhere."""

    content: bytes | None
    entries: tuple[Entry, ...]
    certificates: tuple[Certificate, ...]


def is_signed_data(encoded: bytes) -> bool:
    """Whether `encoded` begins like signed data of either form."""
    try:
        return cms.ContentInfo.load(encoded)["content_type"].dotted in _SIGNED_DATA
    except _MALFORMED:
        return False


def read_signed_data(encoded: bytes) -> SignedData:
    """Take signed data apart.

    Raises:
        InvalidInput: `seal-structure-unknown`, it is none, is too large, or has too many signers, or none;
            `seal-certificate-unreadable`.
    """
    if len(encoded) > MOST_OCTETS:
        raise InvalidInput("seal-structure-unknown", part="SignedData")
    try:
        outer = cms.ContentInfo.load(encoded, strict=True)
        if outer["content_type"].dotted not in _SIGNED_DATA:
            raise InvalidInput("seal-structure-unknown", part="ContentInfo")
        data = outer["content"]
        return _read(data.parse(cms.SignedData) if isinstance(data, core.Any) else data)
    except _MALFORMED as error:
        raise InvalidInput("seal-structure-unknown", part="SignedData") from error


def _read(data: cms.SignedData) -> SignedData:
    signers, choices = data["signer_infos"], data["certificates"]
    if not 0 < len(signers) <= _MOST_SIGNERS or len(choices) > _MOST_CERTIFICATES:
        raise InvalidInput("seal-structure-unknown", part="SignerInfos")
    certificates = tuple(read_certificate(each.chosen.dump()) for each in choices if each.name == "certificate")
    return SignedData(
        content=_octets(data["encap_content_info"]["content"]),
        entries=tuple(_entry(each, certificates) for each in signers),
        certificates=certificates,
    )


def _octets(content: core.Asn1Value) -> bytes | None:
    """The content, whatever type the form has given it; None where it was left out."""
    if isinstance(content, core.Void):
        return None
    value = content.parse() if isinstance(content, core.Any) else content
    if not isinstance(value, core.OctetString):
        raise InvalidInput("seal-structure-unknown", part="eContent")
    return bytes(value)


def _entry(signer: cms.SignerInfo, certificates: tuple[Certificate, ...]) -> Entry:
    attributes = signer["signed_attrs"]
    present = not isinstance(attributes, core.Void)
    signed = _attributes(attributes) if present else {}
    unsigned = signer["unsigned_attrs"]
    stamps = {} if isinstance(unsigned, core.Void) else _attributes(unsigned)
    return Entry(
        certificate=_whose(signer["sid"], certificates),
        digest=DIGESTS.get(signer["digest_algorithm"]["algorithm"].dotted, ""),
        algorithm=signer["signature_algorithm"]["algorithm"].dotted,
        signature=signer["signature"].native,
        # Signed is the SET itself, not the tag that stands for it in the signer's entry (RFC 5652, 5.4).
        attributes=b"\x31" + attributes.dump()[1:] if present else b"",
        message_digest=signed[_MESSAGE_DIGEST].native if _MESSAGE_DIGEST in signed else None,
        claimed=signed[_SIGNING_TIME].native if _SIGNING_TIME in signed else None,
        time_stamp=stamps[_TIME_STAMP].dump() if _TIME_STAMP in stamps else b"",
    )


def _attributes(attributes: cms.CMSAttributes) -> dict[str, core.Asn1Value]:
    """The one value of each attribute, by dotted type."""
    found: dict[str, core.Asn1Value] = {}
    for each in attributes:
        kind, values = each["type"].dotted, each["values"]
        if kind in found or len(values) != 1:
            raise InvalidInput("seal-structure-unknown", part=f"attribute {kind}")
        found[kind] = values[0]
    return found


def _whose(identifier: cms.SignerIdentifier, certificates: tuple[Certificate, ...]) -> Certificate | None:
    if identifier.name == "subject_key_identifier":
        wanted = identifier.chosen.native
        return next((each for each in certificates if each.identifier == wanted), None)
    issuer, serial = identifier.chosen["issuer"].hashable, identifier.chosen["serial_number"].native
    return next((each for each in certificates if (each.issuer_key, each.serial) == (issuer, serial)), None)
