from dataclasses import replace

import pytest

from ingest.checks.signed import FixedAuthenticity, judge
from ingest.examining.types import Examination
from ingest.extractors.reading import Reading
from ingest.formats.types import UNIDENTIFIED
from ingest.outcomes import Observation, Outcome
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Signatures, Trust
from tests.unit.checks.items import component, item


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


def test_what_a_signer_allows_to_be_added_passes() -> None:
    assert judge([signature("signature-changes-validation")], "cmp_1").outcome is Outcome.PASS
    assert judge([signature("signature-changes-fields"), signature()], "cmp_1").outcome is Outcome.PASS


def test_what_a_stranger_adds_to_a_trusted_document_is_put_before_a_person() -> None:
    stranger = replace(signature(coverage=Coverage.ENTIRE_FILE), trust=Trust.UNKNOWN)
    assert judge([signature("signature-changes-fields"), stranger], "cmp_1").outcome is Outcome.NOT_CHECKED
    assert judge([signature("signature-changes-validation"), stranger], "cmp_1").outcome is Outcome.FAIL


def test_a_part_left_to_another_is_made_good_by_one_who_sealed_all_and_is_trusted_no_less() -> None:
    left = signature("ofd-covered-by-other", coverage=Coverage.PARTIAL)
    bare = signature("ofd-covered-by-other", "ofd-not-covered", coverage=Coverage.PARTIAL)
    whole = signature(coverage=Coverage.ENTIRE_FILE)
    assert judge([left, whole], "cmp_1").outcome is Outcome.PASS
    for others in ([left], [bare, whole], [left, replace(whole, trust=Trust.UNKNOWN)]):
        assert judge(others, "cmp_1").reason_code == "signature-partial"


def test_changes_that_nobody_could_judge_are_not_checked() -> None:
    assert judge([signature("signature-changes-unjudged")], "cmp_1").outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("code", ["signature-unsigned-changes", "signature-time-impossible", "ofd-signature-unlisted"])
def test_what_only_a_person_can_judge_is_not_checked(code: str) -> None:
    assert judge([signature(), signature(code)], "cmp_1").outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    ("code", "algorithm", "outcome"),
    [
        ("signature-weak-algorithm", {"algorithm": "MD5"}, Outcome.NOT_CHECKED),
        ("seal-digest-weak", {"digest": "md5"}, Outcome.NOT_CHECKED),
        ("signature-weak-algorithm", {"algorithm": "SHA-1"}, Outcome.PASS),
    ],
)
def test_a_digest_that_anybody_makes_collide_does_not_pass(
    code: str, algorithm: dict[str, object], outcome: Outcome
) -> None:
    weak = replace(signature(), observations=(Observation(code, algorithm),))
    assert judge([weak], "cmp_1").outcome is outcome


def test_the_file_of_a_twin_is_not_asked_for_by_itself_but_one_without_its_document_is() -> None:
    missing = Signature(
        Kind.CMS,
        "",
        Integrity.NOT_CHECKED,
        Coverage.UNCLEAR,
        Trust.NOT_CHECKED,
        observations=(Observation("seal-content-missing"),),
    )
    reading = Reading(UNIDENTIFIED, None, None)
    looked = Examination(reading, (), Signatures((missing,), "tests"), (), {})
    twin = replace(component(b"", "a.pdf.p7s"), id="cmp_2", examination=looked)
    document = replace(component(b"", "a.pdf"), examination=Examination(reading, (), Signatures((), "tests"), (), {}))
    tied = replace(item(document, twin), twins={document.id: (signature(),)})
    assert [each.outcome for each in FixedAuthenticity().run(tied)] == [Outcome.PASS, Outcome.NOT_APPLICABLE]
    for unverified in (item(twin), item(document, twin)):
        assert [each.outcome for each in FixedAuthenticity().run(unverified)][-1] is Outcome.NOT_CHECKED
