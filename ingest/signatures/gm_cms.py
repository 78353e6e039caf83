"""Verification of signed data in the form of GM/T 0010 and GB/T 35275, and of CMS wherever a key of SM2 may be in it.

GB/T 35275 lets the content be the digest of what was signed. Which bytes were signed follows from what stands in the
signed data; each way that is tried binds the signature to the whole of the content.
"""

import base64
import binascii
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from asn1crypto import tsp

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures.gm_signed_data import Entry, SignedData, read_signed_data
from ingest.signatures.public_keys import DIGESTS, WEAK, Fit, Pieces, fits
from ingest.signatures.sm2_certificates import Certificate
from ingest.signatures.sm2_paths import TIME_STAMPING, Moment, Vouching
from ingest.signatures.types import Integrity, Judged, Trust, TrustList

_CHUNK = 1 << 16
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Stamp:
    """What a time stamp says: the moment, whether it is proved, and what speaks against it or is not known of it."""

    time: datetime | None
    proved: bool
    observations: tuple[Observation, ...] = ()


def verify_gm_cms(encoded: bytes, content: BinaryIO | None, trust: TrustList, at: datetime) -> tuple[Judged, ...]:
    """Verify signed data over `content`, once for each signer.

    `content` is what was signed, seekable and read in pieces, or None where it stands in the signed data itself. `at`
    is the moment of judging. Nothing is fetched.

    Raises:
        InvalidInput: as `read_signed_data`; `seal-content-missing` where the content is nowhere; as `Vouching` for a
            list that cannot be read.
    """
    return verify_signed_data(read_signed_data(encoded), content, Vouching(trust), at)


def verify_signed_data(
    data: SignedData, content: BinaryIO | None, vouching: Vouching, at: datetime, claimed: datetime | None = None
) -> tuple[Judged, ...]:
    """Verify signed data that has been read. `claimed` is when it was signed, for signers who do not say.

    Raises:
        InvalidInput: `seal-content-missing`, the content is nowhere.
    """
    if content is None and data.content is None:
        raise InvalidInput("seal-content-missing")
    message = io.BytesIO(data.content or b"") if content is None else content
    return tuple(
        _judge(entry, data, _Message(message, data.content), vouching, _Times(at, claimed)) for entry in data.entries
    )


def verify_stamp(token: bytes, stamped: Pieces, vouching: Vouching, at: datetime) -> Stamp:
    """Judge a time stamp (RFC 3161, GB/T 20520) over `stamped`, as a token or as the answer that holds it.

    It proves the time only where it fits what was stamped, its signature holds, and an authority for time stamps on
    the trust list made it.
    """
    try:
        data = read_signed_data(_token(token))
        information = tsp.TSTInfo.load(data.content or b"", strict=True)
        imprint = information["message_imprint"]
        digest = DIGESTS.get(imprint["hash_algorithm"]["algorithm"].dotted, "")
        time, expected = information["gen_time"].native, imprint["hashed_message"].native
        signer = _stamper(data, vouching, Moment(time, at, proved=True))
    except (*_MALFORMED, InvalidInput):
        return Stamp(None, proved=False, observations=(Observation("seal-stamp-unknown"),))
    if not digest:
        return Stamp(time, proved=False, observations=(Observation("seal-stamp-unknown"),))
    if _digest(digest, stamped()) != expected or signer.integrity is Integrity.INVALID:
        return Stamp(time, proved=False, observations=(Observation("seal-stamp-differs"),))
    if signer.integrity is Integrity.VALID and signer.trust is Trust.TRUSTED:
        return Stamp(time, proved=True)
    return Stamp(time, proved=False, observations=(Observation("seal-stamp-untrusted"),))


@dataclass(frozen=True)
class _Times:
    at: datetime
    claimed: datetime | None


class _Message:
    """What was signed, and what the signed data itself holds, which may be a digest of it."""

    def __init__(self, stream: BinaryIO, held: bytes | None) -> None:
        self._stream = stream
        self.held = held

    def pieces(self) -> Iterator[bytes]:
        """The message from its beginning, in pieces."""
        self._stream.seek(0)
        while piece := self._stream.read(_CHUNK):
            yield piece

    def agrees(self, held: bytes, digest: str) -> bool:
        """Whether `held` stands for the message: its digest, plain or in Base64, or the message itself."""
        actual = _digest(digest, self.pieces())
        return actual in {held, _decoded(held), _digest(digest, (held,))}


def _judge(entry: Entry, data: SignedData, message: _Message, vouching: Vouching, times: _Times) -> Judged:
    claimed = entry.claimed or times.claimed
    if entry.certificate is None:
        missing = (Observation("seal-no-certificate"),)
        return Judged(Integrity.NOT_CHECKED, Trust.NOT_CHECKED, time=claimed, observations=missing)
    try:
        fit = _fit(entry, entry.certificate, message)
        integrity = Integrity.VALID if fit.held else Integrity.INVALID
    except InvalidInput as error:
        fit = Fit(held=False, algorithm="", observations=(Observation(error.code, error.params),))
        integrity = Integrity.NOT_CHECKED
    stamp = Stamp(None, proved=False)
    if entry.time_stamp:
        stamp = verify_stamp(entry.time_stamp, lambda: (entry.signature,), vouching, times.at)
    time = stamp.time if stamp.proved else claimed
    standing = vouching.standing(entry.certificate, data.certificates, Moment(time, times.at, stamp.proved))
    seen = (*fit.observations, *standing.observations, *stamp.observations)
    return Judged(integrity, standing.trust, entry.certificate.subject, time, stamp.proved, fit.algorithm, once(seen))


def _fit(entry: Entry, certificate: Certificate, message: _Message) -> Fit:
    """Whether the signer's signature binds the message.

    Raises:
        InvalidInput: `seal-digest-unknown`, `signature-key-unknown`: that cannot be told.
    """
    if not entry.digest:
        raise InvalidInput("seal-digest-unknown", digest="?")
    weak = (Observation("seal-digest-weak", {"digest": entry.digest}),) if entry.digest in WEAK else ()
    if message.held is not None and not message.agrees(message.held, entry.digest):
        return Fit(held=False, algorithm="", observations=(*weak, Observation("seal-content-differs")))
    if entry.attributes:
        return _fit_attributes(entry, certificate, message, weak)
    fit = Fit(held=False, algorithm="")
    for pieces in _candidates(entry, message):
        fit = fits(certificate.key, entry.signature, pieces, entry.algorithm, entry.digest)
        if fit.held:
            return Fit(held=True, algorithm=fit.algorithm, observations=(*weak, *fit.observations))
    return Fit(held=False, algorithm=fit.algorithm, observations=(*weak, Observation("seal-signature-wrong")))


def _fit_attributes(entry: Entry, certificate: Certificate, message: _Message, weak: tuple[Observation, ...]) -> Fit:
    """Signed attributes bind the content by their message digest (RFC 5652, 5.4)."""
    held = _digest(entry.digest, (message.held,)) if message.held is not None else None
    if entry.message_digest not in {_digest(entry.digest, message.pieces()), held} or entry.message_digest is None:
        return Fit(held=False, algorithm="", observations=(*weak, Observation("seal-content-differs")))
    fit = fits(certificate.key, entry.signature, lambda: (entry.attributes,), entry.algorithm, entry.digest)
    wrong = () if fit.held else (Observation("seal-signature-wrong"),)
    return Fit(fit.held, fit.algorithm, (*weak, *fit.observations, *wrong))


def _candidates(entry: Entry, message: _Message) -> Iterator[Pieces]:
    """What may have been signed where there are no attributes: what is held, the message, the digest of it."""
    held = message.held
    if held is not None:
        yield lambda: (held,)
    yield message.pieces
    digest = _digest(entry.digest, message.pieces())
    yield lambda: (digest,)


def _stamper(data: SignedData, vouching: Vouching, moment: Moment) -> Judged:
    """The authority that made a time stamp, judged at the moment it states."""
    entry = data.entries[0]
    if entry.certificate is None or len(data.entries) != 1:
        raise InvalidInput("seal-structure-unknown", part="TimeStampToken")
    fit = _fit(entry, entry.certificate, _Message(io.BytesIO(data.content or b""), data.content))
    standing = vouching.standing(
        entry.certificate, data.certificates, Moment(moment.claimed, moment.now, proved=True), TIME_STAMPING
    )
    return Judged(Integrity.VALID if fit.held else Integrity.INVALID, standing.trust)


def _token(encoded: bytes) -> bytes:
    """The token out of an answer of an authority, or what is given where it is no answer."""
    try:
        answer = tsp.TimeStampResp.load(encoded, strict=True)
        return bytes(answer["time_stamp_token"].dump())
    except _MALFORMED:
        return encoded


def _digest(name: str, pieces: Iterable[bytes]) -> bytes:
    hashed = hashlib.new(name, usedforsecurity=False)
    for piece in pieces:
        hashed.update(piece)
    return hashed.digest()


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def once(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """`observations` without repetition, in their order."""
    kept: list[Observation] = []
    for each in observations:
        if each not in kept:
            kept.append(each)
    return tuple(kept)
