"""Every statement about projects, volumes and running numbers."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from archive.authorization import Scope
from archive.db.upsert import upsert
from archive.records.model import item
from archive.records.repository import within
from archive.volumes import model
from archive.volumes.types import Project, Volume, VolumeState


class VolumeRepository:
    """Rows of projects, volumes and running numbers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def projects_by_keys(self, fonds: str, keys: Iterable[str]) -> dict[str, str]:
        """Project id by key, for those of `keys` that are known."""
        query = select(model.project_key.c.key, model.project_key.c.project_id).where(
            model.project_key.c.fonds == fonds, model.project_key.c.key.in_(list(keys))
        )
        return {row.key: row.project_id for row in self._connection.execute(query)}

    def insert_project(self, project: Project) -> None:
        """Add a project."""
        values = {name: getattr(project, name) for name in Project.__dataclass_fields__}
        self._connection.execute(insert(model.project).values(**values))

    def update_project(self, project_id: str, **values: object) -> None:
        """Change columns of one project."""
        self._connection.execute(update(model.project).where(model.project.c.id == project_id).values(**values))

    def add_keys(self, fonds: str, project_id: str, keys: Iterable[str]) -> None:
        """Let further keys lead to a project; keys that lead somewhere already stay."""
        for key in keys:
            self._connection.execute(
                upsert(self._connection, model.project_key)
                .values(fonds=fonds, key=key, project_id=project_id)
                .on_conflict_do_nothing()
            )

    def project(self, project_id: str) -> Project | None:
        """One project."""
        query = select(model.project).where(model.project.c.id == project_id)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Project(**row)

    def project_by_code(self, code: str) -> Project | None:
        """The project with a project code or unified trading code."""
        columns = model.project.c
        query = select(model.project).where((columns.code == code) | (columns.deal_code == code)).limit(1)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else Project(**row)

    def insert_volume(self, volume: Volume) -> None:
        """Add a volume."""
        values = {name: getattr(volume, name) for name in Volume.__dataclass_fields__}
        self._connection.execute(insert(model.volume).values(**values))

    def update_volume(self, volume_id: str, **values: object) -> None:
        """Change columns of one volume."""
        self._connection.execute(update(model.volume).where(model.volume.c.id == volume_id).values(**values))

    def volume(self, volume_id: str) -> Volume | None:
        """One volume."""
        return self._volume(model.volume.c.id == volume_id)

    def volume_by_reference(self, reference_code: str) -> Volume | None:
        """The volume with one reference code (档号)."""
        return self._volume(model.volume.c.reference_code == reference_code)

    def volume_of(self, project_id: str, section: str) -> Volume | None:
        """The volume of one bid section."""
        return self._volume((model.volume.c.project_id == project_id) & (model.volume.c.section == section))

    def _volume(self, condition: ColumnElement[bool]) -> Volume | None:
        query = select(model.volume).where(condition)
        row = self._connection.execute(query).mappings().one_or_none()
        return None if row is None else _volume(row)

    def volumes_of(self, project_id: str) -> list[Volume]:
        """The volumes of a project in the order of their sections."""
        query = select(model.volume).where(model.volume.c.project_id == project_id).order_by(model.volume.c.section)
        return [_volume(row) for row in self._connection.execute(query).mappings()]

    def not_closed(self) -> list[Volume]:
        """Every volume that is not closed."""
        query = select(model.volume).where(model.volume.c.state != VolumeState.CLOSED).order_by(model.volume.c.id)
        return [_volume(row) for row in self._connection.execute(query).mappings()]

    def closed(self) -> list[Volume]:
        """Every closed volume in the order of its reference code."""
        query = (
            select(model.volume)
            .where(model.volume.c.state == VolumeState.CLOSED)
            .order_by(model.volume.c.reference_code)
        )
        return [_volume(row) for row in self._connection.execute(query).mappings()]

    def known_closed(self, volume_ids: Sequence[str]) -> set[str]:
        """Those of `volume_ids` that there are and that are closed."""
        columns = model.volume.c
        query = select(columns.id).where(columns.id.in_(volume_ids), columns.state == VolumeState.CLOSED)
        return set(self._connection.execute(query).scalars())

    def page(self, scope: Scope, state: VolumeState | None = None, limit: int = 50, offset: int = 0) -> list[Volume]:
        """Volumes that hold at least one record inside `scope`, newest end first."""
        visible = select(item.c.volume_id).where(within(scope))
        query = select(model.volume).where(model.volume.c.id.in_(visible))
        if state is not None:
            query = query.where(model.volume.c.state == state)
        query = (
            query.order_by(model.volume.c.ended_on.desc().nulls_last(), model.volume.c.id).limit(limit).offset(offset)
        )
        return [_volume(row) for row in self._connection.execute(query).mappings()]

    def projects(self, scope: Scope, limit: int = 50, offset: int = 0) -> list[Project]:
        """Projects that hold at least one record inside `scope`, newest first."""
        visible = select(item.c.project_id).where(within(scope))
        query = select(model.project).where(model.project.c.id.in_(visible))
        query = query.order_by(model.project.c.id.desc()).limit(limit).offset(offset)
        return [Project(**row) for row in self._connection.execute(query).mappings()]

    def count_by_state(self, scope: Scope) -> dict[VolumeState, int]:
        """How many volumes that hold a record inside `scope` stand in each state."""
        visible = select(item.c.volume_id).where(within(scope))
        query = select(model.volume.c.state, func.count()).where(model.volume.c.id.in_(visible))
        found = {VolumeState(state): n for state, n in self._connection.execute(query.group_by(model.volume.c.state))}
        return {state: found.get(state, 0) for state in VolumeState}

    def next_number(self, scope: str) -> int:
        """The next running number of a scope: without gaps, since a rollback gives it back, and never used twice."""
        statement = upsert(self._connection, model.sequence).values(scope=scope, last=1)
        statement = statement.on_conflict_do_update(index_elements=["scope"], set_={"last": model.sequence.c.last + 1})
        self._connection.execute(statement)
        query = select(model.sequence.c.last).where(model.sequence.c.scope == scope)
        return int(self._connection.execute(query).scalar_one())

    def return_number(self, scope: str, number: int) -> None:
        """Give back a number of a scope that was just taken and did not come to be used, in the same transaction."""
        columns = model.sequence.c
        condition = (columns.scope == scope) & (columns.last == number)
        self._connection.execute(update(model.sequence).where(condition).values(last=number - 1))


def _volume(row: RowMapping) -> Volume:
    values = dict(row)
    return Volume(
        **values
        | {
            "state": VolumeState(values["state"]),
            "missing": tuple(values["missing"]),
            "declared": tuple(values["declared"]),
        }
    )
