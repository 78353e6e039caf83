import pytest

from ingest.checks.signed import judge
from ingest.outcomes import Observation, Outcome
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Trust


def signature(*codes: str, coverage: Coverage = Coverage.ENTIRE_REVISION) -> Signature:
    observations = tuple(Observation(code) for code in codes)
    return Signature(Kind.PDF, "Sig1", Integrity.VALID, coverage, Trust.TRUSTED, observations=observations)


@pytest.mark.parametrize(
    "code",
    [
        "signature-changes-content",
        "signature-changes-forbidden",
        "signature-tail",
        "signature-gap",
        "signature-padding",
    ],
)
def test_a_document_that_was_changed_after_signing_does_not_pass(code: str) -> None:
    found = judge([signature(), signature(code)], "cmp_1")
    assert (found.outcome, found.reason_code) == (Outcome.FAIL, "signature-changed-after")


@pytest.mark.parametrize("code", ["signature-changes-fields", "signature-changes-validation"])
def test_what_a_signer_allows_to_be_added_passes(code: str) -> None:
    assert judge([signature(code)], "cmp_1").outcome is Outcome.PASS


def test_changes_that_nobody_could_judge_are_not_checked() -> None:
    assert judge([signature("signature-changes-unjudged")], "cmp_1").outcome is Outcome.NOT_CHECKED
