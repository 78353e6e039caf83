"""Reports and tasks as people meet them on the surface: each use case asks first whether they may."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.authorization import AccessLevel, Actor, Authorizer, Permission, Scope
from archive.db.uow import Database
from archive.errors import Forbidden, NotFound
from archive.records.repository import RecordRepository
from archive.records.types import Record
from archive.volumes.reading import VolumeReader, VolumeView
from ingest.checks.types import Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.checking import VolumeChecker
from ingest.verdicts.repository import ReportRepository, TaskRepository
from ingest.verdicts.tasks import TaskService
from ingest.verdicts.types import Report, ReportFormat, Task, TaskState


@dataclass(frozen=True)
class VerdictDeskPorts:
    """What the desk needs. `volumes` shows what a reader may see of a volume."""

    database: Database
    authorizer: Authorizer
    volumes: VolumeReader
    checker: VolumeChecker
    tasks: TaskService


class VerdictDesk:
    """Use cases of readers of reports and of people who answer."""

    def __init__(self, ports: VerdictDeskPorts) -> None:
        self._ports = ports

    def report(
        self, actor: Actor, reference: str, form: ReportFormat, phase: Phase = Phase.FILING
    ) -> tuple[Report, bytes]:
        """The newest report on a volume in one phase, in one form.

        Raises:
            NotFound: the actor sees nothing of such a volume, it is not closed, or it has no report of this phase yet.
            NotAuthenticated, Forbidden: the actor may not see it, or not every item that it lists
                (`check-report-not-whole`).
            Damaged: the store has lost it.
        """
        volume = self._ports.volumes.volume(actor, reference).volume
        self._ports.authorizer.require(actor, Permission.REVIEW_LIST)
        if not self._sees_all(actor, Permission.RECORD_LIST, volume.id):
            raise Forbidden("check-report-not-whole", volume=reference)
        return self._ports.checker.report(volume.id, form, phase)

    def filed(self, actor: Actor, view: VolumeView) -> Report | None:
        """The report filed with a volume that the actor is looking at, None where there is none for this reader."""
        if not self._sees_all(actor, Permission.RECORD_LIST, view.volume.id):
            return None
        with self._ports.database.reading() as connection:
            return ReportRepository(connection).latest(view.volume.id, Phase.FILING)

    def tasks(self, actor: Actor, state: TaskState, limit: int) -> list[Task]:
        """Tasks in a state, those asked first before the others: of the system, of items and volumes within sight.

        Raises:
            NotAuthenticated, Forbidden: the actor may not see what waits.
        """
        self._ports.authorizer.require(actor, Permission.REVIEW_LIST)
        scope = self._ports.authorizer.scope(actor, Permission.REVIEW_LIST)
        with self._ports.database.reading() as connection:
            return TaskRepository(connection).page_within(scope, state, limit)

    def answer(self, actor: Actor, task_id: str, outcome: Outcome, note: str) -> Task:
        """Answer a task: who answers for a volume must be allowed to decide on every item of it, for the system on all.

        Raises:
            NotFound: there is no such task, or the actor sees nothing of what it is about (`check-task-unknown`).
            NotAuthenticated, Forbidden: the actor may not decide, or not on everything (`check-task-not-whole`).
            InvalidInput: as `TaskService.answer`.
        """
        self._ports.authorizer.require(actor, Permission.REVIEW_DECIDE)
        with self._ports.database.reading() as connection:
            task = TaskRepository(connection).get(task_id)
        if task is None:
            raise NotFound("check-task-unknown", task=task_id)
        if task.subject.kind in {SubjectKind.VOLUME, SubjectKind.ITEM}:
            self._require_members(actor, task)
        elif not _everything(self._ports.authorizer.scope(actor, Permission.REVIEW_DECIDE)):
            raise Forbidden("check-task-not-whole", task=task.id)
        return self._ports.tasks.answer(actor, task_id, outcome, note)

    def _require_members(self, actor: Actor, task: Task) -> None:
        scope, members = self._ports.authorizer.scope(actor, Permission.REVIEW_LIST), self._about(task)
        if not any(scope.admits(member.subject) for member in members):
            raise NotFound("check-task-unknown", task=task.id)
        if not self._sees(actor, Permission.REVIEW_DECIDE, members):
            raise Forbidden("check-task-not-whole", task=task.id)

    def _sees_all(self, actor: Actor, permission: Permission, volume_id: str) -> bool:
        with self._ports.database.reading() as connection:
            members = RecordRepository(connection).members(volume_id)
        return self._sees(actor, permission, members)

    def _sees(self, actor: Actor, permission: Permission, members: Sequence[Record]) -> bool:
        """Whether each of these records is within what the actor may do this with, unmasked."""
        scope = self._ports.authorizer.scope(actor, permission)
        return not scope.redacted and all(scope.admits(member.subject) for member in members)

    def _about(self, task: Task) -> Sequence[Record]:
        with self._ports.database.reading() as connection:
            records = RecordRepository(connection)
            if task.subject.kind is SubjectKind.VOLUME:
                return records.members(task.subject.id)
            record = records.by_id(task.subject.id)
        return [] if record is None else [record]


def _everything(scope: Scope) -> bool:
    """Whether there is no record that a scope leaves out."""
    wide = (clause for clause in scope.clauses if "" in clause.regions and not clause.released_only)
    levels = {level for clause in wide for level in clause.levels}
    return not scope.redacted and levels == set(AccessLevel)
