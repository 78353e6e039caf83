"""What verdicts ask of a database, for the comparison of the two databases."""

from datetime import timedelta

from archive.volumes.repository import VolumeRepository
from ingest.checks.gate import Ruling
from ingest.checks.types import Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.repository import PolicyRepository, ReportRepository, RunRepository, TaskRepository
from ingest.verdicts.types import Report, ReportFormat, StoredPolicy, Subject, Task, TaskState
from tests.small_archive import START, SmallArchive

_DIGESTS = {ReportFormat.JSON: "a" * 64, ReportFormat.HTML: "b" * 64, ReportFormat.PDF: "c" * 64}


def judged(archive: SmallArchive) -> None:
    """Runs found again and stale, policies that follow one another, tasks asked twice and answered, a report."""
    record = archive.record("t1")
    with archive.kernel.database.writing() as uow:
        runs, reports = RunRepository(uow.connection), ReportRepository(uow.connection)
        run = runs.latest(Subject(SubjectKind.ITEM, record.id, record.version), Phase.FILING)
        assert run is not None
        assert runs.get(run.id) == run
        runs.get("run_none")
        runs.rows(run.id)
        runs.page([], worse=False, limit=100)
        runs.page([Ruling.ASK, Ruling.REFUSE], worse=True, limit=3)
        runs.recent_of_records(100)
        for fingerprint in (run.fingerprint, "another"):
            runs.stale(fingerprint, "", 3)
            runs.count_stale(fingerprint)
            runs.stale_in([record.volume_id or "vol_none", "vol_other"], fingerprint, 3)
        runs.stale_in([], run.fingerprint, 3)
        runs.before_policies(record.volume_id or "vol_none")
        for at in (START - timedelta(days=1), START + timedelta(days=1)):
            runs.said_at(run.subject, Phase.FILING, "GD-2-4", at)
        for volume in reports.unreported(10):
            reports.add(Report(run.id, volume, Phase.FILING, _DIGESTS, START))
            reports.latest(volume, Phase.FILING)
            reports.latest(volume, Phase.KEEPING)
        reports.unreported(10)
        volumes = VolumeRepository(uow.connection)
        volumes.return_number("judged", volumes.next_number("judged"))
        volumes.next_number("judged")
    _policies_and_tasks(archive, record.volume_id or "vol_none")


def _policies_and_tasks(archive: SmallArchive, volume: str) -> None:
    tomorrow = START + timedelta(days=1)
    with archive.kernel.database.writing() as uow:
        policies, tasks = PolicyRepository(uow.connection), TaskRepository(uow.connection)
        for version, day in (("c.1", START), ("c.2", tomorrow)):
            policies.add(StoredPolicy(version, day, "version = 1", "试行", "acc_1", START))
        policies.get("c.1"), policies.get("none"), policies.all()
        policies.in_force(START - timedelta(days=1)), policies.in_force(START), policies.in_force(tomorrow)
        asked = Task("tsk_1", Subject(SubjectKind.VOLUME, volume), Phase.KEEPING, "CQ-1-2", START)
        for task in (
            asked,
            asked,
            Task("tsk_2", Subject(SubjectKind.SYSTEM, "origin"), Phase.KEEPING, "CQ-4-2", START),
        ):
            tasks.ask(task)
        tasks.answer(
            Task(
                "tsk_2",
                asked.subject,
                Phase.KEEPING,
                "CQ-4-3",
                START,
                TaskState.ANSWERED,
                Outcome.PASS,
                "可",
                "a",
                START,
            )
        )
        tasks.get("tsk_1"), tasks.get("none"), tasks.of(asked.subject, Phase.KEEPING)
        for state in TaskState:
            tasks.page(state, 10)
            tasks.page_within(archive.scope, state, 10)
