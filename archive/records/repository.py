"""Every statement about records. Lists and counts take a `Scope`: there is no way to list without one."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, false, func, insert, or_, select, update

from archive.authorization import AccessLevel, Clause, Scope
from archive.db.upsert import upsert
from archive.records import model
from archive.records.types import (
    Component,
    ComponentRole,
    ExtractedText,
    FieldValue,
    Grade,
    Record,
    RecordState,
    Version,
    VersionReason,
)


def within(scope: Scope) -> ColumnElement[bool]:
    """The condition on `records_item` that is true exactly for records inside `scope`."""
    return or_(false(), *(_clause(clause, scope.now) for clause in scope.clauses))


def _clause(clause: Clause, now: datetime) -> ColumnElement[bool]:
    columns = model.item.c
    conditions: list[ColumnElement[bool]] = [columns.level.in_(sorted(clause.levels))]
    if "" not in clause.regions:
        conditions.append(or_(false(), *(columns.region.startswith(r, autoescape=True) for r in clause.regions)))
    if clause.released_only:
        conditions += [columns.settled_version.is_not(None), columns.released_from <= now]
    return and_(*conditions)


class RecordRepository:
    """Rows of records, versions, components, texts and fields."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def insert_record(self, record: Record) -> None:
        """Add a new record."""
        self._connection.execute(insert(model.item).values(**_columns(record)))

    def update_record(self, record_id: str, **values: object) -> None:
        """Change columns of one record."""
        self._connection.execute(update(model.item).where(model.item.c.id == record_id).values(**values))

    def insert_version(self, version: Version, components: Iterable[Component]) -> None:
        """Add a version with its components; neither is ever changed afterwards."""
        self._connection.execute(insert(model.version).values(**_columns(version)))
        rows = [_columns(component) for component in components]
        if rows:
            self._connection.execute(insert(model.component), rows)

    def by_id(self, record_id: str) -> Record | None:
        """One record, without regard to who asks: services decide that."""
        return self._one(model.item.c.id == record_id)

    def by_source(self, source: str, external_id: str) -> Record | None:
        """The record that stands for one document of one source."""
        return self._one(and_(model.item.c.source == source, model.item.c.external_id == external_id))

    def by_reference(self, reference_code: str) -> Record | None:
        """The record with one reference code (档号)."""
        return self._one(model.item.c.reference_code == reference_code)

    def _one(self, condition: ColumnElement[bool]) -> Record | None:
        row = self._connection.execute(select(model.item).where(condition)).mappings().one_or_none()
        return None if row is None else _record(row)

    def versions(self, record_id: str) -> list[Version]:
        """All versions, oldest first."""
        query = select(model.version).where(model.version.c.record_id == record_id).order_by(model.version.c.number)
        return [_version(row) for row in self._connection.execute(query).mappings()]

    def version(self, record_id: str, number: int) -> Version | None:
        """One version."""
        query = select(model.version).where(model.version.c.record_id == record_id, model.version.c.number == number)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _version(row)

    def put_grade(self, grade: Grade) -> None:
        """Store the grade of a version. What was settled or withdrawn stays so when it is graded again."""
        again = {"level": grade.level, "released_from": grade.released_from}
        statement = upsert(self._connection, model.grade).values(**_columns(grade))
        self._connection.execute(statement.on_conflict_do_update(index_elements=["record_id", "version"], set_=again))

    def grades(self, record_id: str) -> dict[int, Grade]:
        """The grades of a record by the number of the version; a version that was never classified has none."""
        query = select(model.grade).where(model.grade.c.record_id == record_id)
        return {row["version"]: _grade(row) for row in self._connection.execute(query).mappings()}

    def settle(self, record_id: str, version: int) -> None:
        """Mark one version as placed or filed."""
        columns = model.grade.c
        condition = and_(columns.record_id == record_id, columns.version == version)
        self._connection.execute(update(model.grade).where(condition).values(settled=True))

    def withdraw_grades(self, record_id: str) -> None:
        """Mark every version so far as taken back."""
        self._connection.execute(update(model.grade).where(model.grade.c.record_id == record_id).values(withdrawn=True))

    def tombstones(self, record_ids: Sequence[str]) -> set[str]:
        """Those of `record_ids` whose settled version was taken back."""
        grade, item = model.grade.c, model.item.c
        query = (
            select(item.id)
            .join(model.grade, and_(grade.record_id == item.id, grade.version == item.settled_version))
            .where(item.id.in_(record_ids), grade.withdrawn)
        )
        return set(self._connection.execute(query).scalars())

    def components(self, version_id: str) -> list[Component]:
        """The components of one version in their order."""
        query = (
            select(model.component)
            .where(model.component.c.version_id == version_id)
            .order_by(model.component.c.ordinal)
        )
        return [_component(row) for row in self._connection.execute(query).mappings()]

    def sizes(self, record_ids: Sequence[str]) -> dict[str, int]:
        """How many bytes the present version of each of these records has, all its components together."""
        columns = model.item.c
        query = (
            select(columns.id, func.sum(model.component.c.size))
            .join(
                model.version, and_(model.version.c.record_id == columns.id, model.version.c.number == columns.version)
            )
            .join(model.component, model.component.c.version_id == model.version.c.id)
            .where(columns.id.in_(record_ids))
            .group_by(columns.id)
        )
        return {record_id: int(size) for record_id, size in self._connection.execute(query)}

    def component(self, component_id: str) -> Component | None:
        """One component."""
        row = (
            self._connection.execute(select(model.component).where(model.component.c.id == component_id))
            .mappings()
            .one_or_none()
        )
        return None if row is None else _component(row)

    def record_of(self, component_id: str) -> tuple[Record, int] | None:
        """The record that a component belongs to, and the number of the version."""
        query = (
            select(model.item, model.version.c.number)
            .join(model.version, model.version.c.record_id == model.item.c.id)
            .join(model.component, model.component.c.version_id == model.version.c.id)
            .where(model.component.c.id == component_id)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else (_record(row), int(row["number"]))

    def count_repeated(self, record: Record, main_sha256: str) -> int:
        """How many other records, of any source and not withdrawn, now have the same title, publication and main file.

        Found by the digest of the file and by the publication, which are indexed both; no statement reads every row.
        """
        item, version, component = model.item.c, model.version.c, model.component.c
        query = (
            select(func.count(func.distinct(item.id)))
            .select_from(model.component)
            .join(model.version, version.id == component.version_id)
            .join(model.item, and_(item.id == version.record_id, item.version == version.number))
            .where(component.sha256 == main_sha256, component.role == ComponentRole.MAIN)
            .where(item.title == record.title, item.published == record.published)
            .where(item.id != record.id, item.state != RecordState.WITHDRAWN)
        )
        return int(self._connection.execute(query).scalar_one())

    def put_texts(self, texts: Sequence[ExtractedText]) -> None:
        """Store or replace extracted texts."""
        for text in texts:
            values = asdict(text)
            statement = upsert(self._connection, model.text).values(**values)
            self._connection.execute(statement.on_conflict_do_update(index_elements=["component_id"], set_=values))

    def texts(self, version_id: str) -> dict[str, ExtractedText]:
        """Texts of one version by component id."""
        query = (
            select(model.text)
            .join(model.component, model.component.c.id == model.text.c.component_id)
            .where(model.component.c.version_id == version_id)
        )
        return {row["component_id"]: ExtractedText(**row) for row in self._connection.execute(query).mappings()}

    def put_fields(self, record_id: str, version: int, fields: Iterable[FieldValue]) -> None:
        """Store or replace described values of one version."""
        for value in fields:
            values = asdict(value) | {"record_id": record_id, "version": version}
            self._connection.execute(
                upsert(self._connection, model.field)
                .values(**values)
                .on_conflict_do_update(index_elements=["record_id", "version", "name"], set_=values)
            )

    def fields(self, record_id: str, version: int) -> list[FieldValue]:
        """Described values of one version by name."""
        query = (
            select(model.field.c.name, model.field.c.value, model.field.c.origin, model.field.c.confidence)
            .where(model.field.c.record_id == record_id, model.field.c.version == version)
            .order_by(model.field.c.name)
        )
        return [FieldValue(**row) for row in self._connection.execute(query).mappings()]

    def page(
        self,
        scope: Scope,
        *,
        states: Sequence[RecordState] = (),
        project_id: str | None = None,
        volume_id: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Record]:
        """Records inside `scope`, newest publication first; within a volume in the order of their numbers."""
        query = select(model.item).where(within(scope)).limit(limit).offset(offset)
        if states:
            query = query.where(model.item.c.state.in_(states))
        if project_id is not None:
            query = query.where(model.item.c.project_id == project_id)
        if volume_id is not None:
            query = query.where(model.item.c.volume_id == volume_id).order_by(model.item.c.item_number.nulls_first())
        query = query.order_by(model.item.c.published.desc().nulls_last(), model.item.c.id)
        return [_record(row) for row in self._connection.execute(query).mappings()]

    def members(self, volume_id: str) -> list[Record]:
        """Every record of a volume, for the services that arrange it."""
        query = select(model.item).where(model.item.c.volume_id == volume_id).order_by(model.item.c.id)
        return [_record(row) for row in self._connection.execute(query).mappings()]

    def count_by_state(self, scope: Scope) -> dict[RecordState, int]:
        """How many records inside `scope` stand in each state."""
        query = select(model.item.c.state, func.count()).where(within(scope)).group_by(model.item.c.state)
        found = {RecordState(state): number for state, number in self._connection.execute(query)}
        return {state: found.get(state, 0) for state in RecordState}

    def count_by_volume(self, scope: Scope, volume_ids: Sequence[str]) -> dict[str, int]:
        """How many records inside `scope` each of `volume_ids` holds; volumes without any are left out."""
        volume_id = model.item.c.volume_id
        query = select(volume_id, func.count()).where(within(scope), volume_id.in_(volume_ids)).group_by(volume_id)
        return {volume: number for volume, number in self._connection.execute(query) if volume is not None}

    def known(self, record_ids: Sequence[str]) -> set[str]:
        """Those of `record_ids` that there are."""
        return set(self._connection.execute(select(model.item.c.id).where(model.item.c.id.in_(record_ids))).scalars())

    def by_ids(self, record_ids: Sequence[str]) -> list[Record]:
        """Those of `record_ids` that there are, by id, without regard to who asks: services decide that."""
        query = select(model.item).where(model.item.c.id.in_(record_ids)).order_by(model.item.c.id)
        return [_record(row) for row in self._connection.execute(query).mappings()]

    def ids_after(self, record_id: str, limit: int) -> list[str]:
        """Record ids in order, after `record_id` ("" from the start), for sweeps and rebuilds."""
        query = select(model.item.c.id).where(model.item.c.id > record_id).order_by(model.item.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())


def _columns(value: Record | Version | Component | Grade) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _record(row: RowMapping) -> Record:
    values = {name: row[name] for name in Record.__dataclass_fields__}
    return Record(**values | {"state": RecordState(values["state"]), "level": AccessLevel(values["level"])})


def _grade(row: RowMapping) -> Grade:
    values = dict(row)
    return Grade(**values | {"level": AccessLevel(values["level"])})


def _version(row: RowMapping) -> Version:
    values = dict(row)
    return Version(**values | {"reason": VersionReason(values["reason"])})


def _component(row: RowMapping) -> Component:
    values = {name: row[name] for name in Component.__dataclass_fields__}
    return Component(**values | {"role": ComponentRole(values["role"])})
