"""Step place: the join to project and bid section, and into its volume."""

from archive.authorization import SYSTEM_ACTOR
from archive.db.uow import Database, UnitOfWork
from archive.records.types import Record
from archive.volumes.repository import VolumeRepository
from archive.volumes.service import VolumeService
from archive.volumes.types import Joining
from classifiers.fields import read_fields
from classifiers.titles import project_name
from ingest.steps.evidence import evidence_of
from ingest.steps.port import Item, Result
from ingest.types import Status


class PlaceStep:
    """Places a record by its codes, then by its project's name; what names no project at all asks a person."""

    name = "place"

    def __init__(self, database: Database, volumes: VolumeService) -> None:
        self._database = database
        self._volumes = volumes

    def run(self, item: Item) -> Result:
        joining = joining_of(item)
        if item.decision is not None:
            joining = _decided(joining, item)
        if not joining.keys:
            return Result(Status.WAITING, "project-not-named")
        known = self._known(item.record.fonds, joining)
        chosen = item.decision.choice.get("project") if item.decision is not None else None
        if chosen is not None and not known:
            return Result(Status.WAITING, "project-unknown", {"project": str(chosen)})
        if len(known) > 1:
            params = {"record": item.record.id, "projects": "、".join(known)}
            return Result(Status.WAITING, "project-ambiguous", params, {"projects": known})
        detail = {"keys": list(joining.keys), "section": joining.section}

        def write(uow: UnitOfWork, record: Record) -> None:
            self._volumes.place(uow, record, joining, SYSTEM_ACTOR)

        return Result(Status.DONE, detail=detail, write=write)

    def _known(self, fonds: str, joining: Joining) -> list[str]:
        with self._database.reading() as connection:
            found = VolumeRepository(connection).projects_by_keys(fonds, joining.keys)
        return list(dict.fromkeys(found[key] for key in joining.keys if key in found))


def joining_of(item: Item) -> Joining:
    """The keys of a record's project, most trusted first, and its bid section.

    A record that names several sections speaks of the whole project.
    """
    fields = read_fields(evidence_of(item))
    keys = []
    if fields.project_code is not None:
        keys.append(f"code:{fields.project_code.value}")
    if fields.project_key:
        keys.append(f"name:{fields.project_key}")
    code = fields.section_codes[0].value if len(fields.section_codes) == 1 else ""
    name = fields.section_names[0].value if len(fields.section_names) == 1 else ""
    return Joining(
        keys=tuple(keys),
        project_name=project_name(fields.project_name.value if fields.project_name else item.version.title),
        project_code=fields.project_code.value if fields.project_code else None,
        deal_code=fields.unified_deal_code.value if fields.unified_deal_code else None,
        section=code or (name if not fields.section_codes else ""),
        section_name=name,
    )


def _decided(joining: Joining, item: Item) -> Joining:
    """What a person chose: one project by id, or a new one of its own."""
    assert item.decision is not None
    project = item.decision.choice.get("project")
    if isinstance(project, str):
        keys: tuple[str, ...] = (f"id:{project}",)
    elif item.decision.choice.get("new_project"):
        keys = (f"record:{item.record.id}",)
    else:
        return joining
    return Joining(
        keys, joining.project_name, joining.project_code, joining.deal_code, joining.section, joining.section_name
    )
