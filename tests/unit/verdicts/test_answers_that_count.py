"""An answer lifts the question that was put, for as long as it can be known to hold, and no other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.authorization import SYSTEM_ACTOR
from archive.volumes.types import VolumeState
from ingest.checks.gate import Ruling, default_text
from ingest.checks.subjects import CheckedVolume
from ingest.checks.types import CheckOf, Finding, Nature, Phase, SubjectKind, not_checked
from ingest.outcomes import Outcome
from ingest.verdicts.checking import VolumeChecker
from ingest.verdicts.types import Task, TaskState
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"
ASKING = """
[[for]]
classes = ["*"]
[for.rules.GD-4-2]
reasons = { "no-virus-scanner" = "ask" }
"""


class Broken:
    code = "CQ-4-1"
    nature = Nature.SECURITY
    version = "1"

    def run(self, volume: CheckedVolume, /) -> Iterator[Finding]:
        del volume
        yield not_checked("check-crashed", check=self.code, detail="ValueError")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def filed(archive: SmallArchive) -> str:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    (volume,) = archive.ingest.verdicts.volumes.closed()
    return volume


def kept_ruling(archive: SmallArchive, volume: str, checker: VolumeChecker | None = None) -> Ruling | None:
    verdicts = archive.ingest.verdicts
    return verdicts.again.run((checker or verdicts.volumes).check(volume, Phase.KEEPING).run).ruling


def asked(archive: SmallArchive) -> list[Task]:
    return archive.ingest.verdicts.tasks.page(TaskState.OPEN, 100)


def answer_all(archive: SmallArchive, outcome: Outcome) -> None:
    for task in asked(archive):
        archive.ingest.verdicts.tasks.answer(ARCHIVIST, task.id, outcome, "已核对")


def test_in_keeping_an_answer_counts_for_a_year_and_is_asked_for_again(archive: SmallArchive) -> None:
    volume = filed(archive)
    kept_ruling(archive, volume)
    before = asked(archive)
    answer_all(archive, Outcome.PASS)
    archive.clock.advance(timedelta(days=300))
    assert kept_ruling(archive, volume) is Ruling.ACCEPT
    assert asked(archive) == []
    archive.clock.advance(timedelta(days=100))
    assert kept_ruling(archive, volume) is Ruling.ASK
    assert [task.id for task in asked(archive)] == [task.id for task in before]


def test_an_answer_does_not_lift_another_question_of_the_same_check(archive: SmallArchive) -> None:
    volume = filed(archive)
    kept_ruling(archive, volume)
    assert [task.code for task in asked(archive)] == ["CQ-4-1"]
    answer_all(archive, Outcome.PASS)
    archive.clock.advance(timedelta(days=1))
    ports = archive.ingest.verdicts.volumes._ports

    def broken(phase: Phase) -> Sequence[CheckOf[CheckedVolume]]:
        checks = ports.volume_checks(phase)
        return [Broken() if check.code == "CQ-4-1" else check for check in checks]

    assert kept_ruling(archive, volume, VolumeChecker(replace(ports, volume_checks=broken))) is Ruling.ASK
    assert [task.code for task in asked(archive)] == ["CQ-4-1"]


def test_what_a_person_answers_badly_is_refused_and_no_longer_asked(archive: SmallArchive) -> None:
    volume = filed(archive)
    kept_ruling(archive, volume)
    answer_all(archive, Outcome.FAIL)
    assert kept_ruling(archive, volume) is Ruling.REFUSE
    assert asked(archive) == []


def test_an_item_of_the_system_that_a_person_answered_badly_is_refused(archive: SmallArchive) -> None:
    volumes = archive.ingest.verdicts.volumes
    volumes.system(Phase.KEEPING)
    answer_all(archive, Outcome.FAIL)
    run, verdict = volumes.system(Phase.KEEPING)
    assert run.ruling is Ruling.REFUSE
    assert verdict.asks == ()
    assert asked(archive) == []


def test_what_an_item_leaves_to_a_person_at_closing_is_asked_and_its_answer_closes(archive: SmallArchive) -> None:
    text = default_text().replace('version = "2026.3"', 'version = "centre.1"') + ASKING
    archive.ingest.verdicts.policies.set(ARCHIVIST, text, archive.clock.now(), "试行")
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    assert archive.work().closed == ()
    records = {record.id for record in archive.records().values()}
    assert {(task.subject.kind, task.code) for task in asked(archive)} == {(SubjectKind.ITEM, "GD-4-2")}
    assert {task.subject.id for task in asked(archive)} == records
    answer_all(archive, Outcome.PASS)
    assert len(archive.kernel.closing.sweep(SYSTEM_ACTOR).closed) == 1
    assert archive.fsck().findings == ()


def test_what_was_answered_badly_keeps_its_volume_open(archive: SmallArchive) -> None:
    text = default_text().replace('version = "2026.3"', 'version = "centre.1"') + ASKING
    archive.ingest.verdicts.policies.set(ARCHIVIST, text, archive.clock.now(), "试行")
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    answer_all(archive, Outcome.FAIL)
    assert archive.kernel.closing.sweep(SYSTEM_ACTOR).closed == ()
    assert asked(archive) == []


def test_a_job_for_a_volume_that_is_not_closed_does_nothing(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL))
    archive.work()
    (volume,) = archive.volumes()
    assert volume.state is VolumeState.OPEN
    archive.ingest.verdicts.volumes.settle(volume.id)
    archive.ingest.verdicts.volumes.settle("vol_unknown")
    assert not [entry for entry in archive.entries() if entry.event.type == "volume.checked"]
