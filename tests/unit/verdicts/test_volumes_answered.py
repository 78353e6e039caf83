"""What people answer counts in the next run; what is filed is in every backup."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.backup.repository import Rows
from archive.errors import ArchiveError
from ingest.checks.gate import Ruling
from ingest.checks.types import Phase
from ingest.outcomes import Outcome
from ingest.verdicts.types import ReportFormat, TaskState
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        yield small


def kept_ruling(archive: SmallArchive, volume: str) -> Ruling | None:
    verdicts = archive.ingest.verdicts
    return verdicts.again.run(verdicts.volumes.check(volume, Phase.KEEPING).run).ruling


def test_answers_count_in_the_next_run_and_stand_in_the_ledger(archive: SmallArchive) -> None:
    tasks = archive.ingest.verdicts.tasks
    (volume,) = archive.ingest.verdicts.volumes.closed()
    assert kept_ruling(archive, volume) is Ruling.ASK
    asked = tasks.page(TaskState.OPEN, 100)
    assert asked
    assert {task.subject.id for task in asked} == {volume}
    for task in asked:
        tasks.answer(ARCHIVIST, task.id, Outcome.PASS, "已核对")
    assert kept_ruling(archive, volume) is Ruling.ACCEPT
    tasks.answer(ARCHIVIST, asked[0].id, Outcome.FAIL, "复核后发现问题")
    assert kept_ruling(archive, volume) is not Ruling.ACCEPT
    told = [entry.event for entry in archive.entries() if entry.event.body.get("decision") == "answer-check"]
    assert [event.body["outcome"] for event in told] == ["pass"] * len(asked) + ["fail"]
    assert {event.actor for event in told} == {ARCHIVIST.id}


def test_a_question_is_put_once_and_an_answer_is_not_asked_for_again(archive: SmallArchive) -> None:
    tasks = archive.ingest.verdicts.tasks
    (volume,) = archive.ingest.verdicts.volumes.closed()
    kept_ruling(archive, volume)
    first, *others = tasks.page(TaskState.OPEN, 100)
    tasks.answer(ARCHIVIST, first.id, Outcome.NOT_APPLICABLE, "无此情形")
    kept_ruling(archive, volume)
    assert tasks.page(TaskState.OPEN, 100) == others


@pytest.mark.parametrize(
    ("outcome", "note", "code"),
    [
        (Outcome.NOT_CHECKED, "略", "check-task-no-answer"),
        (Outcome.PASS, "  ", "check-task-note"),
        (Outcome.PASS, "长" * 2_001, "check-task-note"),
    ],
)
def test_what_is_no_answer_changes_nothing(archive: SmallArchive, outcome: Outcome, note: str, code: str) -> None:
    tasks = archive.ingest.verdicts.tasks
    (volume,) = archive.ingest.verdicts.volumes.closed()
    kept_ruling(archive, volume)
    before = tasks.page(TaskState.OPEN, 100)
    with pytest.raises(ArchiveError) as caught:
        tasks.answer(ARCHIVIST, before[0].id, outcome, note)
    assert caught.value.code == code
    assert tasks.page(TaskState.OPEN, 100) == before


def test_a_backup_takes_the_reports_along(archive: SmallArchive) -> None:
    volumes = archive.ingest.verdicts.volumes
    (volume,) = volumes.closed()
    volumes.settle(volume)
    report, _ = volumes.report(volume, ReportFormat.PDF)
    with archive.kernel.database.reading() as connection:
        assert set(report.digests.values()) <= set(Rows(connection).blobs())
