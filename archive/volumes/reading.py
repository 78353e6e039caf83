"""Reading projects and volumes: each shows the records its reader may see, and exists for nobody who sees none."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from archive.authorization import Actor, Authorizer, Permission, Scope
from archive.db.uow import Database
from archive.errors import NotFound
from archive.records.reading import public_records
from archive.records.repository import RecordRepository
from archive.records.types import Record
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Project, Volume, VolumeState


@dataclass(frozen=True)
class VolumeView:
    """A volume with the records of it that one reader may see, in the order of their numbers."""

    volume: Volume
    project: Project
    records: tuple[Record, ...]


@dataclass(frozen=True)
class ProjectView:
    """A project with its volumes; `records` are those one reader may see, oldest publication first."""

    project: Project
    volumes: tuple[Volume, ...]
    records: tuple[Record, ...]


class VolumeReader:
    """Use cases of people who read. `redact` masks personal data in a text for readers of the public copy."""

    def __init__(self, database: Database, authorizer: Authorizer, redact: Callable[[str], str]) -> None:
        self._database = database
        self._authorizer = authorizer
        self._redact = redact

    def volume(self, actor: Actor, reference: str) -> VolumeView:
        """A volume by id or reference code.

        Raises:
            NotFound: no such volume, or nothing in it that the actor may see.
        """
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        with self._database.reading() as connection:
            volumes = VolumeRepository(connection)
            volume = volumes.volume(reference) or volumes.volume_by_reference(reference)
            project = volumes.project(volume.project_id) if volume else None
            repository = RecordRepository(connection)
            records = repository.page(scope, volume_id=volume.id, limit=_ALL) if volume else []
            titled = self._titled(repository, records, scope)
        if volume is None or project is None or not records:
            raise NotFound("volume-unknown", volume=reference)
        shown = self._shown(volume, len(records), scope)
        return VolumeView(shown, self._named(project, scope), titled)

    def project(self, actor: Actor, reference: str) -> ProjectView:
        """A project by id, project code or unified trading code.

        Raises:
            NotFound: no such project, or nothing in it that the actor may see.
        """
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        with self._database.reading() as connection:
            volumes = VolumeRepository(connection)
            project = volumes.project(reference) or volumes.project_by_code(reference)
            repository = RecordRepository(connection)
            records = repository.page(scope, project_id=project.id, limit=_ALL) if project else []
            titled = self._titled(repository, records[::-1], scope)
            siblings = volumes.volumes_of(project.id) if project else []
        if project is None or not records:
            raise NotFound("project-unknown", project=reference)
        seen = Counter(record.volume_id for record in records)
        shown = tuple(self._shown(volume, seen[volume.id], scope) for volume in siblings if volume.id in seen)
        return ProjectView(self._named(project, scope), shown, titled)

    def page(
        self, actor: Actor, state: VolumeState | None = None, limit: int = 50, offset: int = 0
    ) -> list[tuple[Volume, Project]]:
        """Volumes the actor may see something of, each with its project."""
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        with self._database.reading() as connection:
            volumes = VolumeRepository(connection)
            found = [
                (volume, project)
                for volume in volumes.page(scope, state, limit, offset)
                if (project := volumes.project(volume.project_id)) is not None
            ]
            counts = RecordRepository(connection).count_by_volume(scope, [volume.id for volume, _ in found])
        return [
            (self._shown(volume, counts.get(volume.id, 0), scope), self._named(project, scope))
            for volume, project in found
        ]

    def projects(self, actor: Actor, limit: int = 50, offset: int = 0) -> list[Project]:
        """Projects the actor may see something of, newest first."""
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        with self._database.reading() as connection:
            return [self._named(p, scope) for p in VolumeRepository(connection).projects(scope, limit, offset)]

    def count_by_state(self, actor: Actor) -> dict[VolumeState, int]:
        """How many volumes the actor may see something of stand in each state."""
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        with self._database.reading() as connection:
            return VolumeRepository(connection).count_by_state(scope)

    def _named(self, project: Project, scope: Scope) -> Project:
        return replace(project, name=self._redact(project.shown_name), public_name=None) if scope.redacted else project

    def _shown(self, volume: Volume, records: int, scope: Scope) -> Volume:
        """A volume as the public may know of it: `records` of it, and nothing of what it holds or lacks beside them."""
        if not scope.redacted:
            return volume
        section, name = self._redact(volume.section), self._redact(volume.section_name)
        return replace(volume, section=section, section_name=name, item_count=records, missing=(), declared=())

    def _titled(self, repository: RecordRepository, records: list[Record], scope: Scope) -> tuple[Record, ...]:
        return tuple(public_records(repository, records, self._redact) if scope.redacted else records)


_ALL = 10_000
"""More than any volume holds; a page without an end would hide a runaway."""
