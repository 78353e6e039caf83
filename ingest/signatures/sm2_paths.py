"""Who vouches for a signer: paths from his certificate to those a trust list names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.errors import InvalidInput
from ingest.outcomes import Observation
from ingest.signatures.sm2_certificates import Certificate, Revocations, read_certificate, read_revocations
from ingest.signatures.types import SLACK, Trust, TrustList

_LONGEST_PATH = 8
_MOST_ATTEMPTS = 64
# A file may hold many signatures, each with many certificates that could have issued its own.
_MOST_ATTEMPTS_OF_A_FILE = 1_000
_MOST_HELPERS = 100
SIGNING = frozenset({"digital_signature", "non_repudiation"})
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_ANY_PURPOSE = "2.5.29.37.0"
# Keys for a server, a program, a clock or answers on revocation alone are nobody's who signs documents.
_NO_SIGNERS = frozenset({"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3", TIME_STAMPING, "1.3.6.1.5.5.7.3.9"})


@dataclass(frozen=True)
class Moment:
    """When something was signed, and when that is judged.

    `claimed` is what the signer says, None where he says nothing, or what a trusted time stamp proves, then `proved`.
    `now` is the moment of judging.
    """

    claimed: datetime | None
    now: datetime
    proved: bool = False


@dataclass(frozen=True)
class Standing:
    """The answer about one certificate, with what it rests on or lacks."""

    trust: Trust
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True)
class _Path:
    """Certificates from the signer's to an anchor, or to where it breaks off."""

    certificates: tuple[Certificate, ...]
    anchored: bool
    observations: tuple[Observation, ...] = ()


class Vouching:
    """Answers for certificates out of one trust list. Helpers out of a signature may shorten the way, never end it."""

    def __init__(self, trust: TrustList) -> None:
        """Read the list.

        Raises:
            InvalidInput: `seal-certificate-unreadable`, something on it is no certificate or list of revocations.
        """
        self._anchors = tuple(map(read_certificate, trust.anchors))
        self._intermediates = tuple(map(read_certificate, trust.intermediates))
        self._revocations = tuple(map(read_revocations, trust.revocations))
        self._left = _MOST_ATTEMPTS_OF_A_FILE

    def standing(
        self, certificate: Certificate, helpers: Sequence[Certificate], moment: Moment, purpose: str = ""
    ) -> Standing:
        """Who vouches for `certificate` as of `moment`.

        `purpose` is an extended key usage it has to have, "" for signing documents. What was in order when it was
        signed, but no longer is, and nobody proves when that was, is not trusted: `unknown`.
        """
        path = self._path(certificate, helpers)
        slack = timedelta() if moment.proved else SLACK
        wrong = [*_unfit(certificate, purpose), *_invalid(path, moment.claimed, slack)]
        revoked, silent = self._revoked(path, moment)
        wrong += [_revocation(when) for when in revoked if moment.claimed is not None and when <= moment.claimed]
        if wrong:
            return Standing(Trust.INVALID, (*path.observations, *wrong))
        if not path.anchored:
            forged = any(each.code == "path-signature-wrong" for each in path.observations)
            missing = path.observations or (Observation("path-issuer-unknown"),)
            return Standing(Trust.INVALID if forged else Trust.UNKNOWN, missing)
        later = [] if moment.proved else [*_invalid(path, moment.now), *map(_revocation, revoked)]
        if not moment.proved and moment.claimed is not None and moment.claimed > moment.now + SLACK:
            later.append(Observation("signature-time-impossible"))
        if later:
            return Standing(Trust.UNKNOWN, (*path.observations, *later, Observation("path-time-unproved")))
        unasked = (Observation("path-revocation-unknown"),) if silent else ()
        return Standing(Trust.TRUSTED, (*path.observations, *unasked))

    def _path(self, certificate: Certificate, helpers: Sequence[Certificate]) -> _Path:
        search = _Search(self._anchors, self._intermediates, helpers[:_MOST_HELPERS], min(_MOST_ATTEMPTS, self._left))
        found = search.onward((certificate,))
        self._left -= search.attempts
        if found is not None:
            return _Path(found, anchored=True, observations=search.observations(settled=True))
        return _Path((certificate,), anchored=False, observations=search.observations(settled=False))

    def _revoked(self, path: _Path, moment: Moment) -> tuple[list[datetime], bool]:
        """When certificates of the path were revoked, and whether nobody speaks of some of them at the moment judged.

        A list that is out of date still revokes whom it names, and clears nobody.
        """
        when = moment.claimed if moment.proved and moment.claimed is not None else moment.now
        revoked: list[datetime] = []
        silent = False
        for certificate, issuer in zip(path.certificates, path.certificates[1:], strict=False):
            lists = [each for each in self._revocations if each.issuer_key == certificate.issuer_key]
            spoken = [each for each in lists if _made(each, issuer)]
            silent = silent or not any(each.speaks_of(when) for each in spoken)
            revoked += [each.revoked[certificate.serial] for each in spoken if certificate.serial in each.revoked]
        return revoked, silent


class _Search:
    """Looks for a path depth first, within a bounded number of signatures to verify."""

    def __init__(
        self, anchors: Sequence[Certificate], listed: Sequence[Certificate], helpers: Sequence[Certificate], limit: int
    ) -> None:
        self._anchors = {each.encoded for each in anchors}
        self._listed = {each.encoded for each in (*anchors, *listed)}
        self._issuers = (*anchors, *listed, *helpers)
        self._limit = limit
        self.attempts = 0
        self._failures: set[str] = set()
        self._empty = False

    def onward(self, path: tuple[Certificate, ...]) -> tuple[Certificate, ...] | None:
        """`path` led on to an anchor, None where no way leads there."""
        last = path[-1]
        if last.encoded in self._anchors:
            return path
        if len(path) > _LONGEST_PATH:
            return None
        for issuer in self._issuers:
            if issuer in path or not _may_have_issued(issuer, last) or not self._issued(last, issuer):
                continue
            found = self.onward((*path, issuer))
            if found is not None:
                return found
        return None

    def observations(self, *, settled: bool) -> tuple[Observation, ...]:
        """What was noticed on the way. What failed on other ways does not matter once one has been found."""
        empty = ("path-identifier-empty",) if self._empty else ()
        return tuple(Observation(code) for code in (*empty, *(() if settled else sorted(self._failures))))

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        if self.attempts >= self._limit:
            self._failures.add("path-too-long")
            return False
        self.attempts += 1
        try:
            fit = certificate.signed_by(issuer)
        except InvalidInput:
            self._failures.add("path-algorithm-unknown")
            return False
        if any(each.code == "seal-digest-weak" for each in fit.observations):
            self._failures.add("certificate-weak-algorithm")
            return False
        self._empty = self._empty or any(each.code == "sm2-identifier-empty" for each in fit.observations)
        if not fit.held and issuer.encoded in self._listed:
            self._failures.add("path-signature-wrong")
        return fit.held


def day(moment: datetime) -> str:
    """The day of `moment`, as sentences about certificates and seals name it."""
    return moment.strftime("%Y-%m-%d")


def _may_have_issued(issuer: Certificate, certificate: Certificate) -> bool:
    identifiers = (issuer.identifier, certificate.issuer_identifier)
    same = None in identifiers or identifiers[0] == identifiers[1]
    return issuer.subject_key == certificate.issuer_key and same


def _unfit(certificate: Certificate, purpose: str) -> Iterator[Observation]:
    """What forbids the key of `certificate` to sign what it signed."""
    if certificate.usage is not None and not certificate.usage & SIGNING:
        yield Observation("path-usage-wrong")
    purposes = certificate.purposes
    if purpose and not (purposes or frozenset()) & {purpose, _ANY_PURPOSE}:
        yield Observation("path-purpose-wrong")
    if not purpose and purposes is not None and purposes <= _NO_SIGNERS:
        yield Observation("certificate-wrong-use", {"use": "signing"})


def _invalid(path: _Path, moment: datetime | None, slack: timedelta = timedelta()) -> Iterator[Observation]:
    """What speaks against the path as of `moment`, or at any moment (RFC 5280, 6.1). `slack` is for claimed moments."""
    for depth, certificate in enumerate(path.certificates):
        if moment is not None and not certificate.begins - slack <= moment <= certificate.ends:
            yield Observation("path-outside-validity", _validity(certificate, moment), place=f"certificate {depth}")
        if certificate.strange:
            yield Observation("path-extension-unknown", place=f"certificate {depth}")
        if depth and not _may_issue(certificate, depth, anchor=depth == len(path.certificates) - 1):
            yield Observation("path-no-authority", place=f"certificate {depth}")


def _may_issue(certificate: Certificate, depth: int, *, anchor: bool) -> bool:
    """Whether it is an authority for a path with `depth` certificates below it. An anchor of old has no constraints."""
    authority = certificate.authority or (anchor and certificate.usage is None and certificate.path_length is None)
    signs = certificate.usage is None or "key_cert_sign" in certificate.usage
    return authority and signs and (certificate.path_length is None or depth - 1 <= certificate.path_length)


def _validity(certificate: Certificate, moment: datetime) -> dict[str, object]:
    named = {"begins": certificate.begins, "ends": certificate.ends, "moment": moment}
    return {name: day(value) for name, value in named.items()}


def _revocation(when: datetime) -> Observation:
    return Observation("path-revoked", {"date": day(when)})


def _made(revocations: Revocations, issuer: Certificate) -> bool:
    """Whether `issuer` made the list. A list whose signature nobody here can verify says nothing."""
    try:
        return revocations.signed_by(issuer)
    except InvalidInput:
        return False
