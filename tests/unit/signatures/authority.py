"""A small certificate authority for tests, made anew at every run: roots, signers, lists of what is revoked, stamps."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from archive.clock import SystemClock
from ingest.signatures.types import TrustList

# What makes signed files for these tests writes the present time into them.
NOW = SystemClock().now().replace(microsecond=0)
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Holder:
    """Somebody with a key and a certificate."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self) -> asn1_x509.Certificate:
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> asn1_keys.PrivateKeyInfo:
        der = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(der)


@dataclass(frozen=True)
class Span:
    """From when to when a certificate is valid."""

    start: datetime = NOW - YEAR
    end: datetime = NOW + YEAR


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issue(
    name: str,
    issuer: Holder | None = None,
    span: Span = Span(),
    *,
    is_authority: bool = False,
    uses: tuple[x509.ObjectIdentifier, ...] = (),
    may_sign: bool = True,
    answered: bool = False,
    rsa_bits: int = 0,
) -> Holder:
    """Make a key and have it certified, by itself where there is no `issuer`."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = ec.generate_private_key(ec.SECP256R1())
    if rsa_bits:
        key = rsa.generate_private_key(65537, rsa_bits)
    by = issuer.certificate.subject if issuer else named(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span.start)
        .not_valid_after(span.end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(_usage(is_authority=is_authority, may_sign=may_sign), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=True)
    if answered:
        responder = x509.UniformResourceIdentifier("http://ocsp.invalid/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return Holder(key, builder.sign(issuer.key if issuer else key, SHA256()))


def stamper(issuer: Holder, name: str = "测试时间戳中心", span: Span = Span()) -> Holder:
    return issue(name, issuer, span, uses=(ExtendedKeyUsageOID.TIME_STAMPING,), rsa_bits=2048)


def revoking(issuer: Holder, *holders: Holder, at: datetime, until: datetime = NOW + YEAR) -> bytes:
    """A list of what `issuer` revoked `at` a moment."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(NOW - timedelta(days=1)).next_update(until)
    for holder in holders:
        entry = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number).revocation_date(at)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def answer(issuer: Holder, holder: Holder, revoked: datetime | None = None) -> bytes:
    """What an OCSP responder says of `holder`."""
    status = ocsp.OCSPCertStatus.GOOD if revoked is None else ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=holder.certificate,
        issuer=issuer.certificate,
        algorithm=SHA256(),
        cert_status=status,
        this_update=NOW - timedelta(days=1),
        next_update=NOW + timedelta(days=30),
        revocation_time=revoked,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)


def trusting(*anchors: Holder, **more: tuple[bytes, ...]) -> TrustList:
    return TrustList("test-1", tuple(anchor.der for anchor in anchors), **more)


def _usage(*, is_authority: bool, may_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=may_sign and not is_authority,
        content_commitment=may_sign and not is_authority,
        key_encipherment=not may_sign,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
