"""Checks of closed volumes and of the system: run, kept, reported, and the report filed with the volume."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from archive.authorization import SYSTEM_ACTOR
from archive.blobs.port import BlobStore
from archive.db.uow import Database, UnitOfWork
from archive.errors import NotFound
from archive.jobs.port import JobQueue, Lane
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Record, RecordState
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Project, Volume, VolumeState
from ingest.checks.engine import run_checks
from ingest.checks.gate import Ruling, Verdict
from ingest.checks.looking import look
from ingest.checks.subjects import CheckedSystem, CheckedVolume, Said
from ingest.checks.types import Checked, CheckOf, Phase, SubjectKind
from ingest.verdicts.closing import MemberVerdict, VolumeChecks, judge_volume, of_member
from ingest.verdicts.contexts import Contexts
from ingest.verdicts.in_force import fingerprint, policy_at
from ingest.verdicts.keeping import Judged, Keeper
from ingest.verdicts.reports.facts import Reported, ReportedMember, facts_of
from ingest.verdicts.reports.fonts import report_font
from ingest.verdicts.reports.writing import written
from ingest.verdicts.repository import (
    Connection,
    ReportRepository,
    RunRepository,
    TaskRepository,
)
from ingest.verdicts.tasks import ask
from ingest.verdicts.types import CHECK_AGAIN, CHECK_VOLUME, Report, ReportFormat, Run, Subject, TaskState

_AT_ONCE = 500


class ItemSubjects(Protocol):
    """Looks into the files of a record's present version."""

    def checked(self, record: Record) -> Checked:
        """The record as the checks see it; bytes that are missing are theirs to find.

        Raises:
            Unavailable: the store, or what helps with reading, does not answer.
        """
        ...


SystemChecks = Callable[[Phase], Sequence[CheckOf[CheckedSystem]]]
"""The checks of the system itself in one phase."""


@dataclass(frozen=True)
class CheckingPorts:
    """What checking a volume needs. `origin` is the name of the ledger, which stands for the system as a whole."""

    database: Database
    blobs: BlobStore
    ledger: LedgerPort
    jobs: JobQueue
    contexts: Contexts
    keeper: Keeper
    volume_checks: VolumeChecks
    system_checks: SystemChecks
    subjects: ItemSubjects
    origin: str


class VolumeChecker:
    """Checks volumes and files their reports."""

    def __init__(self, ports: CheckingPorts) -> None:
        self._ports = ports

    def request_due(self) -> int:
        """Ask for the report of every closed volume that has none; how many. Nothing that closed can be forgotten.

        What was tried as often as allowed is not asked for again until somebody revives it.
        """
        aside = self._set_aside(CHECK_VOLUME)
        with self._ports.database.reading() as connection:
            found = ReportRepository(connection).unreported(_AT_ONCE + len(aside))
        unreported = [volume_id for volume_id in found if volume_id not in aside][:_AT_ONCE]
        if unreported:
            with self._ports.database.writing() as uow:
                for volume_id in unreported:
                    self._ports.jobs.enqueue(uow, CHECK_VOLUME, volume_id, lane=Lane.HEAVY)
        return len(unreported)

    def settle(self, volume_id: str) -> None:
        """Check a closed volume at filing, unless its report is there and nobody has answered since: a job's work.

        One that is not closed yet comes here when its questions were answered: the next sweep asks its gate. What was
        last checked before there were policies is checked anew first, so that nothing is reported as lacking that
        nobody has looked for.
        """
        with self._ports.database.reading() as connection:
            volume = VolumeRepository(connection).volume(volume_id)
            report = ReportRepository(connection).latest(volume_id, Phase.FILING)
            tasks = TaskRepository(connection).of(Subject(SubjectKind.VOLUME, volume_id), Phase.FILING)
            old = RunRepository(connection).before_policies(volume_id) if report is None else []
        if volume is None or volume.state is not VolumeState.CLOSED or self._checked_anew_first(old):
            return
        answered = [task.answered_at for task in tasks if task.state is TaskState.ANSWERED and task.answered_at]
        if report is None or any(at >= report.at for at in answered):
            self.check(volume_id, Phase.FILING)

    def check(self, reference: str, phase: Phase) -> Report:
        """Make the checks of one phase over a closed volume, keep the run, and file the report.

        At transfer and in keeping the volume's checks look into its items anew; at filing that was done when they came
        in, so that the last run over each counts.

        Raises:
            NotFound: there is no such volume, or it is not closed (`check-volume-not-closed`).
            Unavailable: the store does not answer; nothing was kept.
        """
        volume, members = self._closed(reference)
        checks = self._ports.volume_checks(phase)
        looked_into = members if phase is not Phase.FILING else []
        items = {record.id: self._look(record, checks) for record in looked_into}
        with self._ports.database.reading() as connection:
            context = self._ports.contexts.closed(connection, volume, phase, items)
            policy = policy_at(connection, context.now)
        results = run_checks(checks, context, phase)
        trade = next((record.trade_type for record in members if record.trade_type), None)
        marks = fingerprint(policy, {each.code: each.version for each in checks})
        subject = Subject(SubjectKind.VOLUME, volume.id)
        with self._ports.database.writing() as uow:
            narrowed = policy.narrowed(None, trade)
            verdict = judge_volume(uow.connection, subject, results, narrowed, phase, context.answers)
            ask(uow, subject, phase, verdict, results, context.now)
            found = [of_member(uow.connection, record, policy) for record in members]
            of_items = [each.ruling for each in found if each.record.state is not RecordState.WITHDRAWN]
            ruling = _worst([verdict.ruling, *(of_items if phase is Phase.FILING else ())])
            judged = Judged(results, ruling, policy.version, marks)
            run = self._ports.keeper.keep(uow, subject, phase, judged)
        return self._file(run, found)

    def system(self, phase: Phase) -> tuple[Run, Verdict]:
        """Make the checks of one phase over the system itself, and keep the run."""
        subject, checks = Subject(SubjectKind.SYSTEM, self._ports.origin), self._ports.system_checks(phase)
        with self._ports.database.reading() as connection:
            context = self._ports.contexts.system(connection, phase)
            policy = policy_at(connection, context.now)
        results = run_checks(checks, context, phase)
        marks = fingerprint(policy, {each.code: each.version for each in checks})
        with self._ports.database.writing() as uow:
            verdict = judge_volume(uow.connection, subject, results, policy, phase, context.answers)
            ask(uow, subject, phase, verdict, results, context.now)
            judged = Judged(results, verdict.ruling, policy.version, marks)
            return self._ports.keeper.keep(uow, subject, phase, judged), verdict

    def report(self, reference: str, form: ReportFormat, phase: Phase = Phase.FILING) -> tuple[Report, bytes]:
        """The newest report on a volume in one form, as it lies in the store.

        Raises:
            NotFound: there is no such volume, or it has no report yet (`check-report-missing`).
            Damaged: the store has lost it.
        """
        volume, _ = self._closed(reference)
        with self._ports.database.reading() as connection:
            report = ReportRepository(connection).latest(volume.id, phase)
        if report is None:
            raise NotFound("check-report-missing", volume=reference)
        with self._ports.blobs.open(report.digests[form]) as stream:
            return report, stream.read()

    def closed(self) -> list[str]:
        """The id of every closed volume, in the order of reference codes."""
        with self._ports.database.reading() as connection:
            return [volume.id for volume in VolumeRepository(connection).closed()]

    def _checked_anew_first(self, records: Sequence[str]) -> bool:
        """Put these records up for checking anew; whether any was. One that was set aside is not waited for."""
        aside = self._set_aside(CHECK_AGAIN) if records else set()
        due = [record_id for record_id in records if record_id not in aside]
        if due:
            with self._ports.database.writing() as uow:
                for record_id in due:
                    self._ports.jobs.enqueue(uow, CHECK_AGAIN, record_id, lane=Lane.HEAVY)
        return bool(due)

    def _set_aside(self, kind: str) -> set[str]:
        return {job.key for job in self._ports.jobs.failed() if job.kind == kind}

    def _look(self, record: Record, checks: Sequence[CheckOf[CheckedVolume]]) -> Said:
        """Look into one item, and let go of it: the text of a whole volume would not fit anywhere."""
        item = self._ports.subjects.checked(record)
        with self._ports.database.reading() as connection:
            compared = self._ports.contexts.compared(connection, record, item)
        return look(compared, checks)

    def _closed(self, reference: str) -> tuple[Volume, list[Record]]:
        with self._ports.database.reading() as connection:
            volumes = VolumeRepository(connection)
            volume = volumes.volume(reference) or volumes.volume_by_reference(reference)
            if volume is None:
                raise NotFound("volume-unknown", volume=reference)
            if volume.state is not VolumeState.CLOSED:
                raise NotFound("check-volume-not-closed", volume=reference)
            members = RecordRepository(connection).members(volume.id)
        return volume, sorted(members, key=lambda record: (record.item_number or 0, record.id))

    def _file(self, run: Run, found: Sequence[MemberVerdict]) -> Report:
        """Write the report, store its bytes, and file it: row and ledger entry together, bytes before both."""
        with self._ports.database.reading() as connection:
            facts = facts_of(self._reported(connection, run, found))
        digests = {form: self._ports.blobs.put(io.BytesIO(data)).sha256 for form, data in written(facts).items()}
        report = Report(run.id, run.subject.id, run.phase, digests, run.at)
        with self._ports.database.writing() as uow:
            ReportRepository(uow.connection).add(report)
            self._tell(uow, run, report)
        return report

    def _reported(self, connection: Connection, run: Run, found: Sequence[MemberVerdict]) -> Reported:
        volumes, records = VolumeRepository(connection), RecordRepository(connection)
        volume = volumes.volume(run.subject.id)
        project: Project | None = volumes.project(volume.project_id) if volume is not None else None
        if volume is None or project is None:
            raise NotFound("volume-unknown", volume=run.subject.id)
        members = []
        for each in found:
            version = records.version(each.record.id, each.record.version)
            files = records.components(version.id) if version is not None else []
            files = [file for file in files if file.role is not ComponentRole.ENVELOPE]
            members.append(ReportedMember(each, files))
        return Reported(
            volume=volume,
            project=project,
            run=run,
            results=RunRepository(connection).results(run),
            members=members,
            tasks=TaskRepository(connection).of(run.subject, run.phase),
            font=report_font(),
        )

    def _tell(self, uow: UnitOfWork, run: Run, report: Report) -> None:
        body: dict[str, JSON] = {
            "phase": str(run.phase),
            "run": run.id,
            "ruling": str(run.ruling),
            "policy": run.policy,
            "report": {str(form): digest for form, digest in report.digests.items()},
        }
        event = Event(EventType.VOLUME_CHECKED, SYSTEM_ACTOR.id, "volume", report.volume, body)
        self._ports.ledger.append(uow, event)


def _worst(rulings: Sequence[Ruling]) -> Ruling:
    order = (Ruling.REFUSE, Ruling.ASK, Ruling.ACCEPT)
    return next(ruling for ruling in order if ruling in rulings)
