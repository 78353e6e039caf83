"""Checks of values, of signatures and of what ties metadata to content, on single items."""

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import Damaged, Unavailable
from archive.messages import catalogue
from ingest.checks.engine import run_checks
from ingest.checks.kept import AsRegistered, LastingFormat, LinkedContent, StillFixed
from ingest.checks.ranges import values
from ingest.checks.signed import FixedAuthenticity, judge
from ingest.checks.types import Check, Checked, Finding, Registered
from ingest.checks.values import ElementsAgree, NotRepeated, PlausibleValues, ValueRanges
from ingest.examining.types import Stage
from ingest.extractors.reading import Problem
from ingest.formats.inspection import Aspect, Inspection
from ingest.outcomes import Observation, Outcome
from ingest.signatures.types import Coverage, Integrity, Kind, Signature, Signatures, Trust
from tests.unit.checks.items import PUBLISHED, component, item
from tests.unit.extractors import documents

PASS, FAIL, NOT_CHECKED, NOT_APPLICABLE = Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.NOT_APPLICABLE
NOW = PUBLISHED + timedelta(days=1)
DEAL = "D01-12350100MB02709751-20310101-000001-7"
SOUND = Signature(Kind.PDF, "签章1", Integrity.VALID, Coverage.ENTIRE_FILE, Trust.TRUSTED, "CN=试验")


def only(check: Check, checked: Checked) -> Finding:
    (finding,) = check.run(checked)
    assert finding.reason_code is None or finding.reason_code in catalogue()
    return finding


def having(**fields: str) -> Checked:
    return replace(item(component(documents.pdf())), fields=fields, now=NOW, duplicates=0)


def signed(*signatures: Signature, twins: tuple[Signature, ...] = ()) -> Checked:
    part = component(documents.pdf())
    assert part.examination is not None
    examination = replace(part.examination, signatures=Signatures(signatures, "tool 1"))
    return replace(item(replace(part, examination=examination)), twins={part.id: twins} if twins else {})


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, NOT_APPLICABLE),
        ({"region": "", "source_label": "随便写的"}, NOT_APPLICABLE),
        ({"region": "370100"}, PASS),
        ({"region": "660000"}, PASS),
        ({"region": "990100"}, FAIL),
        ({"region": "37010"}, FAIL),
        ({"unified_deal_code": DEAL}, PASS),
        ({"unified_deal_code": "I" + DEAL[1:]}, FAIL),
        ({"trade_type": "D"}, PASS),
        ({"trade_type": "Q"}, FAIL),
        ({"PRICE_UNIT": "1"}, PASS),
        ({"PRICE_UNIT": "2"}, FAIL),
    ],
)
def test_values_with_a_range_keep_to_it(fields: Mapping[str, str], outcome: Outcome) -> None:
    assert only(ValueRanges(), having(**fields)).outcome is outcome


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"opened": "2031-02-01", "awarded": "2031-02-01"}, None),
        ({"opened": "2031-02-02T10:00:00+08:00", "awarded": "2031-02-01"}, "dates-out-of-order"),
        ({"tender_published": "2031-03-01", "opened": "2031-02-01"}, "dates-out-of-order"),
        ({"awarded": "2031-02-01", "contract_signed": "2031-01-01"}, "dates-out-of-order"),
        ({"opened": "二月一日", "awarded": "2031-02-01"}, None),
        ({"budget_fen": "100"}, None),
        ({"budget_fen": "-1"}, "value-implausible"),
        ({"budget_fen": "NaN"}, "value-implausible"),
        ({"budget_fen": "一百"}, "value-implausible"),
        ({"budget_fen": "1" + "0" * 20}, "value-implausible"),
    ],
)
def test_values_have_to_be_possible(fields: Mapping[str, str], reason: str | None) -> None:
    assert only(PlausibleValues(), having(**fields)).reason_code == reason


@pytest.mark.parametrize(
    ("published", "reason"),
    [
        (NOW + timedelta(hours=23), None),
        (NOW + timedelta(hours=25), "value-implausible"),
        (datetime(1989, 12, 31, tzinfo=UTC), "value-implausible"),
        (datetime(1990, 1, 1, tzinfo=UTC), None),
        (None, None),
    ],
)
def test_nothing_is_published_in_the_future_or_before_its_time(published: datetime | None, reason: str | None) -> None:
    assert only(PlausibleValues(), replace(having(), published=published)).reason_code == reason


def test_without_a_moment_of_checking_dates_are_not_judged() -> None:
    assert only(PlausibleValues(), replace(having(), now=None)).outcome is NOT_CHECKED


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, NOT_APPLICABLE),
        ({"unified_deal_code": DEAL, "trade_type": "D"}, PASS),
        ({"unified_deal_code": DEAL, "trade_type": "A"}, FAIL),
        ({"tender_project_code": "D3701000000000001001", "project_code": "D3701000000000001"}, PASS),
        ({"tender_project_code": "D3701000000000002001", "project_code": "D3701000000000001"}, FAIL),
        ({"tender_project_code": "D3701000000000002001", "project_code": "ZB-2031-1"}, NOT_APPLICABLE),
        ({"award_amount_fen": "90", "budget_fen": "100"}, PASS),
        ({"award_amount_fen": "101", "budget_fen": "100"}, FAIL),
        ({"award_amount_fen": "x", "budget_fen": "100"}, NOT_APPLICABLE),
    ],
)
def test_elements_that_say_the_same_have_to_agree(fields: Mapping[str, str], outcome: Outcome) -> None:
    assert only(ElementsAgree(), having(**fields)).outcome is outcome


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([*values().ranges, *values().amounts, "opened", "awarded"]), st.text()))
def test_no_value_breaks_a_check(fields: dict[str, str]) -> None:
    results = run_checks((ValueRanges(), PlausibleValues(), ElementsAgree()), having(**fields))
    assert all(one.reason_code != "check-crashed" for one in results)


@pytest.mark.parametrize(("count", "outcome"), [(None, NOT_CHECKED), (0, PASS), (2, FAIL)])
def test_repetition_is_told_only_where_somebody_counted(count: int | None, outcome: Outcome) -> None:
    assert only(NotRepeated(), replace(having(), duplicates=count)).outcome is outcome


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({}, PASS, None),
        ({"integrity": Integrity.INVALID}, FAIL, "signature-invalid"),
        ({"integrity": Integrity.INVALID, "trust": Trust.UNKNOWN}, FAIL, "signature-invalid"),
        ({"integrity": Integrity.NOT_CHECKED}, NOT_CHECKED, "signature-not-verified"),
        ({"trust": Trust.INVALID}, FAIL, "signature-certificate-invalid"),
        ({"trust": Trust.UNKNOWN}, FAIL, "signature-trust-unknown"),
        ({"trust": Trust.NOT_CHECKED}, NOT_CHECKED, "signature-trust-not-checked"),
        ({"coverage": Coverage.PARTIAL}, FAIL, "signature-partial"),
        ({"coverage": Coverage.UNCLEAR}, FAIL, "signature-partial"),
        ({"coverage": Coverage.ENTIRE_REVISION}, PASS, None),
    ],
)
def test_what_a_signature_is_worth_is_told(changes: Mapping[str, object], outcome: Outcome, reason: str | None) -> None:
    doubtful = replace(SOUND, **changes)  # type: ignore[arg-type]  # fields by name
    for order in ((SOUND, doubtful), (doubtful, SOUND)):
        found = only(FixedAuthenticity(), signed(*order))
        assert (found.outcome, found.reason_code) == (outcome, reason)
        assert (found.tool, found.evidence["count"]) == ("tool 1", 2)
    twinned = only(FixedAuthenticity(), signed(twins=(doubtful,)))
    assert (twinned.outcome, twinned.reason_code) == (outcome, reason)


ANY = st.builds(
    Signature,
    st.sampled_from(Kind),
    st.just("x"),
    st.sampled_from(Integrity),
    st.sampled_from(Coverage),
    st.sampled_from(Trust),
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(ANY, min_size=1, max_size=4))
def test_only_what_is_whole_valid_and_trusted_passes(signatures: list[Signature]) -> None:
    whole = {Coverage.ENTIRE_FILE, Coverage.ENTIRE_REVISION}
    good = all(
        each.integrity is Integrity.VALID and each.trust is Trust.TRUSTED and each.coverage in whole
        for each in signatures
    )
    outcome = judge(signatures, "cmp_1").outcome
    assert (outcome is PASS) is good
    if any(Integrity.INVALID is each.integrity for each in signatures):
        assert outcome is FAIL


def test_a_file_without_signatures_is_not_applicable_and_an_unread_one_not_checked() -> None:
    assert only(FixedAuthenticity(), signed()).outcome is NOT_APPLICABLE
    part = component(documents.pdf())
    assert part.examination is not None
    unlooked = replace(part.examination, signatures=None)
    assert only(FixedAuthenticity(), item(replace(part, examination=unlooked))).reason_code == "signatures-not-verified"
    assert only(FixedAuthenticity(), item(replace(part, examination=None))).reason_code == "not-read"
    broken = replace(part.examination, problems={Stage.SIGNATURES: Problem("file-takes-too-long", {})})
    found = only(FixedAuthenticity(), item(replace(part, examination=broken)))
    assert (found.outcome, found.reason_code) == (NOT_CHECKED, "file-takes-too-long")


def test_a_signers_name_is_evidence_and_no_part_of_a_reason() -> None:
    found = only(FixedAuthenticity(), signed(replace(SOUND, integrity=Integrity.INVALID)))
    assert "CN=试验" not in str(found.params)
    assert "CN=试验" in str(found.evidence)


def test_metadata_lead_to_content_that_is_there() -> None:
    def lost() -> BinaryIO:
        raise Damaged("blob-missing", sha256="0")

    def away() -> BinaryIO:
        raise Unavailable("blob-store-unavailable", path="x", detail="x")

    part = component(documents.pdf())
    assert [one.outcome for one in LinkedContent().run(item(part))] == [PASS, PASS]
    assert [one.reason_code for one in LinkedContent().run(replace(item(), components=()))] == ["content-not-linked"]
    assert [one.outcome for one in LinkedContent().run(item(replace(part, open=lost)))] == [PASS, FAIL]
    with pytest.raises(Unavailable):
        run_checks([LinkedContent()], item(replace(part, open=away)))


@pytest.mark.parametrize(
    ("inspections", "outcome"),
    [
        ((), NOT_CHECKED),
        ((Inspection(Aspect.CONFORMANCE, PASS, "v 1"),), PASS),
        ((Inspection(Aspect.CONFORMANCE, NOT_CHECKED, "v 1", (Observation("not-read"),)),), NOT_CHECKED),
        ((Inspection(Aspect.CONFORMANCE, NOT_CHECKED, "v 1"),), NOT_CHECKED),
        ((Inspection(Aspect.CONFORMANCE, FAIL, "v 1", (Observation("format-unknown"),)),), FAIL),
    ],
)
def test_only_a_validator_says_that_a_format_lasts(inspections: tuple[Inspection, ...], outcome: Outcome) -> None:
    part = component(documents.pdf())
    assert part.examination is not None
    examined = replace(part, examination=replace(part.examination, inspections=inspections))
    assert only(LastingFormat(), item(examined)).outcome is outcome


def test_in_keeping_digests_come_before_signatures() -> None:
    assert only(StillFixed(), signed(SOUND)).outcome is PASS
    assert only(StillFixed(), signed()).outcome is PASS
    assert only(StillFixed(), signed(replace(SOUND, integrity=Integrity.INVALID))).outcome is FAIL
    checked = signed(SOUND)
    changed = replace(checked.components[0], open=lambda: io.BytesIO(b"other"))
    assert only(StillFixed(), replace(checked, components=(changed,))).reason_code == "digest-differs"
    unread = replace(checked.components[0], examination=None)
    assert only(StillFixed(), replace(checked, components=(unread,))).outcome is NOT_CHECKED


@pytest.mark.parametrize(
    ("registered", "outcome"),
    [(None, NOT_CHECKED), (Registered("a", "a"), PASS), (Registered("a", "b"), FAIL)],
)
def test_a_description_is_compared_with_what_was_registered(registered: Registered | None, outcome: Outcome) -> None:
    assert only(AsRegistered(), replace(having(), registered=registered)).outcome is outcome
