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
_UNJUDGED = frozenset({"signature-changes-unjudged", "signature-file-unreadable", "signatures-too-many"})


class FixedAuthenticity:
    """GD-1-1: every signature, seal and time stamp in a file or beside it holds, covers the file and is trusted.

    The worst answer counts: one that is broken fails, and so does one after which the document was changed, or beside
    which something hides; one that was not verified leaves the file not checked; one that leaves a part of the file out
    fails; one whose signer nobody on the trust list vouches for fails with a reason of its own, so that a policy can
    put it before a person. A file without any is not applicable, never passed.
    """

    code = "GD-1-1"
    nature = Nature.AUTHENTICITY
    version = "2"

    def run(self, item: Checked, /) -> Iterator[Finding]:
        for component in item.components:
            yield _one(component, item.twins.get(component.id, ()))


def _one(component: CheckedComponent, twins: tuple[Signature, ...]) -> Finding:
    examination = component.examination
    if examination is None:
        return not_checked("not-read", component.id)
    problem = examination.problems.get(Stage.SIGNATURES)
    if problem is not None:
        return not_checked(problem.code, component.id, **problem.params)
    if examination.signatures is None:
        return not_checked("signatures-not-verified", component.id)
    found = (*examination.signatures.signatures, *twins)
    if not found:
        return not_applicable(component.id, "no-signature")
    evidence = {"signatures": [_told(each) for each in found[:_LISTED]], "count": len(found)}
    return seen(judge(found, component.id), evidence, examination.signatures.tool)


def judge(signatures: Sequence[Signature], component: str) -> Finding:
    """What all signatures of one file come to; there is at least one."""
    invalid = [each for each in signatures if each.integrity is Integrity.INVALID]
    if invalid:
        return failed("signature-invalid", component, count=len(invalid), detail=_why(invalid))
    changed = [each for each in signatures if _shows(each, _CHANGED)]
    if changed:
        return failed("signature-changed-after", component, count=len(changed), detail=_why(changed))
    distrusted = [each for each in signatures if each.trust is Trust.INVALID]
    if distrusted:
        return failed("signature-certificate-invalid", component, count=len(distrusted), detail=_why(distrusted))
    unverified = [each for each in signatures if each.integrity is not Integrity.VALID or _shows(each, _UNJUDGED)]
    if unverified:
        return not_checked("signature-not-verified", component, count=len(unverified), detail=_why(unverified))
    partial = [each for each in signatures if each.coverage in {Coverage.PARTIAL, Coverage.UNCLEAR}]
    if partial:
        return failed("signature-partial", component, count=len(partial), detail=_why(partial))
    if any(each.trust is Trust.NOT_CHECKED for each in signatures):
        return not_checked("signature-trust-not-checked", component, count=len(signatures))
    if any(each.trust is Trust.UNKNOWN for each in signatures):
        return failed("signature-trust-unknown", component, count=len(signatures))
    return passed(component)


def _shows(signature: Signature, codes: frozenset[str]) -> bool:
    return any(observation.code in codes for observation in signature.observations)


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
