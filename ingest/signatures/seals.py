"""Electronic seals and what is signed with them: GB/T 38540-2020 (version 4 and after) and GM/T 0031-2014 (before).

Both are SEQUENCEs of the same values in another arrangement, told apart by their shape and not by the number they
claim. A seal (SESeal) names the certificates that may use it and is signed by its maker; a seal signature
(SES_Signature) holds the seal, the digest of what was sealed, and the signature of the user of the seal.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures import der
from ingest.signatures.public_keys import Fit, fits
from ingest.signatures.sm2_certificates import Certificate, read_certificate
from ingest.signatures.sm2_paths import Moment, Standing, Vouching, day
from ingest.signatures.types import SLACK, Trust

MOST_OCTETS = 16 << 20
_MOST_USERS = 1_000
_LISTED_BY_DIGEST = 2
_DIGESTS = ("sm3", "sha256", "sha1", "md5")
_CONTEXT_0 = 0xA0


@dataclass(frozen=True)
class Seal:
    """A seal as its maker signed it.

    `users` are the certificates that may use it, in DER, or their digests where `by_digest`. `signed` are the stretches
    that makers sign: the seal's information with the maker's certificate and the algorithm, as the standards say, and
    the information alone, as is common. `stamped` says that a time stamp of its making comes with it.
    """

    encoded: bytes
    begins: datetime
    ends: datetime
    users: tuple[bytes, ...]
    by_digest: bool
    maker: Certificate
    algorithm: str
    signature: bytes
    signed: tuple[bytes, ...]
    stamped: bool

    def made(self) -> Fit:
        """Whether its maker's key signed it.

        Raises:
            InvalidInput: as `ingest.signatures.public_keys.fits`.
        """
        tried = [self._signs(stretch) for stretch in self.signed]
        return next((fit for fit in tried if fit.held), tried[-1])

    def _signs(self, stretch: bytes) -> Fit:
        return fits(self.maker.key, self.signature, lambda: (stretch,), self.algorithm)

    def names(self, user: Certificate) -> bool:
        """Whether it was made for the holder of this certificate."""
        if not self.by_digest:
            return user.encoded in self.users
        return any(hashlib.new(name, user.encoded, usedforsecurity=False).digest() in self.users for name in _DIGESTS)


@dataclass(frozen=True)
class SealSignature:
    """What was sealed, by whom, with which seal.

    `digest` is that of the sealed content and `property` what the signer says of it, in OFD its path. `body` is the
    stretch that was signed. `time` is the moment the signer claims, None where there is none; `token` a time stamp, b""
    where there is none; `stamped` the stretch the token stands for.
    """

    seal: Seal
    digest: bytes
    property: str
    body: bytes
    signer: Certificate
    algorithm: str
    signature: bytes
    time: datetime | None
    token: bytes
    stamped: bytes


def read_seal(encoded: bytes) -> Seal:
    """Take a seal apart.

    Raises:
        InvalidInput: `seal-structure-unknown`, naming the part; `seal-certificate-unreadable`.
    """
    if len(encoded) > MOST_OCTETS:
        raise der.unknown("SESeal")
    parts = _sequence(der.whole(encoded, der.SEQUENCE, "SESeal"), "SESeal", 2)
    information = parts[0]
    # Before version 4 the maker's part was a SEQUENCE of its own.
    making = _sequence(parts[1], "SES_SignInfo", 3) if parts[1].tag == der.SEQUENCE else parts[1:]
    if len(making) < 3:
        raise der.unknown("SESeal")
    certificate, algorithm, signature = making[:3]
    users, by_digest, begins, ends = _properties(_sequence(information, "SES_SealInfo", 4)[2])
    return Seal(
        encoded=encoded,
        begins=begins,
        ends=ends,
        users=users,
        by_digest=by_digest,
        maker=read_certificate(der.expected(certificate, der.OCTET_STRING, "SESeal.cert").content),
        algorithm=der.dotted(algorithm, "SESeal.signAlgID"),
        signature=der.bits(signature, "SESeal.signedValue"),
        signed=(der.sequence_of(information, certificate, algorithm), information.encoded),
        stamped=any(each.tag == _CONTEXT_0 for each in parts[2:]),
    )


def read_seal_signature(encoded: bytes) -> SealSignature:
    """Take a seal signature apart.

    Raises:
        InvalidInput: as `read_seal`.
    """
    if len(encoded) > MOST_OCTETS:
        raise der.unknown("SES_Signature")
    parts = _sequence(der.whole(encoded, der.SEQUENCE, "SES_Signature"), "SES_Signature", 2)
    body = _sequence(parts[0], "TBS_Sign", 5)
    # Before version 4 the signer's certificate and the algorithm stood among what was signed.
    certificate, algorithm, signature = (*body[5:7], parts[1]) if len(parts) == 2 else _three(parts)
    _, seal, time, digest, described = body[:5]
    claimed, token = _time(time)
    value = der.bits(signature, "SES_Signature.signature")
    own_stamp = parts[4] if len(parts) > 4 and parts[4].tag == _CONTEXT_0 else None
    if own_stamp:
        token = der.bits(der.whole(own_stamp.content, der.BIT_STRING, "timeStamp"), "timeStamp")
    octets = der.bits(digest, "TBS_Sign.dataHash")
    return SealSignature(
        seal=read_seal(seal.encoded),
        digest=octets,
        property=_text(described),
        body=parts[0].encoded,
        signer=read_certificate(der.expected(certificate, der.OCTET_STRING, "SES_Signature.cert").content),
        algorithm=der.dotted(algorithm, "SES_Signature.signatureAlgID"),
        signature=value,
        time=claimed,
        token=token,
        stamped=value if own_stamp else octets,
    )


def judge_seal(seal: Seal, user: Certificate, vouching: Vouching, moment: Moment) -> Standing:
    """Whether `user` could seal with `seal` at `moment`, and who vouches for its maker.

    `invalid`: its maker did not sign it, it was not valid then, it was made for others, or its maker's certificate is
    no good. `unknown`: nobody on the list vouches for its maker, or nobody proves that it was still valid.
    """
    stamp = (Observation("seal-made-stamp-unread"),) if seal.stamped else ()
    try:
        fit = seal.made()
    except InvalidInput as error:
        return Standing(Trust.NOT_CHECKED, (Observation(error.code, error.params, "seal"), *stamp))
    wrong = [] if fit.held else [Observation("seal-forged")]
    if not seal.names(user):
        wrong.append(Observation("seal-not-for-signer"))
    slack = timedelta() if moment.proved else SLACK
    if moment.claimed is not None and not seal.begins - slack <= moment.claimed <= seal.ends:
        wrong.append(_expired(seal, moment.claimed))
    maker = vouching.standing(seal.maker, (), moment)
    seen = (*fit.observations, *(Observation(each.code, each.params, "seal maker") for each in maker.observations))
    if wrong:
        return Standing(Trust.INVALID, (*wrong, *seen, *stamp))
    late = not moment.proved and not seal.begins <= moment.now <= seal.ends
    if late and maker.trust is Trust.TRUSTED:
        unproved = (_expired(seal, moment.now), Observation("path-time-unproved"))
        return Standing(Trust.UNKNOWN, (*unproved, *seen, *stamp))
    return Standing(maker.trust, (*seen, *stamp))


def _expired(seal: Seal, moment: datetime) -> Observation:
    named = {"begins": day(seal.begins), "ends": day(seal.ends), "moment": day(moment)}
    return Observation("seal-outside-validity", named)


def _properties(piece: der.Piece) -> tuple[tuple[bytes, ...], bool, datetime, datetime]:
    """Users, whether they are told by digest, and from when to when the seal is valid."""
    parts = _sequence(piece, "SES_ESPropertyInfo", 6)
    by_digest = False
    listed = parts[2]
    if listed.tag == der.INTEGER:
        by_digest = der.whole_number(listed, "certListType") == _LISTED_BY_DIGEST
        listed = parts[3]
    users = der.inside(der.expected(listed, der.SEQUENCE, "certList").content, "certList", _MOST_USERS)
    values = [_sequence(each, "CertDigestObj", 2)[1] if each.tag == der.SEQUENCE else each for each in users]
    octets = tuple(der.expected(each, der.OCTET_STRING, "certList").content for each in values)
    begins, ends = parts[-2:]
    return octets, by_digest, der.moment(begins, "validStart"), der.moment(ends, "validEnd")


def _time(piece: der.Piece) -> tuple[datetime | None, bytes]:
    """The moment of signing: in version 4 a time, before it octets that are a time or a time stamp."""
    if piece.tag != der.BIT_STRING:
        return der.moment(piece, "timeInfo"), b""
    octets = der.bits(piece, "timeInfo")
    try:
        return der.moment(der.inside(octets, "timeInfo", 1)[0], "timeInfo"), b""
    except (InvalidInput, IndexError):
        pass
    try:
        tag = der.UTC_TIME if len(octets) <= len("yymmddhhmmssZ") else der.GENERALIZED_TIME
        return der.moment(der.Piece(tag, octets, b""), "timeInfo"), b""
    except InvalidInput:
        return None, octets


def _three(parts: list[der.Piece]) -> tuple[der.Piece, der.Piece, der.Piece]:
    if len(parts) < 4:
        raise der.unknown("SES_Signature")
    return parts[1], parts[2], parts[3]


def _sequence(piece: der.Piece, part: str, least: int) -> list[der.Piece]:
    parts = der.inside(der.expected(piece, der.SEQUENCE, part).content, part)
    if len(parts) < least:
        raise der.unknown(part)
    return parts


def _text(piece: der.Piece) -> str:
    """Text for people: UTF-8 or GB18030, as seal makers write it."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return piece.content.decode(encoding)[:1_000]
        except UnicodeDecodeError:
            continue
    return ""
