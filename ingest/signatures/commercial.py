"""Signatures of Chinese commercial cryptography (SM2, SM3; GM/T 0010, GB/T 35275) where others put CMS."""

from typing import BinaryIO

from asn1crypto import cms

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures.algorithms import GM_ARC, is_gm
from ingest.signatures.cms import BROKEN, Judging, malformed, open_signed, signers, unjudged
from ingest.signatures.gm_cms import verify_gm_cms
from ingest.signatures.types import Integrity, Judged, Trust


def is_commercial(der: bytes) -> bool:
    """Whether `der` is signed data that the libraries of the world cannot verify, and ours can."""
    signed = open_signed(der)
    if signed is None:
        return _is_of_its_own_kind(der)
    return any(is_gm(signer) for signer in signers(signed))


def judge_commercial(der: bytes, content: BinaryIO | None, judging: Judging) -> tuple[Judged, ...]:
    """What each signer's signature is worth over `content`, or over what it holds itself where that is None."""
    try:
        return verify_gm_cms(der, content, judging.trust, judging.at)
    except InvalidInput as error:
        return (
            Judged(Integrity.NOT_CHECKED, Trust.NOT_CHECKED, observations=(Observation(error.code, error.params),)),
        )


def judge_one(der: bytes, content: BinaryIO, judging: Judging) -> Judged:
    """The same where there has to be one signer."""
    judged = judge_commercial(der, content, judging)
    if len(judged) == 1:
        return judged[0]
    return unjudged("signature-several-signers", count=len(judged)) if judged else malformed("SignerInfo")


def _is_of_its_own_kind(der: bytes) -> bool:
    """Whether the type of content is the one of GM/T 0010, which no other library knows."""
    try:
        return str(cms.ContentInfo.load(der)["content_type"].dotted).startswith(GM_ARC)
    except BROKEN:
        return False
