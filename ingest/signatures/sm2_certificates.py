"""Certificates with keys of SM2, and of any other kind that stand in a path with them (GB/T 20518, RFC 5280).

`cryptography` cannot read a key of SM2, so such paths are built here. A certificate is read once into plain values;
whatever is malformed in it is found then.
"""

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import core, crl, pem, x509

from archive.errors import InvalidInput
from ingest.signatures.naming import readable
from ingest.signatures.public_keys import Fit, fits

CERTIFICATE_OCTETS = 64 << 10
_LIST_OCTETS = 8 << 20
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
_UNDERSTOOD = frozenset(
    {
        "key_usage",
        "basic_constraints",
        "extended_key_usage",
        "key_identifier",
        "authority_key_identifier",
        "certificate_policies",
        "subject_alt_name",
        "crl_distribution_points",
        "authority_information_access",
    }
)


@dataclass(frozen=True)
class Certificate:
    """What a path needs to know of a certificate.

    `key` is the SubjectPublicKeyInfo, `body` the part its issuer signed with the algorithm `algorithm` (dotted).
    `usage` and `purposes` are None where the certificate does not limit them. `path_length` is how many further
    authorities may follow, None for any number. `strange` is a critical extension that nothing here understands.
    """

    encoded: bytes
    subject: str
    subject_key: str
    issuer_key: str
    serial: int
    begins: datetime
    ends: datetime
    key: bytes
    body: bytes
    algorithm: str
    signature: bytes
    authority: bool
    path_length: int | None
    usage: frozenset[str] | None
    purposes: frozenset[str] | None
    identifier: bytes | None
    issuer_identifier: bytes | None
    strange: bool

    def signed_by(self, issuer: "Certificate") -> Fit:
        """Whether the key of `issuer` signed it.

        Raises:
            InvalidInput: as `ingest.signatures.public_keys.fits`.
        """
        return fits(issuer.key, self.signature, lambda: (self.body,), self.algorithm)


@dataclass(frozen=True)
class Revocations:
    """A list of revoked certificates: who issued it, for which time it speaks, and when each number was revoked."""

    issuer_key: str
    begins: datetime
    ends: datetime | None
    body: bytes
    algorithm: str
    signature: bytes
    revoked: dict[int, datetime]

    def speaks_of(self, moment: datetime) -> bool:
        """Whether it says who was not revoked at `moment`: it was made after it, or a newer one was not due yet."""
        return moment <= self.begins or (self.ends is not None and moment <= self.ends)

    def signed_by(self, issuer: Certificate) -> bool:
        """Whether the key of `issuer` signed it.

        Raises:
            InvalidInput: as `ingest.signatures.public_keys.fits`.
        """
        return fits(issuer.key, self.signature, lambda: (self.body,), self.algorithm).held


def read_certificate(encoded: bytes) -> Certificate:
    """Read a certificate in DER or PEM.

    Raises:
        InvalidInput: `seal-certificate-unreadable`.
    """
    if len(encoded) > CERTIFICATE_OCTETS:
        raise InvalidInput("seal-certificate-unreadable")
    try:
        content = pem.unarmor(encoded)[2] if pem.detect(encoded) else encoded
        return _certificate(x509.Certificate.load(content, strict=True))
    except _MALFORMED as error:
        raise InvalidInput("seal-certificate-unreadable") from error


def read_revocations(encoded: bytes) -> Revocations:
    """Read a list of revoked certificates in DER or PEM.

    Raises:
        InvalidInput: `seal-certificate-unreadable`.
    """
    if len(encoded) > _LIST_OCTETS:
        raise InvalidInput("seal-certificate-unreadable")
    try:
        content = pem.unarmor(encoded)[2] if pem.detect(encoded) else encoded
        listed = crl.CertificateList.load(content, strict=True)
        body = listed["tbs_cert_list"]
        entries = body["revoked_certificates"]
        return Revocations(
            issuer_key=body["issuer"].hashable,
            begins=body["this_update"].native,
            ends=body["next_update"].native,
            body=body.dump(),
            algorithm=listed["signature_algorithm"]["algorithm"].dotted,
            signature=listed["signature"].native,
            revoked={each["user_certificate"].native: each["revocation_date"].native for each in entries},
        )
    except _MALFORMED as error:
        raise InvalidInput("seal-certificate-unreadable") from error


def _certificate(read: x509.Certificate) -> Certificate:
    body = read["tbs_certificate"]
    extensions = _extensions(body)
    constraints = extensions.get("basic_constraints")
    authority = extensions.get("authority_key_identifier")
    usage, purposes = extensions.get("key_usage"), extensions.get("extended_key_usage")
    identifier = extensions.get("key_identifier")
    return Certificate(
        encoded=read.dump(),
        subject=readable(read.subject),
        subject_key=read.subject.hashable,
        issuer_key=read.issuer.hashable,
        serial=read.serial_number,
        begins=body["validity"]["not_before"].native,
        ends=body["validity"]["not_after"].native,
        key=body["subject_public_key_info"].dump(),
        body=body.dump(),
        algorithm=read["signature_algorithm"]["algorithm"].dotted,
        signature=read["signature_value"].native,
        authority=bool(constraints is not None and constraints["ca"].native),
        path_length=None if constraints is None else constraints["path_len_constraint"].native,
        usage=None if usage is None else frozenset(usage.native),
        purposes=None if purposes is None else frozenset(each.dotted for each in purposes),
        identifier=None if identifier is None else identifier.native,
        issuer_identifier=None if authority is None else authority["key_identifier"].native,
        strange=_strange(body),
    )


def _extensions(body: core.Sequence) -> dict[str, core.Asn1Value]:
    """Extensions by name, read in full.

    Raises:
        ValueError: one stands there twice, so that readers could differ about which counts.
    """
    found: dict[str, core.Asn1Value] = {}
    for each in body["extensions"]:
        name = str(each["extn_id"].native)
        if name in found:
            raise ValueError(name)
        if name in _UNDERSTOOD:
            found[name] = each["extn_value"].parsed
    return found


def _strange(body: core.Sequence) -> bool:
    return any(each["critical"].native and each["extn_id"].native not in _UNDERSTOOD for each in body["extensions"])
