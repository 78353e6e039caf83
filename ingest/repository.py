"""Every statement about outcomes and decisions."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, select, tuple_

from archive.authorization import Scope
from archive.db.upsert import upsert
from archive.records.model import item
from archive.records.repository import within
from ingest import model
from ingest.formats.risk import FormatCount
from ingest.types import PersonDecision, Status, StepOutcome

_IDENTIFY = "identify"
_BATCH = 1000


class OutcomeRepository:
    """Rows of step outcomes and decisions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, outcome: StepOutcome) -> None:
        """Store the outcome of a step; an older one of the same step gives way."""
        values = _columns(outcome)
        statement = upsert(self._connection, model.outcome).values(**values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["record_id", "version", "step"], set_=values)
        )

    def of(self, record_id: str, version: int) -> dict[str, StepOutcome]:
        """Outcomes of one version by step."""
        columns = model.outcome.c
        query = select(model.outcome).where(columns.record_id == record_id, columns.version == version)
        return {row["step"]: _outcome(row) for row in self._connection.execute(query).mappings()}

    def standing(self, record_id: str, version: int) -> set[tuple[str, int, datetime]]:
        """Which outcomes of one version there are: step, version of the step, when."""
        columns = model.outcome.c
        query = select(columns.step, columns.step_version, columns.at).where(
            columns.record_id == record_id, columns.version == version
        )
        return {(step, step_version, at) for step, step_version, at in self._connection.execute(query)}

    def drop(self, record_id: str, version: int, steps: Iterable[str]) -> None:
        """Forget outcomes, so that the steps run again."""
        columns = model.outcome.c
        self._connection.execute(
            delete(model.outcome).where(
                columns.record_id == record_id, columns.version == version, columns.step.in_(list(steps))
            )
        )

    def unfinished(self, steps: Mapping[str, int]) -> list[str]:
        """Records whose present version still has a step before it, in order.

        `steps` gives the version in force of each step: an outcome of an older version counts as none. What waits for
        a person or was returned has stopped and is not unfinished.
        """
        columns = model.outcome.c
        in_force = tuple_(columns.step, columns.step_version).in_(list(steps.items()))
        present = and_(columns.record_id == item.c.id, columns.version == item.c.version, in_force)
        stopped = select(columns.record_id).where(present, columns.status != Status.DONE).correlate(item)
        done = select(func.count()).where(present, columns.status == Status.DONE).correlate(item).scalar_subquery()
        query = select(item.c.id).where(~stopped.exists(), done < len(steps)).order_by(item.c.id)
        return list(self._connection.execute(query).scalars())

    def stopped(self, scope: Scope, status: Status, limit: int = 100, offset: int = 0) -> list[StepOutcome]:
        """What stopped with `status`, of the present versions of records inside `scope`, oldest first."""
        query = select(model.outcome).join(item, _present()).where(model.outcome.c.status == status)
        query = query.where(within(scope)).order_by(model.outcome.c.at, model.outcome.c.record_id, model.outcome.c.step)
        return [_outcome(row) for row in self._connection.execute(query.limit(limit).offset(offset)).mappings()]

    def count_stopped(self, scope: Scope, status: Status) -> int:
        """How much stopped with `status`, inside `scope`."""
        query = select(func.count()).select_from(model.outcome.join(item, _present()))
        query = query.where(model.outcome.c.status == status).where(within(scope))
        return int(self._connection.execute(query).scalar_one())

    def formats(self, scope: Scope) -> list[FormatCount]:
        """How many files there are of each format, in the present versions of records inside `scope`.

        Outcomes are read by the thousand, since what they found is one value for the database.
        """
        columns = model.outcome.c
        query = select(columns.record_id, columns.detail).select_from(model.outcome.join(item, _present()))
        query = query.where(columns.step == _IDENTIFY, within(scope)).order_by(columns.record_id).limit(_BATCH)
        counted: Counter[tuple[str | None, str, str]] = Counter()
        last = ""
        while rows := self._connection.execute(query.where(columns.record_id > last)).all():
            for record_id, detail in rows:
                counted.update((one["puid"], one["mime"], one["label"]) for one in detail.get("components", ()))
                last = record_id
        return [FormatCount(*kind, number) for kind, number in sorted(counted.items(), key=repr)]

    def add_decision(self, decision: PersonDecision) -> None:
        """Store what a person decided."""
        self._connection.execute(insert(model.decision).values(**_columns(decision)))

    def decision(self, record_id: str, version: int, step: str) -> PersonDecision | None:
        """The latest decision for a step of a version."""
        columns = model.decision.c
        query = select(model.decision).where(
            columns.record_id == record_id, columns.version == version, columns.step == step
        )
        row = self._connection.execute(query.order_by(columns.id.desc()).limit(1)).mappings().one_or_none()
        return None if row is None else PersonDecision(**row)


def _present() -> Any:
    return and_(model.outcome.c.record_id == item.c.id, model.outcome.c.version == item.c.version)


def _columns(value: StepOutcome | PersonDecision) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _outcome(row: RowMapping) -> StepOutcome:
    values = {name: row[name] for name in StepOutcome.__dataclass_fields__}
    return StepOutcome(**values | {"status": Status(values["status"])})
