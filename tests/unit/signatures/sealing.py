"""Makes keys, certificates, seals and sealed OFD files, so that every kind of damage can be made too.

The signer of SM2 is for tests only: its secret numbers are derived from what it signs.
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from asn1crypto import core, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ingest.signatures import sm2

SM2_WITH_SM3 = "1.2.156.10197.1.501"
RSA_WITH_SHA256 = "1.2.840.113549.1.1.11"
BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
SEALED_AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
NOW = datetime(2025, 1, 1, tzinfo=UTC)
SHEET = "Doc_0/Signs/Sign_0/Signature.xml"
VALUE = "Doc_0/Signs/Sign_0/SignedValue.dat"
PAGE = "Doc_0/Pages/Page_0/Content.xml"
ATTACHMENT = "Doc_0/Attachs/list.xml"


def tlv(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(length))) + length + content


def number(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def identifier(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


def bits(content: bytes) -> bytes:
    return tlv(3, b"\0", content)


def octets(content: bytes) -> bytes:
    return tlv(4, content)


def time(moment: datetime) -> bytes:
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def short_time(moment: datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def sm3(content: bytes) -> bytes:
    return hashlib.new("sm3", content).digest()


def sm2_point(private: int) -> bytes:
    x, y, z = sm2._both(private, 0, sm2._BASE)
    inverse = pow(z, -1, sm2.PRIME)
    x, y = x * inverse**2 % sm2.PRIME, y * inverse**3 % sm2.PRIME
    return b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sm2_sign(private: int, message: bytes, name: bytes = sm2.DEFAULT_IDENTIFIER) -> bytes:
    digest = sm2.message_digest(sm2.public_key(sm2_point(private)), [message], name)
    secret = int.from_bytes(hashlib.sha256(private.to_bytes(32, "big") + digest).digest(), "big") % sm2.ORDER
    x = int.from_bytes(sm2_point(secret)[1:33], "big")
    r = (int.from_bytes(digest, "big") + x) % sm2.ORDER
    s = pow(1 + private, -1, sm2.ORDER) * (secret - r * private) % sm2.ORDER
    return tlv(0x30, number(r), number(s))


@dataclass(frozen=True)
class Holder:
    """Someone with a key and a certificate for it."""

    name: str
    certificate: bytes
    algorithm: str
    key: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)
    serial: int = 1

    @property
    def subject(self) -> bytes:
        return bytes(x509.Name.build({"common_name": self.name}).dump())


@dataclass(frozen=True)
class Wish:
    """What a certificate is to say; the defaults are in order."""

    begins: datetime = BEGINS
    ends: datetime = ENDS
    authority: bool = False
    usage: Sequence[str] = ("digital_signature",)
    purpose: str = ""
    path_length: int | None = None
    identifier: bytes = sm2.DEFAULT_IDENTIFIER


def holder(name: str, issuer: Holder | None = None, wish: Wish = Wish(), *, with_rsa: bool = False) -> Holder:
    private = int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") % (sm2.ORDER - 2) + 1
    if with_rsa:
        secret = rsa.generate_private_key(65537, 2048)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        key = secret.public_key().public_bytes(serialization.Encoding.DER, form)
        bare = Holder(
            name, b"", RSA_WITH_SHA256, key, lambda message: secret.sign(message, padding.PKCS1v15(), hashes.SHA256())
        )
    else:
        named = tlv(0x30, identifier("1.2.840.10045.2.1"), identifier("1.2.156.10197.1.301"))
        key = tlv(0x30, named, bits(sm2_point(private)))
        bare = Holder(name, b"", SM2_WITH_SM3, key, lambda message: sm2_sign(private, message, wish.identifier))
    serial = int.from_bytes(hashlib.sha256((name + str(wish)).encode()).digest()[:6], "big")
    body = _body(bare, issuer or bare, wish, serial)
    by = issuer or bare
    certificate = tlv(0x30, body, tlv(0x30, identifier(by.algorithm)), bits(by.sign(body)))
    return Holder(name, certificate, bare.algorithm, key, bare.sign, serial)


def rooted_in_md5() -> Holder:
    """An authority with a key of RSA that signs what it issues over MD5."""
    secret = rsa.generate_private_key(65537, 2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    key = secret.public_key().public_bytes(serialization.Encoding.DER, form)
    bare = Holder(
        "old root",
        b"",
        "1.2.840.113549.1.1.4",
        key,
        lambda message: secret.sign(message, padding.PKCS1v15(), hashes.MD5()),  # noqa: S303 - what is to be refused
    )
    body = _body(bare, bare, Wish(authority=True), 1)
    certificate = tlv(0x30, body, tlv(0x30, identifier(bare.algorithm)), bits(bare.sign(body)))
    return replace(bare, certificate=certificate)


def _body(subject: Holder, issuer: Holder, wish: Wish, serial: int) -> bytes:
    constraints = {"ca": wish.authority, "path_len_constraint": wish.path_length}
    usage = x509.KeyUsage(set(wish.usage) | ({"key_cert_sign", "crl_sign"} if wish.authority else set()))
    extensions = [
        _extension("2.5.29.19", x509.BasicConstraints(constraints).dump()),
        _extension("2.5.29.15", usage.dump()),
        *([_extension("2.5.29.37", tlv(0x30, identifier(wish.purpose)))] if wish.purpose else []),
    ]
    return tlv(
        0x30,
        tlv(0xA0, number(2)),
        number(serial),
        tlv(0x30, identifier(issuer.algorithm)),
        issuer.subject,
        tlv(0x30, short_time(wish.begins), short_time(wish.ends)),
        subject.subject,
        subject.key,
        tlv(0xA3, tlv(0x30, *extensions)),
    )


def _extension(kind: str, content: bytes) -> bytes:
    return tlv(0x30, identifier(kind), tlv(1, b"\xff"), octets(content))


def revocations(issuer: Holder, revoked: Mapping[int, datetime], at: datetime = BEGINS) -> bytes:
    entries = [tlv(0x30, number(serial), short_time(when)) for serial, when in revoked.items()]
    named = tlv(0x30, identifier(issuer.algorithm))
    body = tlv(0x30, number(1), named, issuer.subject, short_time(at), *([tlv(0x30, *entries)] if entries else []))
    return tlv(0x30, body, named, bits(issuer.sign(body)))


@dataclass(frozen=True)
class SealWish:
    """What a seal is to say."""

    begins: datetime = BEGINS
    ends: datetime = ENDS
    by_digest: bool = False
    old: bool = False


def seal(maker: Holder, users: Sequence[Holder], wish: SealWish = SealWish()) -> bytes:
    moment = short_time if wish.old else time
    listed = [octets(user.certificate) for user in users]
    if wish.by_digest:
        listed = [tlv(0x30, tlv(0x13, b"SM3"), octets(sm3(user.certificate))) for user in users]
    kind = [] if wish.old else [number(2 if wish.by_digest else 1)]
    dates = (moment(wish.begins), moment(wish.begins), moment(wish.ends))
    properties = tlv(0x30, number(1), tlv(0x0C, "测试印章".encode()), *kind, tlv(0x30, *listed), *dates)
    header = tlv(0x30, tlv(0x16, b"ES"), number(1 if wish.old else 4), tlv(0x16, b"tests"))
    picture = tlv(0x30, tlv(0x16, b"PNG"), octets(b"picture"), number(40), number(40))
    information = tlv(0x30, header, tlv(0x16, b"0001"), properties, picture)
    certificate, algorithm = octets(maker.certificate), identifier(maker.algorithm)
    value = bits(maker.sign(tlv(0x30, information, certificate, algorithm)))
    if wish.old:
        return tlv(0x30, information, tlv(0x30, certificate, algorithm, value))
    return tlv(0x30, information, certificate, algorithm, value)


def sealed_value(
    content: bytes,
    signer: Holder,
    sealed_with: bytes,
    *,
    old: bool = False,
    at: datetime = SEALED_AT,
    stamp: bytes = b"",
) -> bytes:
    """A seal signature of `content`; `stamp` is put in place of the moment (old) or beside the signature."""
    certificate, algorithm = octets(signer.certificate), identifier(signer.algorithm)
    described = tlv(0x16, b"/" + SHEET.encode())
    digest = bits(sm3(content) if signer.algorithm == SM2_WITH_SM3 else hashlib.sha256(content).digest())
    if old:
        moment = bits(stamp or short_time(at))
        body = tlv(0x30, number(1), sealed_with, moment, digest, described, certificate, algorithm)
        return tlv(0x30, body, bits(signer.sign(body)))
    body = tlv(0x30, number(4), sealed_with, time(at), digest, described)
    return tlv(
        0x30, body, certificate, algorithm, bits(signer.sign(body)), *([tlv(0xA0, bits(stamp))] if stamp else [])
    )


def signed_data(
    content: bytes,
    signer: Holder,
    *,
    held: bytes | None = None,
    attributes: bool = True,
    at: datetime | None = SEALED_AT,
) -> bytes:
    """Signed data of GB/T 35275; `held` is its own content, None for a signature that stands beside its content."""
    kind, method = "1.2.156.10197.6.1.4.2.1", tlv(0x30, identifier("1.2.156.10197.1.401"))
    digested = sm3(content if held is None else held)
    told = [
        tlv(0x30, identifier("1.2.840.113549.1.9.3"), tlv(0x31, identifier(kind))),
        tlv(0x30, identifier("1.2.840.113549.1.9.4"), tlv(0x31, octets(digested))),
        *([tlv(0x30, identifier("1.2.840.113549.1.9.5"), tlv(0x31, short_time(at)))] if at else []),
    ]
    message = tlv(0x31, *told) if attributes else content if held is None else held
    return _enveloped(signer, kind, method, held, (message, tlv(0xA0, *told) if attributes else b""))


def _enveloped(signer: Holder, kind: str, method: bytes, held: bytes | None, signed: tuple[bytes, bytes]) -> bytes:
    issuer = bytes(x509.Certificate.load(signer.certificate).issuer.dump())
    info = tlv(
        0x30,
        number(1),
        tlv(0x30, issuer, number(signer.serial)),
        method,
        signed[1],
        tlv(0x30, identifier("1.2.156.10197.1.301.1")),
        octets(signer.sign(signed[0])),
    )
    inner = tlv(0x30, identifier(kind), b"" if held is None else tlv(0xA0, octets(held)))
    data = tlv(0x30, number(1), tlv(0x31, method), inner, tlv(0xA0, signer.certificate), tlv(0x31, info))
    return tlv(0x30, identifier("1.2.156.10197.6.1.4.2.2"), tlv(0xA0, data))


def time_stamp(stamped: bytes, authority: Holder, at: datetime) -> bytes:
    """A token of RFC 3161 with keys of SM2 and digests of SM3."""
    imprint = tlv(0x30, tlv(0x30, identifier("1.2.156.10197.1.401")), octets(sm3(stamped)))
    information = tlv(0x30, number(1), identifier("1.2.3.4"), imprint, number(7), time(at))
    method = tlv(0x30, identifier("1.2.156.10197.1.401"))
    kind = "1.2.840.113549.1.9.16.1.4"
    told = [
        tlv(0x30, identifier("1.2.840.113549.1.9.3"), tlv(0x31, identifier(kind))),
        tlv(0x30, identifier("1.2.840.113549.1.9.4"), tlv(0x31, octets(sm3(information)))),
    ]
    return _enveloped(authority, kind, method, information, (tlv(0x31, *told), tlv(0xA0, *told)))


def document() -> dict[str, bytes]:
    """An OFD document of one page with an attachment, about to be signed."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    return {
        "OFD.xml": f"<ofd:OFD {space}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>".encode(),
        "Doc_0/Document.xml": f'<ofd:Document {space}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
        "</ofd:Pages></ofd:Document>".encode(),
        PAGE: f"<ofd:Page {space}/>".encode(),
        ATTACHMENT: b"<list/>",
    }


def sheet(parts: Mapping[str, bytes], covered: Sequence[str], method: str = "SM3", value: str = VALUE) -> bytes:
    name = {"SM3": "sm3", "SHA1": "sha1", "MD5": "md5"}.get(method, "sm3")
    references = "".join(
        f'<ofd:Reference FileRef="/{part}"><ofd:CheckValue>'
        f"{base64.b64encode(hashlib.new(name, parts[part], usedforsecurity=False).digest()).decode()}"
        "</ofd:CheckValue></ofd:Reference>"
        for part in covered
    )
    return (
        '<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo>'
        f'<ofd:References CheckMethod="{method}">{references}</ofd:References></ofd:SignedInfo>'
        f"<ofd:SignedValue>/{value}</ofd:SignedValue></ofd:Signature>"
    ).encode()


def listing(*sheets: str) -> bytes:
    entries = "".join(f'<ofd:Signature ID="{at}" BaseLoc="/{part}"/>' for at, part in enumerate(sheets, 1))
    return f'<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016">{entries}</ofd:Signatures>'.encode()


def signed(
    value: Callable[[bytes], bytes], covered: Sequence[str] | None = None, method: str = "SM3"
) -> dict[str, bytes]:
    """The parts of a signed document; `value` makes the signature of the description, `covered` is all by default."""
    parts = document()
    content = sheet(parts, list(parts) if covered is None else covered, method)
    return {**parts, "Doc_0/Signs/Signatures.xml": listing(SHEET), SHEET: content, VALUE: value(content)}


def packed(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream
