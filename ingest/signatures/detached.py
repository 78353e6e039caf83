"""Signatures that stand in a file of their own, and which file is the signature of which.

The national data specification of public resource trading gives documents signed twins named `…_SIGN`; elsewhere they
are `.p7s`, `.sig` and the like. They are CMS in DER, PEM or base64.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from asn1crypto import cms, pem

from ingest.outcomes import Observation
from ingest.signatures.cms import (
    Judging,
    embedded_digests,
    encapsulated,
    judge,
    malformed,
    open_signed,
    signers,
    streamed_digests,
    unjudged,
)
from ingest.signatures.commercial import is_commercial, judge_commercial, judge_one
from ingest.signatures.quiet import quietly
from ingest.signatures.stamps import is_token, judge_token, moment_of
from ingest.signatures.twins import CONTENT_MISSING, may_be_signed_data
from ingest.signatures.types import SIZE_LIMIT, Coverage, Integrity, Judged, Kind, Signature, TrustList

_CHUNK = 1 << 20
_WHITE = b" \t\r\n\0"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")


@quietly()
def verify_detached(signature: BinaryIO, content: BinaryIO, trust: TrustList, at: datetime) -> Signature:
    """What a signature in its own file is worth over the bytes of another. `content` is read in pieces."""
    der = _der(signature)
    if der is None:
        return _signature(unjudged("signature-too-large", limit=SIZE_LIMIT), "")
    kind = Kind.TIME_STAMP if is_token(der) else Kind.CMS
    return _signature(_judged(der, content, Judging(trust, at)), "", kind)


@quietly()
def verify_attached(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signers of a CMS file, over what it holds; one that holds nothing has to be laid beside its document."""
    der = _der(stream)
    if der is None:
        return (_signature(unjudged("signature-too-large", limit=SIZE_LIMIT), ""),)
    judging = Judging(trust, at)
    if is_commercial(der):
        judged = judge_commercial(der, None, judging)
        return tuple(_signature(each, str(number)) for number, each in enumerate(judged, 1))
    signed = open_signed(der)
    if signed is None:
        return (_signature(unjudged("signature-method-unknown", method="CMS"), ""),)
    content = encapsulated(signed)
    if content is None:
        return (_signature(unjudged(CONTENT_MISSING), ""),) if signers(signed) else ()
    return tuple(
        _signature(judge(signed, who, embedded_digests(content), judging, moment_of), str(number))
        for number, who in enumerate(signers(signed), 1)
    )


@quietly()
def verify_unnamed(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signers of a file whose format nobody knows, where it is signed data all the same."""
    if not may_be_signed_data(stream):
        return ()
    der = _der(stream)
    if der is None or not (is_commercial(der) or open_signed(der) is not None):
        return ()
    return verify_attached(stream, trust, at)


def _judged(der: bytes, content: BinaryIO, judging: Judging) -> Judged:
    if is_commercial(der):
        return judge_one(der, content, judging)
    signed = open_signed(der)
    if signed is not None:
        return _detached(signed, content, judging)
    return unjudged("signature-method-unknown", method="CMS") if der[:1] != b"\x30" else malformed("CMS")


def _detached(signed: cms.SignedData, content: BinaryIO, judging: Judging) -> Judged:
    digests = streamed_digests(lambda: _pieces(content))
    if signed["encap_content_info"]["content_type"].native == "tst_info":
        return judge_token(signed, digests, judging)
    who = signers(signed)
    if len(who) != 1:
        return unjudged("signature-several-signers", count=len(who)) if who else malformed("SignerInfo")
    inside = encapsulated(signed)
    if inside is None:
        return judge(signed, who[0], digests, judging, moment_of)
    judged = judge(signed, who[0], embedded_digests(inside), judging, moment_of)
    if embedded_digests(inside)("sha256") == digests("sha256"):
        return judged
    # A signature over a copy that it brings along says nothing of the document beside it.
    other = (*judged.observations, Observation("signature-altered"))
    return replace(judged, integrity=Integrity.INVALID, observations=other)


def _signature(judged: Judged, place: str, kind: Kind = Kind.CMS) -> Signature:
    """Signed is always a whole file; nothing is known of it where the signature could not be looked at."""
    covered = Coverage.UNCLEAR if judged.integrity is Integrity.NOT_CHECKED else Coverage.ENTIRE_FILE
    return judged.carried(kind, place, covered)


def _der(stream: BinaryIO) -> bytes | None:
    """The signature as DER, also where it is written as PEM or base64; None where it is too large."""
    stream.seek(0)
    content = stream.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        return None
    plain = content.strip(_WHITE)
    try:
        if pem.detect(plain):
            _, _, der = pem.unarmor(plain)
            return bytes(der)
        if plain[:1] != b"\x30" and _BASE64.fullmatch(plain):
            return base64.b64decode(b"".join(plain.split()), validate=True)
    except (ValueError, TypeError, binascii.Error):
        return content
    return content


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(_CHUNK):
        yield piece
