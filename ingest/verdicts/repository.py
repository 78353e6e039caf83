"""Every statement about runs of checks, policies, tasks and reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, insert, select, update

from archive.authorization import Scope
from archive.db.upsert import upsert
from archive.records.model import item
from archive.records.repository import within
from archive.volumes.model import volume as volume_table
from archive.volumes.types import VolumeState
from ingest.checks.gate import Ruling
from ingest.checks.types import CheckResult, Nature, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts import model
from ingest.verdicts.types import Report, ReportFormat, Run, StoredPolicy, Subject, Task, TaskState

__all__ = ["Connection", "PolicyRepository", "ReportRepository", "RunRepository", "TaskRepository"]


class RunRepository:
    """Rows of runs and of what each check said in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, run: Run, results: Sequence[CheckResult]) -> None:
        """Store a run beside the earlier ones."""
        self._connection.execute(
            insert(model.run).values(
                id=run.id,
                subject_kind=run.subject.kind,
                subject_id=run.subject.id,
                version=run.subject.version,
                phase=run.phase,
                number=run.number,
                policy=run.policy,
                fingerprint=run.fingerprint,
                ruling=run.ruling,
                ruling_before=run.before,
                tools=dict(run.tools),
                parts=list(run.parts),
                at=run.at,
            )
        )
        rows = [_columns(result) | {"run": run.id, "ordinal": n} for n, result in enumerate(results)]
        if rows:
            self._connection.execute(insert(model.result), rows)

    def get(self, run_id: str) -> Run | None:
        """One run."""
        row = self._connection.execute(select(model.run).where(model.run.c.id == run_id)).mappings().one_or_none()
        return None if row is None else _run(row)

    def latest(self, subject: Subject, phase: Phase) -> Run | None:
        """The last run over a subject in a phase, None where it was never checked."""
        query = select(model.run).where(_about(subject, phase)).order_by(model.run.c.number.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _run(row)

    def results(self, run: Run) -> list[CheckResult]:
        """What the checks said in a run, in their order."""
        return [_result(row, run.phase) for row in self.rows(run.id)]

    def rows(self, run_id: str) -> list[dict[str, Any]]:
        """The same as it is stored."""
        query = select(model.result).where(model.result.c.run == run_id).order_by(model.result.c.ordinal)
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def page(self, rulings: Sequence[Ruling], *, worse: bool, limit: int) -> list[Run]:
        """The last runs over each subject that ended so, the newest first; all rulings if none is named.

        `worse` asks for those that came out worse than the run before.
        """
        query = select(model.run).where(_is_last())
        if rulings:
            query = query.where(model.run.c.ruling.in_(rulings))
        if worse:
            query = query.where(_came_out_worse())
        query = query.order_by(model.run.c.at.desc(), model.run.c.id.desc()).limit(limit)
        return [_run(row) for row in self._connection.execute(query).mappings()]

    def recent_of_records(self, limit: int) -> list[tuple[Run, str | None, str | None]]:
        """The last filing runs over present versions of records, newest first, each with class and trade letter."""
        query = select(model.run, item.c.class_code, item.c.trade_type).join(item, _present())
        query = query.where(model.run.c.phase == Phase.FILING, _is_last())
        query = query.order_by(model.run.c.at.desc(), model.run.c.id.desc()).limit(limit)
        found = self._connection.execute(query).mappings()
        return [(_run(row), row["class_code"], row["trade_type"]) for row in found]

    def stale(self, fingerprint: str, after: str, limit: int) -> list[str]:
        """Records, by id from `after` on, whose present version was last checked under another fingerprint."""
        query = select(item.c.id).join(model.run, _present())
        query = query.where(model.run.c.phase == Phase.FILING, model.run.c.fingerprint != fingerprint, _is_last())
        query = query.where(item.c.id > after).order_by(item.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def stale_in(self, volume_ids: Sequence[str], fingerprint: str, limit: int) -> list[str]:
        """The same for records of these volumes, from the first on."""
        query = select(item.c.id).join(model.run, _present())
        query = query.where(model.run.c.phase == Phase.FILING, model.run.c.fingerprint != fingerprint, _is_last())
        query = query.where(item.c.volume_id.in_(volume_ids)).order_by(item.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def before_policies(self, volume_id: str) -> list[str]:
        """Records of a volume, by id, whose present version was last checked before runs had a policy."""
        query = select(item.c.id).join(model.run, _present())
        query = query.where(model.run.c.phase == Phase.FILING, model.run.c.policy == "", _is_last())
        return list(self._connection.execute(query.where(item.c.volume_id == volume_id).order_by(item.c.id)).scalars())

    def said_at(self, subject: Subject, phase: Phase, code: str, at: datetime) -> set[tuple[Outcome, str | None]]:
        """Outcomes and reasons of one check in the last run over a subject up to a moment; none where nobody looked."""
        columns = model.run.c
        last = select(columns.id).where(_about(subject, phase), columns.at <= at)
        last = last.order_by(columns.number.desc()).limit(1)
        query = select(model.result.c.outcome, model.result.c.reason)
        query = query.where(model.result.c.run == last.scalar_subquery(), model.result.c.code == code)
        return {(Outcome(row.outcome), row.reason) for row in self._connection.execute(query)}

    def count_stale(self, fingerprint: str) -> int:
        """How many records were last checked under another fingerprint."""
        query = select(func.count()).select_from(item.join(model.run, _present()))
        query = query.where(model.run.c.phase == Phase.FILING, model.run.c.fingerprint != fingerprint, _is_last())
        return int(self._connection.execute(query).scalar_one())


class PolicyRepository:
    """Rows of policies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, policy: StoredPolicy) -> None:
        """Store a policy."""
        values = {name: getattr(policy, name) for name in policy.__dataclass_fields__}
        self._connection.execute(insert(model.policy).values(**values))

    def get(self, version: str) -> StoredPolicy | None:
        """One policy by its version."""
        query = select(model.policy).where(model.policy.c.version == version)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredPolicy(**row)

    def in_force(self, now: datetime) -> StoredPolicy | None:
        """The policy that holds at `now`, None where the centre has set none: the one effective last, set last."""
        columns = model.policy.c
        query = select(model.policy).where(columns.effective_from <= now)
        query = query.order_by(columns.effective_from.desc(), columns.at.desc(), columns.version.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else StoredPolicy(**row)

    def all(self) -> list[StoredPolicy]:
        """Every policy, in the order in which they become effective."""
        query = select(model.policy).order_by(model.policy.c.effective_from, model.policy.c.at)
        return [StoredPolicy(**row) for row in self._connection.execute(query).mappings()]


class TaskRepository:
    """Rows of tasks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, task: Task) -> None:
        """Put a question; one that waits already stays as it is, one that was answered is put anew."""
        values = _task_columns(task)
        anew = {name: values[name] for name in ("state", "outcome", "note", "actor", "asked_at", "answered_at")}
        statement = upsert(self._connection, model.task).values(**values)
        answered = model.task.c.state == TaskState.ANSWERED
        self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=anew, where=answered))

    def answer(self, task: Task) -> None:
        """Keep what was answered."""
        self._connection.execute(update(model.task).where(model.task.c.id == task.id).values(**_task_columns(task)))

    def get(self, task_id: str) -> Task | None:
        """One task."""
        row = self._connection.execute(select(model.task).where(model.task.c.id == task_id)).mappings().one_or_none()
        return None if row is None else _task(row)

    def of(self, subject: Subject, phase: Phase) -> list[Task]:
        """The tasks about one subject in one phase, by the code of the item."""
        columns = model.task.c
        about = (columns.subject_kind == subject.kind, columns.subject_id == subject.id, columns.phase == phase)
        query = select(model.task).where(*about).order_by(columns.code)
        return [_task(row) for row in self._connection.execute(query).mappings()]

    def page(self, state: TaskState, limit: int) -> list[Task]:
        """Tasks in a state, those asked first before the others."""
        columns = model.task.c
        query = select(model.task).where(columns.state == state)
        query = query.order_by(columns.asked_at, columns.subject_id, columns.code).limit(limit)
        return [_task(row) for row in self._connection.execute(query).mappings()]

    def page_within(self, scope: Scope, state: TaskState, limit: int) -> list[Task]:
        """The same for one reader: tasks of the system, of records inside `scope`, and of volumes that hold one."""
        columns = model.task.c
        seen = exists().where(item.c.volume_id == columns.subject_id, within(scope))
        itself = exists().where(item.c.id == columns.subject_id, within(scope))
        mine = (columns.subject_kind == SubjectKind.SYSTEM) | ((columns.subject_kind == SubjectKind.VOLUME) & seen)
        mine |= (columns.subject_kind == SubjectKind.ITEM) & itself
        query = select(model.task).where(columns.state == state, mine)
        query = query.order_by(columns.asked_at, columns.subject_id, columns.code).limit(limit)
        return [_task(row) for row in self._connection.execute(query).mappings()]


class ReportRepository:
    """Rows of reports, and which closed volumes have none."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, report: Report) -> None:
        """Store where a report lies."""
        digests = {f"{form}_sha256": digest for form, digest in report.digests.items()}
        values = {"run": report.run, "volume": report.volume, "phase": report.phase, "at": report.at}
        self._connection.execute(insert(model.report).values(**values, **digests))

    def latest(self, volume_id: str, phase: Phase) -> Report | None:
        """The newest report of a volume in a phase, None where there is none."""
        columns = model.report.c
        query = select(model.report).where(columns.volume == volume_id, columns.phase == phase)
        query = query.order_by(columns.at.desc(), columns.run.desc()).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _report(row)

    def unreported(self, limit: int) -> list[str]:
        """Closed volumes whose filing has not been reported, by id."""
        columns = volume_table.c
        reported = exists().where(model.report.c.volume == columns.id, model.report.c.phase == Phase.FILING)
        query = select(columns.id).where(columns.state == VolumeState.CLOSED, ~reported)
        return list(self._connection.execute(query.order_by(columns.id).limit(limit)).scalars())


def _about(subject: Subject, phase: Phase) -> ColumnElement[bool]:
    columns = model.run.c
    return and_(
        columns.subject_kind == subject.kind,
        columns.subject_id == subject.id,
        columns.version == subject.version,
        columns.phase == phase,
    )


def _present() -> ColumnElement[bool]:
    columns = model.run.c
    of_record = and_(columns.subject_kind == SubjectKind.ITEM, columns.subject_id == item.c.id)
    return and_(of_record, columns.version == item.c.version)


def _is_last() -> ColumnElement[bool]:
    """No later run over the same subject, version and phase."""
    columns, later = model.run.c, model.run.alias("later")
    same = [later.c[name] == columns[name] for name in ("subject_kind", "subject_id", "version", "phase")]
    return ~exists().where(*same, later.c.number > columns.number).correlate(model.run)


def _came_out_worse() -> ColumnElement[bool]:
    columns = model.run.c
    refused = and_(columns.ruling == Ruling.REFUSE, columns.ruling_before.in_([Ruling.ACCEPT, Ruling.ASK]))
    return refused | and_(columns.ruling == Ruling.ASK, columns.ruling_before == Ruling.ACCEPT)


def _columns(result: CheckResult) -> dict[str, Any]:
    return {
        "code": result.code,
        "nature": result.nature,
        "component_id": result.component,
        "outcome": result.outcome,
        "reason": result.reason_code,
        "params": dict(result.params),
        "evidence": dict(result.evidence),
        "rule_version": result.rule_version,
        "tool": result.tool,
        "milliseconds": round(result.milliseconds, 3),
    }


def _result(row: Mapping[str, Any], phase: Phase) -> CheckResult:
    return CheckResult(
        code=row["code"],
        nature=Nature(row["nature"]),
        component=row["component_id"],
        outcome=Outcome(row["outcome"]),
        reason_code=row["reason"],
        params=row["params"],
        rule_version=row["rule_version"],
        milliseconds=row["milliseconds"],
        evidence=row["evidence"],
        tool=row["tool"],
        phase=phase,
    )


def _run(row: RowMapping) -> Run:
    return Run(
        id=row["id"],
        subject=_subject(row),
        phase=Phase(row["phase"]),
        number=row["number"],
        policy=row["policy"],
        fingerprint=row["fingerprint"],
        ruling=_ruling(row["ruling"]),
        before=_ruling(row["ruling_before"]),
        tools=row["tools"],
        parts=tuple(row["parts"]),
        at=row["at"],
    )


def _subject(row: RowMapping) -> Subject:
    return Subject(SubjectKind(row["subject_kind"]), row["subject_id"], row["version"])


def _ruling(stored: str | None) -> Ruling | None:
    return None if stored is None else Ruling(stored)


def _task_columns(task: Task) -> dict[str, Any]:
    names = ("id", "phase", "code", "state", "outcome", "note", "actor", "asked_at", "answered_at")
    about = {"subject_kind": task.subject.kind, "subject_id": task.subject.id}
    return about | {name: getattr(task, name) for name in names}


def _task(row: RowMapping) -> Task:
    return Task(
        id=row["id"],
        subject=Subject(SubjectKind(row["subject_kind"]), row["subject_id"]),
        phase=Phase(row["phase"]),
        code=row["code"],
        asked_at=row["asked_at"],
        state=TaskState(row["state"]),
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        note=row["note"],
        actor=row["actor"],
        answered_at=row["answered_at"],
    )


def _report(row: RowMapping) -> Report:
    digests = {form: row[f"{form}_sha256"] for form in ReportFormat}
    return Report(row["run"], row["volume"], Phase(row["phase"]), digests, row["at"])
