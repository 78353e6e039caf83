"""Who vouches for a certificate: a path to an anchor of the trust list, judged at one moment, without any network.

A path that cannot be built at all leaves the signer unknown. A path that leads to an anchor and does not hold makes the
signer invalid: expired, revoked, not meant for this, or badly issued (RFC 5280, section 6).
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from asn1crypto import core, crl, ocsp, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    OCSPValidationError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext
from pyhanko_certvalidator.validate import async_validate_path

from ingest.outcomes import Observation
from ingest.signatures.types import Trust, TrustList

T = TypeVar("T")

# However many certificates a file brings along, so many paths are tried.
_PATHS = 8
_MATERIAL = 500
_REQUIRED = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
_WHERE_DECLARED = RevocationCheckingRule.CHECK_IF_DECLARED_SOFT
_UNCHECKED = RevocationCheckingRule.NO_CHECK
# From the strictest to what is left where nothing is known of revocation: signer first, then those above.
_STRICTNESS = ((_REQUIRED, _REQUIRED), (_REQUIRED, _WHERE_DECLARED), (_REQUIRED, _UNCHECKED), (_UNCHECKED, _UNCHECKED))
# Keys for these uses alone speak for a server, a program or a clock, never for somebody who signs a document.
_NO_SIGNERS = frozenset({"server_auth", "code_signing", "time_stamping", "ocsp_signing"})
_REVERSIBLE = frozenset({"certificate_hold", "remove_from_crl"})
_BROKEN_ASN1 = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, NotImplementedError)


class Use(StrEnum):
    """What a certificate has to be meant for."""

    SIGNING = "signing"
    TIME_STAMPING = "time stamping"


@dataclass(frozen=True)
class Evidence:
    """Certificates and word on revocation that a file brings along: helpful, never trusted by themselves."""

    certificates: tuple[x509.Certificate, ...] = ()
    revocations: tuple[crl.CertificateList, ...] = ()
    answers: tuple[ocsp.OCSPResponse, ...] = ()

    def joined(self, other: "Evidence") -> "Evidence":
        """Both together, as much as is looked at."""
        return Evidence(
            (self.certificates + other.certificates)[:_MATERIAL],
            (self.revocations + other.revocations)[:_MATERIAL],
            (self.answers + other.answers)[:_MATERIAL],
        )


@dataclass(frozen=True)
class Vouched:
    """What is known of a signer at one moment, and why it is no better."""

    trust: Trust
    observations: tuple[Observation, ...] = ()


def vouch(
    certificate: x509.Certificate, evidence: Evidence, trust: TrustList, moment: datetime, use: Use = Use.SIGNING
) -> Vouched:
    """Whether `trust` vouches for `certificate` at `moment`, for `use`."""
    try:
        vouched = _vouched(certificate, evidence, trust, moment)
        if vouched.trust is Trust.TRUSTED and not _meant_for(certificate, use):
            return Vouched(Trust.INVALID, (Observation("certificate-wrong-use", {"use": str(use)}),))
    except (UnsupportedAlgorithm, *_BROKEN_ASN1) as error:
        return _unhandled(type(error).__name__)
    return vouched


def loaded_evidence(
    certificates: tuple[bytes, ...] = (), revocations: tuple[bytes, ...] = (), answers: tuple[bytes, ...] = ()
) -> Evidence:
    """Evidence from DER; what cannot be read helps nobody and is left out."""
    return Evidence(
        tuple(_readable(x509.Certificate, certificates)),
        tuple(_readable(crl.CertificateList, revocations)),
        tuple(_readable(ocsp.OCSPResponse, answers)),
    )


@lru_cache(maxsize=2)
def _listed(trust: TrustList) -> Evidence:
    """What the trust list itself gives to help; its revocation lists are large, and every signature asks for them."""
    return loaded_evidence(trust.intermediates, trust.revocations, trust.answers)


def known_certificates(evidence: Evidence, trust: TrustList) -> list[x509.Certificate]:
    """Certificates that may belong to a signature which brings none along."""
    return [*evidence.certificates, *_listed(trust).certificates, *loaded_evidence(trust.anchors).certificates]


def is_expired(vouched: Vouched) -> bool:
    """Whether time alone stands against the signer."""
    return any(each.code == "certificate-expired" for each in vouched.observations)


def _readable(form: Any, ders: tuple[bytes, ...]) -> list[Any]:
    read = []
    for der in ders[:_MATERIAL]:
        try:
            value = form.load(der, strict=True)
            # The parser is lazy. Revocation lists are looked through entry by entry later, and only where needed.
            _ = value["tbs_cert_list"]["this_update"].native if form is crl.CertificateList else value.native
        except _BROKEN_ASN1:
            continue
        read.append(value)
    return read


def _vouched(certificate: x509.Certificate, evidence: Evidence, trust: TrustList, moment: datetime) -> Vouched:
    unknown = Vouched(Trust.UNKNOWN, (Observation("certificate-unknown-authority", {"version": trust.version}),))
    if not trust.anchors:
        return unknown
    first: Vouched | None = None
    known = _listed(trust).joined(evidence)
    for path in _paths(certificate, _context(known, trust, moment, _STRICTNESS[0])):
        vouched = _held(path, known, trust, moment)
        if vouched.trust is Trust.TRUSTED:
            return vouched
        first = first or vouched
    return first or unknown


def _paths(certificate: x509.Certificate, context: ValidationContext) -> list[ValidationPath]:
    found: list[ValidationPath] = []
    candidates = context.path_builder.async_build_paths_lazy(certificate)
    try:
        while len(found) < _PATHS:
            found.append(finished(candidates.__anext__()))
    except (StopAsyncIteration, PathBuildingError):
        return found
    return found


def _held(path: ValidationPath, evidence: Evidence, trust: TrustList, moment: datetime) -> Vouched:
    """Whether a path holds: asking for word on revocation first, and saying so where there is none."""
    for strictness in _STRICTNESS:
        context = _context(evidence, trust, moment, strictness)
        try:
            finished(async_validate_path(context, path))
        except InsufficientRevinfoError:
            continue
        except ValidationError as error:
            return _refused(error)
        if not _in_force(path, moment):
            return Vouched(Trust.INVALID, (Observation("certificate-expired"),))
        silent = strictness != _STRICTNESS[0] and path.pkix_len > 0
        if silent and (_stands_on_a_list(path, evidence, moment) or _is_answered_for(path, context)):
            return Vouched(Trust.INVALID, (Observation("certificate-revoked"),))
        return Vouched(Trust.TRUSTED, (Observation("certificate-revocation-unknown"),) if silent else ())
    return _unhandled("revocation")


def _stands_on_a_list(path: ValidationPath, evidence: Evidence, moment: datetime) -> bool:
    """Whether a list that no longer says who is good still says that somebody on the path was revoked by then.

    Revocation is for ever but for holds (RFC 5280, 5.3.1), so the age of such a list is no excuse.
    """
    chain = list(path.iter_certs(include_root=True))
    return any(
        _revokes(listing, issuer, certificate, moment)
        for issuer, certificate in pairwise(chain)
        for listing in evidence.revocations
    )


def _is_answered_for(path: ValidationPath, context: ValidationContext) -> bool:
    """Whether a responder says that somebody on the path was revoked.

    The library asks for such answers only where a certificate names a responder, and then says nothing of the others.
    """
    for certificate in path.iter_certs(include_root=False):
        try:
            finished(verify_ocsp_response(certificate, path, context))
        except RevokedError:
            return True
        except (ValidationError, OCSPValidationError):
            continue
    return False


def _revokes(
    listing: crl.CertificateList, issuer: x509.Certificate, certificate: x509.Certificate, moment: datetime
) -> bool:
    if listing.issuer != issuer.subject:
        return False
    scope = listing.issuing_distribution_point_value
    if scope is not None and scope["indirect_crl"].native:
        return False
    entries = listing["tbs_cert_list"]["revoked_certificates"]
    if not any(
        _is_entry_of(entry, certificate, moment) for entry in (entries if isinstance(entries, core.SequenceOf) else ())
    ):
        return False
    try:
        DefaultSignatureValidator().validate_signature(
            listing["signature"].native,
            listing["tbs_cert_list"].dump(),
            issuer.public_key,
            listing["signature_algorithm"],
            SignatureValidationContext(contextual_md_algorithm=None, prehashed=False),
        )
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_entry_of(entry: crl.RevokedCertificate, certificate: x509.Certificate, moment: datetime) -> bool:
    if entry["user_certificate"].native != certificate.serial_number or entry["revocation_date"].native > moment:
        return False
    reason = entry.crl_reason_value
    return reason is None or reason.native not in _REVERSIBLE


def _refused(error: ValidationError) -> Vouched:
    if isinstance(error, ExpiredError | NotYetValidError):
        return Vouched(Trust.INVALID, (Observation("certificate-expired"),))
    if isinstance(error, RevokedError):
        return Vouched(Trust.INVALID, (Observation("certificate-revoked"),))
    if isinstance(error, DisallowedAlgorithmError):
        return Vouched(Trust.UNKNOWN, (Observation("certificate-weak-algorithm"),))
    return Vouched(Trust.INVALID, (Observation("certificate-path-broken"),))


def _unhandled(detail: str) -> Vouched:
    return Vouched(Trust.NOT_CHECKED, (Observation("certificate-unsupported", {"detail": detail}),))


def _in_force(path: ValidationPath, moment: datetime) -> bool:
    """Whether the signer's own certificate is valid then, also where it stands on the list itself."""
    leaf = path.get_ee_cert_safe()
    if leaf is None:
        return True
    return bool(leaf.not_valid_before <= moment <= leaf.not_valid_after)


def _context(
    evidence: Evidence,
    trust: TrustList,
    moment: datetime,
    strictness: tuple[RevocationCheckingRule, RevocationCheckingRule],
) -> ValidationContext:
    """A context that may not fetch anything. Word on revocation counts also where it is newer than the moment."""
    signer, above = strictness
    return ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in trust.anchors],
        other_certs=evidence.certificates,
        crls=evidence.revocations,
        ocsps=evidence.answers,
        moment=moment,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(signer, above), retroactive_revinfo=True),
    )


def _meant_for(certificate: x509.Certificate, use: Use) -> bool:
    """RFC 5280, 4.2.1.3 and 4.2.1.12; a time-stamp authority must say that it is one (RFC 3161, 2.3)."""
    extended = certificate.extended_key_usage_value
    if use is Use.TIME_STAMPING:
        return extended is not None and "time_stamping" in extended.native
    if extended is not None and set(extended.native) <= _NO_SIGNERS:
        return False
    allowed = certificate.key_usage_value
    return allowed is None or bool({"digital_signature", "non_repudiation"} & allowed.native)


def finished(work: Awaitable[T]) -> T:
    """Run to its end what never waits. The validator is written for networks; without one it has nothing to wait for.

    Raises:
        RuntimeError: it wants to wait, so it wants something from outside, which it must not have.
    """
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("the validator of certificates wants to wait for something")
