"""Time stamps of RFC 3161: what they stamp, when, and whether an authority of the trust list made them."""

from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import cms, core, tsp

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures.algorithms import HASHES
from ingest.signatures.certificates import Use
from ingest.signatures.cms import (
    BROKEN,
    Digests,
    Judging,
    Moment,
    attribute,
    claimed_time,
    embedded_digests,
    encapsulated,
    judge,
    malformed,
    open_signed,
    signers,
    unjudged,
)
from ingest.signatures.types import Integrity, Judged, Trust


@dataclass(frozen=True)
class _Imprint:
    algorithm: str
    digest: bytes
    made: datetime


def is_token(der: bytes) -> bool:
    """Whether `der` is a time-stamp token and not the signature of somebody."""
    signed = open_signed(der)
    return signed is not None and signed["encap_content_info"]["content_type"].native == "tst_info"


def judge_token(signed: cms.SignedData, stamped: Digests, judging: Judging) -> Judged:
    """What a time-stamp token is worth over the content of which `stamped` gives digests.

    The authority is judged as of the moment that it stamped: that is what it vouches for.
    """
    content = encapsulated(signed)
    imprint = _imprint(signed)
    who = signers(signed)
    if content is None or imprint is None or len(who) != 1:
        return malformed("TSTInfo")
    if imprint.algorithm not in HASHES:
        return unjudged("signature-method-unknown", method=imprint.algorithm)
    then = replace(judging, use=Use.TIME_STAMPING, proved=imprint.made)
    judged = judge(signed, who[0], embedded_digests(content), then, lambda _signer, _judging: Moment())
    judged = replace(judged, time=imprint.made, time_proved=_proves(judged))
    if judged.integrity is Integrity.VALID and stamped(HASHES[imprint.algorithm]) != imprint.digest:
        altered = (*judged.observations, Observation("signature-altered"))
        return replace(judged, integrity=Integrity.INVALID, time_proved=False, observations=altered)
    return judged


def judge_answer(answer: bytes, stamped: Digests, judging: Judging) -> Judged:
    """The same for a whole answer of a time-stamp authority, in DER.

    Raises:
        InvalidInput: `time-stamp-unverified`: the answer holds no token.
    """
    try:
        token = tsp.TimeStampResp.load(answer)["time_stamp_token"].dump()
    except BROKEN as error:
        raise InvalidInput("time-stamp-unverified", detail=type(error).__name__) from error
    signed = open_signed(token)
    if signed is None:
        raise InvalidInput("time-stamp-unverified", detail="token")
    return judge_token(signed, stamped, judging)


def moment_of(signer: cms.SignerInfo, judging: Judging) -> Moment:
    """When a signature was made, by its own claim and by the time stamp in its attributes (RFC 3161, appendix A)."""
    try:
        claimed = claimed_time(signer)
        value = attribute(signer["unsigned_attrs"], "signature_time_stamp_token")
        signature = signer["signature"].native
    except BROKEN:
        return Moment()
    if not isinstance(value, core.Asn1Value):
        return Moment(claimed)
    signed = open_signed(value.dump())
    if signed is None:
        return Moment(claimed, observations=(Observation("time-stamp-invalid"),))
    judged = judge_token(signed, embedded_digests(signature), judging)
    if _proves(judged):
        return Moment(claimed, judged.time)
    return Moment(claimed, observations=(_why_not(judged),))


def _proves(judged: Judged) -> bool:
    return judged.integrity is Integrity.VALID and judged.trust is Trust.TRUSTED


def _why_not(judged: Judged) -> Observation:
    if judged.integrity is Integrity.INVALID or judged.trust is Trust.INVALID:
        return Observation("time-stamp-invalid")
    if judged.integrity is Integrity.VALID and judged.trust is Trust.UNKNOWN:
        return Observation("time-stamp-unknown-authority")
    return Observation("time-stamp-unverified", {"detail": judged.algorithm})


def _imprint(signed: cms.SignedData) -> _Imprint | None:
    try:
        if signed["encap_content_info"]["content_type"].native != "tst_info":
            return None
        info = signed["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        return _Imprint(
            str(imprint["hash_algorithm"]["algorithm"].native),
            imprint["hashed_message"].native,
            info["gen_time"].native,
        )
    except BROKEN:
        return None
