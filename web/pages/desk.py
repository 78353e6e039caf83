"""The inspector's desk: projects as cases, with recordings to watch and evidence to take away."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.errors import ArchiveError, NotFound
from archive.records.types import Component, Record
from archive.volumes.reading import ProjectView
from archive.volumes.types import Project
from search.types import Query as Question
from web.bundles import bundle
from web.dependencies import Paged, allow, own_form
from web.rendering import Page
from web.showing.recordings import is_recording
from web.showing.ways import stages_of

router = APIRouter(prefix="/desk", dependencies=[Depends(allow(Permission.EVIDENCE_BUILD))])

_PER_PAGE = 40
_MOST_HITS = 100


@router.get("")
def projects(page: Paged, q: str = "", number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1) -> Response:
    """Projects: the newest, or those whose records answer a question."""
    services, actor = page.services, page.visit.actor
    error: ArchiveError | None = None
    found: list[Project] = []
    more = False
    if q.strip():
        try:
            found = _answering(page, q.strip())
        except ArchiveError as refusal:
            error = refusal
    else:
        found = services.volumes.projects(actor, limit=_PER_PAGE + 1, offset=(number - 1) * _PER_PAGE)
        more = len(found) > _PER_PAGE
    return page.render(
        "desk/projects.html",
        status=error.status if error else 200,
        projects=found[:_PER_PAGE],
        q=q,
        number=number,
        more=more,
        error=error,
    )


def _answering(page: Page, text: str) -> list[Project]:
    """The project whose code was typed and those behind the best hits, each once."""
    services, actor = page.services, page.visit.actor
    hits = services.search.search(actor, Question(text=text, size=_MOST_HITS)).hits
    found: dict[str, Project] = {}
    for key in dict.fromkeys([text, *(hit.project_id for hit in hits if hit.project_id)]):
        try:
            project = services.volumes.project(actor, key).project
        except NotFound:
            continue  # most questions are not the code of a project, and the index may be behind
        found[project.id] = project
    return list(found.values())


@router.get("/projects/{project_id}")
def case(page: Paged, project_id: str) -> Response:
    """One project as a case: volumes, records by stage, recordings, times."""
    view = page.services.volumes.project(page.visit.actor, project_id)
    return page.render(
        "desk/case.html",
        view=view,
        stages=stages_of(page.services.plan, view.records),
        recordings=_recordings(page, view),
        dated=sorted((r for r in view.records if r.published), key=lambda r: r.published or r.created_at),
    )


def _recordings(page: Page, view: ProjectView) -> list[tuple[Record, list[Component]]]:
    """Records that hold recordings, with those files: only classes that are picture and sound are looked into."""
    classes = page.services.plan.classes
    found = []
    for record in view.records:
        cls = classes.get(record.class_code or "")
        if cls is None or cls.carrier == "av":
            components = page.services.records.find(page.visit.actor, record.id).components
            played = [component for component in components if is_recording(component)]
            if played:
                found.append((record, played))
    return found


@router.post("/projects/{project_id}/evidence", dependencies=[Depends(own_form)])
def evidence(page: Paged, project_id: str) -> Response:
    """Build a bundle of the whole project and hand it over."""
    project = page.services.volumes.project(page.visit.actor, project_id).project
    return bundle(page.services, page.visit, "project", project.id)
