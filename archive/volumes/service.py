"""Arrangement: into which volume a record goes.

Records that share a key share a project; those of one bid section share a volume. What arrives after closing is added
as a supplement with the next item number; nothing that has a number is ever renumbered.
"""

from dataclasses import dataclass

from archive.authorization import AccessLevel, Actor
from archive.clock import Clock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict
from archive.ids import Ids
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.plan.types import Plan
from archive.records.repository import RecordRepository
from archive.records.service import Act, RecordService
from archive.records.types import Record, RecordState
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Joining, Project, Volume, VolumeState


@dataclass(frozen=True)
class Ports:
    """What arranging needs from below."""

    database: Database
    records: RecordService
    ledger: LedgerPort
    clock: Clock
    ids: Ids


class VolumeService:
    """Puts records into volumes under one plan."""

    def __init__(self, ports: Ports, plan: Plan) -> None:
        self._ports = ports
        self._plan = plan

    def place(self, uow: UnitOfWork, record: Record, joining: Joining, actor: Actor) -> Volume:
        """Put a record into the open volume of its bid section; what is not there yet is opened.

        A record that has its number stays where it was numbered, whatever a later version of it says.

        Raises:
            Conflict: the keys of `joining` lead to different projects (`project-ambiguous`): a person decides.
        """
        if record.item_number is not None and record.volume_id is not None:
            numbered = VolumeRepository(uow.connection).volume(record.volume_id)
            if numbered is not None:
                self._supplement(uow, record, numbered, {}, actor)
                return numbered
        project = self._project(uow, record, joining, actor)
        volume = self._volume(uow, project, joining, actor)
        values: dict[str, object] = {"project_id": project.id, "volume_id": volume.id}
        if volume.state is VolumeState.CLOSED:
            self._supplement(uow, record, volume, values, actor)
        else:
            body = {"project": project.id, "volume": volume.id}
            self._ports.records.move(
                uow, record, RecordState.PLACED, Act(EventType.RECORD_PLACED, actor, body), **values
            )
        return volume

    def _supplement(
        self, uow: UnitOfWork, record: Record, volume: Volume, values: dict[str, object], actor: Actor
    ) -> None:
        number = record.item_number
        if number is None:
            number = volume.item_count + 1
            VolumeRepository(uow.connection).update_volume(volume.id, item_count=number)
        assert volume.reference_code is not None
        code = self._plan.numbers.item_code(volume.reference_code, number)
        body: dict[str, JSON] = {"volume": volume.id, "reference_code": code, "item": number, "supplement": True}
        act = Act(EventType.RECORD_FILED, actor, body)
        self._ports.records.move(uow, record, RecordState.FILED, act, **values, item_number=number, reference_code=code)

    def _project(self, uow: UnitOfWork, record: Record, joining: Joining, actor: Actor) -> Project:
        repository = VolumeRepository(uow.connection)
        known = repository.projects_by_keys(record.fonds, joining.keys)
        candidates = dict.fromkeys(known[key] for key in joining.keys if key in known)
        if len(candidates) > 1:
            raise Conflict("project-ambiguous", record=record.id, projects="、".join(candidates))
        found = repository.project(next(iter(candidates))) if candidates else None
        if found is None:
            found = self._open_project(uow, record, joining, actor)
        else:
            self._complete(uow, record, found, joining, actor)
        # Its own id is a key too: that is how a person names a project.
        repository.add_keys(record.fonds, found.id, (*joining.keys, f"id:{found.id}"))
        return found

    def _complete(self, uow: UnitOfWork, record: Record, project: Project, joining: Joining, actor: Actor) -> None:
        """Take codes and the public name that were not known when the project was opened; known ones stay."""
        code, deal_code = project.code or joining.project_code, project.deal_code or joining.deal_code
        name = project.public_name or self._public_name(uow, record, joining)
        if name != project.public_name:
            # No entry: names may hold what must not be in the ledger for ever, and whatever the public sees of this
            # project is placed now or later.
            VolumeRepository(uow.connection).update_project(project.id, public_name=name)
        if (code, deal_code) == (project.code, project.deal_code):
            return
        VolumeRepository(uow.connection).update_project(project.id, code=code, deal_code=deal_code)
        body: dict[str, JSON] = {"code": code, "deal_code": deal_code}
        self._ports.ledger.append(uow, Event(EventType.PROJECT_CHANGED, actor.id, "project", project.id, body))

    @staticmethod
    def _public_name(uow: UnitOfWork, record: Record, joining: Joining) -> str | None:
        """What a record that the public will see calls its project; a closed one may not give the public name."""
        grade = RecordRepository(uow.connection).grades(record.id).get(record.version)
        if grade is None or grade.withdrawn or grade.level is not AccessLevel.PUBLIC or grade.released_from is None:
            return None
        return joining.project_name

    def _open_project(self, uow: UnitOfWork, record: Record, joining: Joining, actor: Actor) -> Project:
        project = Project(
            id=self._ports.ids.new("prj"),
            name=joining.project_name,
            code=joining.project_code,
            deal_code=joining.deal_code,
            trade_type=record.trade_type or "",
            fonds=record.fonds,
            region=record.region,
            created_at=self._ports.clock.now(),
            public_name=self._public_name(uow, record, joining),
        )
        VolumeRepository(uow.connection).insert_project(project)
        body = {"code": project.code, "deal_code": project.deal_code, "fonds": project.fonds}
        self._ports.ledger.append(uow, Event(EventType.PROJECT_OPENED, actor.id, "project", project.id, body))
        return project

    def _volume(self, uow: UnitOfWork, project: Project, joining: Joining, actor: Actor) -> Volume:
        repository = VolumeRepository(uow.connection)
        found = repository.volume_of(project.id, joining.section)
        if found is not None:
            return found
        volume = Volume(
            id=self._ports.ids.new("vol"),
            project_id=project.id,
            section=joining.section,
            section_name=joining.section_name,
            state=VolumeState.OPEN,
            outcome=None,
            ended_on=None,
            number=None,
            reference_code=None,
            retention=None,
            item_count=0,
            missing=(),
            declared=(),
            opened_at=self._ports.clock.now(),
            closed_at=None,
        )
        repository.insert_volume(volume)
        body = {"project": project.id, "section": joining.section}
        self._ports.ledger.append(uow, Event(EventType.VOLUME_OPENED, actor.id, "volume", volume.id, body))
        return volume
