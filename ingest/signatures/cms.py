"""Signatures in the form of CMS (RFC 5652): what the signer signed, whether the signature fits, and who vouches."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from asn1crypto import cms, core, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator.errors import AlgorithmNotSupported

from ingest.outcomes import Observation
from ingest.signatures.algorithms import HASHES, described, digest_of_signer, is_gm, weaknesses
from ingest.signatures.certificates import (
    Evidence,
    Use,
    Vouched,
    is_expired,
    known_certificates,
    loaded_evidence,
    vouch,
)
from ingest.signatures.naming import readable
from ingest.signatures.types import SLACK, Integrity, Judged, Trust, TrustList

_SIGNERS = 50
BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)
"""What the parser of ASN.1 raises on bytes that are none, or not what they have to be."""

Digests = Callable[[str], bytes]
"""Gives the digest of the signed content, by the standard library's name of the algorithm."""


@dataclass(frozen=True)
class Judging:
    """By what a signature is judged: the trust list, the moment, and what the file brings along to help.

    `proved` is a moment at which a trusted time stamp around the signature proves that it existed already, `claimed` a
    time of signing that stands beside the signature and counts where the signature itself names none.
    """

    trust: TrustList
    at: datetime
    evidence: Evidence = field(default_factory=Evidence)
    use: Use = Use.SIGNING
    proved: datetime | None = None
    claimed: datetime | None = None


@dataclass(frozen=True)
class Moment:
    """When something was signed: as the signer claims, and as a time stamp of a trusted authority proves."""

    claimed: datetime | None = None
    proved: datetime | None = None
    observations: tuple[Observation, ...] = ()


def open_signed(der: bytes) -> cms.SignedData | None:
    """The signed data in `der`, None where it is none. What follows it is not looked at."""
    try:
        info = cms.ContentInfo.load(der)
        if info["content_type"].native != "signed_data":
            return None
        signed = info["content"]
        # The parser is lazy: this walks to where signers and algorithms are, so that nothing breaks later.
        for signer in signed["signer_infos"]:
            _ = (digest_of_signer(signer), described(signer), signer["signature"].native, signer["signed_attrs"].native)
        _ = signed["encap_content_info"]["content_type"].native
    except BROKEN:
        return None
    return signed if isinstance(signed, cms.SignedData) else None


def unjudged(code: str, *, integrity: Integrity = Integrity.NOT_CHECKED, **params: object) -> Judged:
    """A signature of which nothing more can be said than why."""
    return Judged(integrity, Trust.NOT_CHECKED, observations=(Observation(code, params),))


def malformed(detail: str) -> Judged:
    """A signature whose data contradict themselves or are damaged: it cannot hold."""
    return unjudged("signature-malformed", integrity=Integrity.INVALID, detail=detail)


def embedded_digests(content: bytes) -> Digests:
    """Digests of content that stands in the signature itself."""
    return lambda name: hashlib.new(name, content, usedforsecurity=False).digest()


def streamed_digests(pieces: Callable[[], Iterator[bytes]]) -> Digests:
    """Digests of content that `pieces` reads anew, piece by piece; each algorithm reads it once."""
    known: dict[str, bytes] = {}

    def digest(name: str) -> bytes:
        if name not in known:
            running = hashlib.new(name, usedforsecurity=False)
            for piece in pieces():
                running.update(piece)
            known[name] = running.digest()
        return known[name]

    return digest


def judge(
    signed: cms.SignedData,
    signer: cms.SignerInfo,
    digests: Digests,
    judging: Judging,
    stamped: Callable[[cms.SignerInfo, Judging], Moment],
) -> Judged:
    """What the signature of one `signer` is worth. `stamped` tells when it was made."""
    digest = digest_of_signer(signer)
    if is_gm(signer) or digest not in HASHES:
        return replace(unjudged("signature-method-unknown", method=described(signer)), algorithm=described(signer))
    certificate = _certificate_of(_brought(signed) + known_certificates(judging.evidence, judging.trust), signer)
    if certificate is None:
        return replace(unjudged("signature-without-certificate"), algorithm=described(signer))
    judged = Judged(
        Integrity.NOT_CHECKED,
        Trust.NOT_CHECKED,
        signer=readable(certificate.subject),
        algorithm=described(signer),
        observations=tuple(
            Observation("signature-weak-algorithm", {"algorithm": weak}) for weak in weaknesses(digest, certificate)
        ),
    )
    integrity, reasons = _integrity(signed, signer, certificate, digests(HASHES[digest]))
    judged = replace(judged, integrity=integrity, observations=judged.observations + reasons)
    own = judging.evidence.joined(evidence_of(signed, signer))
    return judged_signer(judged, certificate, replace(judging, evidence=own), stamped(signer, judging))


def signers(signed: cms.SignedData) -> list[cms.SignerInfo]:
    """Those who signed, as many as are looked at."""
    return list(signed["signer_infos"])[:_SIGNERS]


def encapsulated(signed: cms.SignedData) -> bytes | None:
    """The content that stands in the signature, None where it stands elsewhere."""
    content = signed["encap_content_info"]["content"]
    return None if content is core.VOID or isinstance(content, core.Void) else bytes(content)


def evidence_of(signed: cms.SignedData, signer: cms.SignerInfo) -> Evidence:
    """Certificates, revocation lists and OCSP answers that came with a signature."""
    lists, answers = _archived_revocations(signer)
    certificates = tuple(choice.chosen.untag().dump() for choice in _chosen(signed["certificates"], "certificate"))
    lists += tuple(choice.chosen.untag().dump() for choice in _chosen(signed["crls"], "certificate_list"))
    return loaded_evidence(certificates, lists, answers)


def attribute(attributes: object, kind: str) -> object | None:
    """The only value of the attribute `kind`, None where there is none or where there are several."""
    if not isinstance(attributes, core.SetOf):
        return None
    values = [value for each in attributes if each["type"].native == kind for value in each["values"]]
    return values[0] if len(values) == 1 else None


def judged_signer(judged: Judged, certificate: x509.Certificate, judging: Judging, moment: Moment) -> Judged:
    """Add who vouches: at the time of signing where that is proved, else as of now."""
    proved = min((each for each in (moment.proved, judging.proved) if each is not None), default=None)
    claimed = moment.claimed or judging.claimed
    observations = judged.observations + moment.observations
    if judging.use is Use.SIGNING and proved is None:
        observations += (Observation("signature-time-unproven"),)
    verdict = vouch(certificate, judging.evidence, judging.trust, proved or judging.at, judging.use)
    if proved is None and claimed is not None and not _is_possible(claimed, certificate, judging.at):
        observations += (Observation("signature-time-impossible"),)
    elif is_expired(verdict) and proved is None and claimed is not None:
        verdict = _since_expired(vouch(certificate, judging.evidence, judging.trust, claimed, judging.use))
    return replace(
        judged,
        trust=verdict.trust,
        time=proved or claimed,
        time_proved=proved is not None,
        observations=observations + verdict.observations,
    )


def _is_possible(claimed: datetime, certificate: x509.Certificate, at: datetime) -> bool:
    """Whether the certificate existed at the time of signing that is claimed, and that time has come."""
    try:
        return bool(certificate.not_valid_before - SLACK <= claimed <= at + SLACK)
    except BROKEN:
        return False


def _since_expired(then: Vouched) -> Vouched:
    """What to say of a signer whom we would have trusted at the time that only he claims."""
    if then.trust is not Trust.TRUSTED:
        return then
    return Vouched(Trust.UNKNOWN, (Observation("certificate-expired-since"), *then.observations))


def _integrity(
    signed: cms.SignedData, signer: cms.SignerInfo, certificate: x509.Certificate, digest: bytes
) -> tuple[Integrity, tuple[Observation, ...]]:
    content_type = signed["encap_content_info"]["content_type"].native
    try:
        intact, fits = validate_sig_integrity(signer, certificate, content_type, digest)
    except (UnsupportedAlgorithm, AlgorithmNotSupported, NotImplementedError):
        return Integrity.NOT_CHECKED, (Observation("signature-method-unknown", {"method": described(signer)}),)
    except (CMSStructuralError, CMSExtractionError, SignatureValidationError) as error:
        return Integrity.INVALID, (Observation("signature-malformed", {"detail": type(error).__name__}),)
    except (InvalidSignature, *BROKEN) as error:
        return Integrity.INVALID, (Observation("signature-malformed", {"detail": type(error).__name__}),)
    if intact and fits:
        return Integrity.VALID, ()
    return Integrity.INVALID, (Observation("signature-forged" if intact else "signature-altered"),)


def _brought(signed: cms.SignedData) -> list[x509.Certificate]:
    try:
        return [choice.chosen.untag() for choice in _chosen(signed["certificates"], "certificate")]
    except BROKEN:
        return []


def _certificate_of(candidates: list[x509.Certificate], signer: cms.SignerInfo) -> x509.Certificate | None:
    """The certificate that the signer names, by issuer and number or by the identifier of its key."""
    try:
        named = signer["sid"]
        for certificate in candidates:
            if named.name == "subject_key_identifier":
                found = certificate.key_identifier == named.chosen.native
            else:
                # Names are compared as RFC 5280, 7.1 demands: without regard to case and spaces.
                numbered = certificate.serial_number == named.chosen["serial_number"].native
                found = numbered and certificate.issuer == named.chosen["issuer"]
            if found:
                _ = (certificate.public_key.native, certificate.subject.human_friendly)
                return x509.Certificate.load(certificate.dump())
    except BROKEN:
        return None
    return None


def _chosen(choices: object, name: str) -> Iterable[core.Choice]:
    if not isinstance(choices, core.SetOf):
        return []
    return [choice for choice in choices if choice.name == name]


def _archived_revocations(signer: cms.SignerInfo) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What Adobe's attribute for long validity holds (ISO 32000-2, 12.8.3.3.2)."""
    try:
        archived = attribute(signer["signed_attrs"], "adobe_revocation_info_archival")
        if not isinstance(archived, core.Sequence):
            return (), ()
        lists = tuple(each.dump() for each in archived["crl"]) if isinstance(archived["crl"], core.SequenceOf) else ()
        found = archived["ocsp"]
        return lists, tuple(each.dump() for each in found) if isinstance(found, core.SequenceOf) else ()
    except BROKEN:
        return (), ()


def claimed_time(signer: cms.SignerInfo) -> datetime | None:
    """When the signer says he signed."""
    value = attribute(signer["signed_attrs"], "signing_time")
    moment = getattr(value, "native", None)
    if not isinstance(moment, datetime):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
