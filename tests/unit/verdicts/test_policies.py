"""Policies as data: tried before they are set, effective from a day, different for classes; records checked anew."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from ingest.checks.gate import Ruling, default_text
from ingest.verdicts.types import CHECK_AGAIN
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        yield small


def policy(version: str, more: str = "") -> str:
    return default_text().replace('version = "2026.3"', f'version = "{version}"') + more


def strict(archive: SmallArchive, version: str, external_id: str) -> str:
    """No document of the class of one record is accepted unless something has looked for viruses."""
    classes = f'classes = ["{archive.record(external_id).class_code}"]'
    reasons = 'reasons = { "no-virus-scanner" = "block" }'
    return policy(version, f'\n[[for]]\n{classes}\n[for.rules.GD-4-2]\nnot_checked = "block"\n{reasons}\n')


def worsened(archive: SmallArchive) -> list[str]:
    return [e.event.subject_id for e in archive.entries() if e.event.type == "record.check_worsened"]


def test_a_policy_for_one_class_changes_no_other_and_is_tried_without_a_trace(archive: SmallArchive) -> None:
    policies, text = archive.ingest.verdicts.policies, strict(archive, "centre.1", "t1")
    before = len(archive.entries())
    trial = policies.trial(text, 100)
    assert trial.judged == 2
    assert dict(trial.changes) == {(Ruling.ACCEPT, Ruling.REFUSE): 1}
    assert trial.examples == (archive.record("t1").id,)
    assert (policies.all(), len(archive.entries())) == ([], before)


def test_what_comes_out_worse_is_told_once_listed_and_not_moved(archive: SmallArchive) -> None:
    verdicts, states = archive.ingest.verdicts, archive.states()
    verdicts.policies.set(ARCHIVIST, strict(archive, "centre.1", "t1"), archive.clock.now(), "须查毒")
    tender_id, ending_id = archive.record("t1").id, archive.record("e1").id
    for record in (tender_id, ending_id, tender_id):
        verdicts.again.check(record)
    assert worsened(archive) == [tender_id]
    assert archive.states() == states
    verdicts.again.check(tender_id)
    assert [run.subject.id for run in verdicts.again.runs([Ruling.REFUSE], worse=False, limit=9)] == [tender_id]
    assert archive.fsck().findings == ()


def test_the_last_run_that_came_out_worse_is_listed(archive: SmallArchive) -> None:
    verdicts = archive.ingest.verdicts
    verdicts.policies.set(ARCHIVIST, strict(archive, "centre.1", "t1"), archive.clock.now(), "须查毒")
    for external_id in ("t1", "e1"):
        verdicts.again.check(archive.record(external_id).id)
    (run,) = verdicts.again.runs([], worse=True, limit=9)
    assert (run.subject.id, run.before, run.ruling) == (archive.record("t1").id, Ruling.ACCEPT, Ruling.REFUSE)


def test_a_policy_holds_from_its_day_on_and_then_makes_records_stale(archive: SmallArchive) -> None:
    verdicts = archive.ingest.verdicts
    tomorrow = archive.clock.now() + timedelta(days=1)
    verdicts.policies.set(ARCHIVIST, policy("centre.1"), tomorrow, "试行")
    assert verdicts.policies.in_force()[0] is None
    assert verdicts.again.stale(9).count == 0
    archive.clock.advance(timedelta(days=1))
    stored, _ = verdicts.policies.in_force()
    assert stored is not None
    assert stored.version == "centre.1"
    assert verdicts.again.stale(9).count == 2
    (told,) = [e.event.body for e in archive.entries() if e.event.type == "policy.changed"]
    assert (told["version"], told["before"], told["reason"]) == ("centre.1", "2026.3", "试行")


def test_records_put_up_are_checked_by_jobs(archive: SmallArchive) -> None:
    again = archive.ingest.verdicts.again
    archive.ingest.verdicts.policies.set(ARCHIVIST, policy("centre.1"), archive.clock.now(), "试行")
    assert again.ask(again.stale(1).records) == 1
    job = archive.kernel.jobs.claim("test", frozenset({CHECK_AGAIN}))
    assert job is not None
    again.check(job.key)
    archive.kernel.jobs.complete(job)
    assert again.stale(9).count == 1


@pytest.mark.parametrize(
    ("text", "days", "reason", "code"),
    [
        ("version = 1", 0, "试行", "check-policy-malformed"),
        (policy("centre.1").replace('action = "block"', 'action = "pass"', 1), 0, "试行", "check-policy-malformed"),
        (policy("centre.1") + "\n[[for]]\nclass = 1\n", 0, "试行", "check-policy-malformed"),
        ("version =", 0, "试行", "check-policy-malformed"),
        (policy("centre.1"), 0, " ", "check-policy-without-reason"),
        (policy("centre.1"), -1, "试行", "check-policy-in-the-past"),
        (default_text(), 0, "试行", "check-policy-version-taken"),
    ],
)
def test_what_is_no_policy_is_not_set(archive: SmallArchive, text: str, days: int, reason: str, code: str) -> None:
    policies = archive.ingest.verdicts.policies
    with pytest.raises(ArchiveError) as caught:
        policies.set(ARCHIVIST, text, archive.clock.now() + timedelta(days=days), reason)
    assert (caught.value.code, policies.all()) == (code, [])
