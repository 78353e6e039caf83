"""Authenticity (真实性): what fixes a document, its signatures, seals and time stamps, still holds."""

from collections.abc import Iterator, Sequence

from ingest.checks.types import (
    Checked,
    CheckedComponent,
    Finding,
    Nature,
    failed,
    not_applicable,
    not_checked,
    passed,
    seen,
)
from ingest.examining.types import Stage
from ingest.signatures.twins import CONTENT_MISSING, twins
from ingest.signatures.types import Coverage, Integrity, Signature, Trust

_LISTED = 50
# What happened after signing, or hides beside what was signed, though the signed bytes themselves are sound.
_CHANGED = frozenset(
    {
        "signature-changes-content",
        "signature-changes-forbidden",
        "signature-gap",
        "signature-outside-fields",
        "signature-padding",
        "signature-range-odd",
        "signature-revision-partial",
        "signature-shared",
        "signature-tail",
    }
)
# What only a person can judge: a change that hides the page or does not, a clock that was wrong or a lie, a signature
# that somebody took off the list of those that readers show.
_UNJUDGED = frozenset(
    {
        "ofd-signature-unlisted",
        "signature-changes-unjudged",
        "signature-file-unreadable",
        "signature-time-impossible",
        "signature-unsigned-changes",
        "signatures-too-many",
    }
)
# Of a signature that has been verified over its document, its own file by itself says nothing.
_MISSING = frozenset({CONTENT_MISSING})
# What may be added to a signed document, and may hide what was signed: the last to add has to be trusted too.
_ADDED = frozenset({"signature-changes-fields", "signature-changes-annotations"})
_BARE = frozenset({"ofd-not-covered", "ofd-more-not-covered"})
# Anybody makes two documents with one digest of these. SHA-1 still takes a fortune, and was usual for years.
_COLLIDING = frozenset({"MD2", "MD5"})


class FixedAuthenticity:
    """GD-1-1: every signature, seal and time stamp in a file or beside it holds, covers the file and is trusted.

    The worst answer counts: one that is broken fails, and so does one after which the document was changed, or beside
    which something hides; one that was not verified leaves the file not checked; one that leaves a part of the file out
    fails unless another covers that and the whole; one whose signer nobody on the trust list vouches for fails with a
    reason of its own, so that a policy can put it before a person. A file without any is not applicable, never passed.
    """

    code = "GD-1-1"
    nature = Nature.AUTHENTICITY
    version = "3"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        verified = {component.name for component in item.components if component.id in item.twins}
        tied = twins([component.name for component in item.components])
        for component in item.components:
            is_twin = tied.get(component.name) in verified
            yield _one(component, item.twins.get(component.id, ()), is_twin=is_twin)


def _one(component: CheckedComponent, beside: tuple[Signature, ...], *, is_twin: bool) -> Finding:
    examination = component.examination
    if examination is None:
        return not_checked("not-read", component.id)
    problem = examination.problems.get(Stage.SIGNATURES)
    if problem is not None:
        return not_checked(problem.code, component.id, **problem.params)
    if examination.signatures is None:
        return not_checked("signatures-not-verified", component.id)
    own = [each for each in examination.signatures.signatures if not (is_twin and _shows(each, _MISSING))]
    found = (*own, *beside)
    if not found:
        return not_applicable(component.id, "no-signature")
    evidence = {"signatures": [_told(each) for each in found[:_LISTED]], "count": len(found)}
    return seen(judge(found, component.id), evidence, examination.signatures.tool)


def judge(signatures: Sequence[Signature], component: str) -> Finding:
    """What all signatures of one file come to; there is at least one."""
    return _broken(signatures, component) or _short(signatures, component) or passed(component)


def _broken(signatures: Sequence[Signature], component: str) -> Finding | None:
    """What speaks against a signature or what has been done after it."""
    invalid = [each for each in signatures if each.integrity is Integrity.INVALID]
    if invalid:
        return failed("signature-invalid", component, count=len(invalid), detail=_why(invalid))
    changed = [each for each in signatures if _shows(each, _CHANGED)]
    if changed:
        return failed("signature-changed-after", component, count=len(changed), detail=_why(changed))
    distrusted = [each for each in signatures if each.trust is Trust.INVALID]
    if distrusted:
        return failed("signature-certificate-invalid", component, count=len(distrusted), detail=_why(distrusted))
    return None


def _short(signatures: Sequence[Signature], component: str) -> Finding | None:
    """What a signature falls short of, though nothing speaks against it."""
    unverified = [each for each in signatures if each.integrity is not Integrity.VALID or _is_unjudged(each)]
    if unverified:
        return not_checked("signature-not-verified", component, count=len(unverified), detail=_why(unverified))
    partial = [each for each in signatures if each.coverage in {Coverage.PARTIAL, Coverage.UNCLEAR}]
    if _is_whole(signatures):
        partial = [each for each in partial if not _is_left_to_others(each)]
    if partial:
        return failed("signature-partial", component, count=len(partial), detail=_why(partial))
    if any(each.trust is Trust.NOT_CHECKED for each in signatures):
        return not_checked("signature-trust-not-checked", component, count=len(signatures))
    trusted = [each for each in signatures if each.trust is Trust.TRUSTED]
    if trusted and all(_shows(each, _ADDED) for each in trusted):
        return not_checked("signature-not-verified", component, count=len(trusted), detail=_why(trusted))
    if any(each.trust is Trust.UNKNOWN for each in signatures):
        return failed("signature-trust-unknown", component, count=len(signatures))
    return None


def _shows(signature: Signature, codes: frozenset[str]) -> bool:
    return any(observation.code in codes for observation in signature.observations)


def _is_whole(signatures: Sequence[Signature]) -> bool:
    """Whether somebody signed the file as it is now who is trusted no less than those who signed parts of it before."""
    trusted = any(each.trust is Trust.TRUSTED for each in signatures)
    return any(
        each.coverage is Coverage.ENTIRE_FILE and (each.trust is Trust.TRUSTED or not trusted) for each in signatures
    )


def _is_left_to_others(signature: Signature) -> bool:
    """Whether other signatures cover all that it leaves out, as where an OFD file is sealed by several in turn."""
    return _shows(signature, frozenset({"ofd-covered-by-other"})) and not _shows(signature, _BARE)


def _is_unjudged(signature: Signature) -> bool:
    named = (str(value).upper() for each in signature.observations for value in each.params.values())
    return _shows(signature, _UNJUDGED) or any(name in _COLLIDING for name in named)


def _why(signatures: Sequence[Signature]) -> str:
    """The codes of what was observed, which say why without quoting the document."""
    codes = (observation.code for each in signatures for observation in each.observations)
    return ", ".join(dict.fromkeys(codes)) or "-"


def _told(signature: Signature) -> dict[str, object]:
    return {
        "kind": str(signature.kind),
        "place": signature.place,
        "integrity": str(signature.integrity),
        "coverage": str(signature.coverage),
        "trust": str(signature.trust),
        "signer": signature.signer,
        "time": signature.time.isoformat() if signature.time else None,
        "time_proved": signature.time_proved,
        "algorithm": signature.algorithm,
        "observations": [observation.code for observation in signature.observations],
    }
