"""Signatures that stand in a file of their own, and which file is the signature of which.

The national data specification of public resource trading gives documents signed twins named `…_SIGN`; elsewhere they
are `.p7s`, `.sig` and the like. They are CMS in DER, PEM or base64.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO

from asn1crypto import cms, pem

from ingest.outcomes import Observation
from ingest.signatures.cms import (
    SIZE_LIMIT,
    Judged,
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
from ingest.signatures.stamps import judge_token, moment_of
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, TrustList

_CHUNK = 1 << 20
_ENDINGS = (".p7s", ".sig", ".sign", ".p7", ".pkcs7")
_TWIN = re.compile(r"(?i)(?P<stem>.+)_SIGN(?P<ending>\.[^./\\]*)?")
_WHITE = b" \t\r\n\0"
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")


@quietly()
def verify_detached(signature: BinaryIO, content: BinaryIO, trust: TrustList, at: datetime) -> Signature:
    """What a signature in its own file is worth over the bytes of another. `content` is read in pieces."""
    return _signature(_judged(signature, content, Judging(trust, at)), "")


@quietly()
def verify_attached(stream: BinaryIO, trust: TrustList, at: datetime) -> tuple[Signature, ...]:
    """The signers of a CMS file that holds what it signs; none where it holds nothing, since it is a twin then."""
    der = _der(stream)
    if der is None:
        return (_signature(unjudged("signature-too-large", limit=SIZE_LIMIT), ""),)
    judging = Judging(trust, at)
    if is_commercial(der):
        return tuple(_signature(each, str(number)) for number, each in enumerate(_commercial(der, judging), 1))
    signed = open_signed(der)
    content = encapsulated(signed) if signed is not None else None
    if signed is None or content is None:
        return ()
    return tuple(
        _signature(judge(signed, who, embedded_digests(content), judging, moment_of), str(number))
        for number, who in enumerate(signers(signed), 1)
    )


def twins(names: Sequence[str]) -> dict[str, str]:
    """Which of `names` is the detached signature of which: signature to document, by name alone.

    `a.pdf` has the twins `a.pdf.p7s`, `a.pdf_SIGN`, `a_SIGN.pdf`, and `a_SIGN`, `a.p7s` where only one document is
    meant. Upper and lower case are the same here, as they are to those who write such names.
    """
    known = {name.casefold(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for name in names:
        document = next((known[each] for each in _candidates(name, known) if each in known), None)
        if document is not None and document != name:
            found[name] = document
    return found


def _candidates(name: str, known: dict[str, str]) -> Iterator[str]:
    """Names that the document of a signature could have, the likeliest first, folded."""
    folded = name.casefold()
    stems = [folded[: -len(ending)] for ending in _ENDINGS if folded.endswith(ending)]
    match = _TWIN.fullmatch(folded)
    if match:
        ending = match["ending"] or ""
        stems.append(match["stem"])
        yield match["stem"] + ending
        if ending in _ENDINGS:
            stems.append(match["stem"])
    for stem in stems:
        yield stem
    for stem in stems:
        documents = [each for each in known if each.startswith(stem + ".") and each != folded]
        documents = [each for each in documents if "." not in each[len(stem) + 1 :] and not each.endswith(_ENDINGS)]
        if len(documents) == 1:
            yield documents[0]


def _judged(signature: BinaryIO, content: BinaryIO, judging: Judging) -> Judged:
    der = _der(signature)
    if der is None:
        return unjudged("signature-too-large", limit=SIZE_LIMIT)
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


def _commercial(der: bytes, judging: Judging) -> tuple[Judged, ...]:
    """Those who signed what the signature itself holds; nobody where it holds nothing."""
    judged = judge_commercial(der, None, judging)
    return tuple(each for each in judged if all(seen.code != "seal-content-missing" for seen in each.observations))


def _signature(judged: Judged, place: str) -> Signature:
    return Signature(
        Kind.CMS,
        place,
        judged.integrity,
        Coverage.ENTIRE_FILE,
        judged.trust,
        judged.signer,
        judged.time,
        judged.time_proved,
        judged.algorithm,
        judged.observations,
    )


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
