"""Statements of the examination that no other package asks for: every volume and project, whoever may see it."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, select

from archive.volumes import model


class EveryRow:
    """Ids of volumes and projects, in order and without a scope: nothing may hide from an examination."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def volumes_after(self, volume_id: str, limit: int) -> list[str]:
        """Volume ids in order, after `volume_id` ("" from the start)."""
        return self._after(model.volume, volume_id, limit)

    def projects_after(self, project_id: str, limit: int) -> list[str]:
        """Project ids in order, after `project_id` ("" from the start)."""
        return self._after(model.project, project_id, limit)

    def known_volumes(self, volume_ids: Sequence[str]) -> set[str]:
        """Those of `volume_ids` that there are."""
        return self._known(model.volume, volume_ids)

    def known_projects(self, project_ids: Sequence[str]) -> set[str]:
        """Those of `project_ids` that there are."""
        return self._known(model.project, project_ids)

    def _after(self, table: Table, last: str, limit: int) -> list[str]:
        query = select(table.c.id).where(table.c.id > last).order_by(table.c.id).limit(limit)
        return list(self._connection.execute(query).scalars())

    def _known(self, table: Table, ids: Sequence[str]) -> set[str]:
        return set(self._connection.execute(select(table.c.id).where(table.c.id.in_(ids))).scalars())
