"""The page of a record: it reads like the notice, with its versions, its project and its proof around it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.errors import NotFound
from archive.ledger.types import EventType
from archive.records.reading import RecordView
from archive.records.types import Component, ComponentRole, RecordState
from archive.volumes.reading import ProjectView
from web.dependencies import Paged
from web.rendering import Page
from web.showing.changes import Change, compare
from web.showing.proofs import prove
from web.showing.ways import stages_of

router = APIRouter()

Version = Annotated[int | None, Query(ge=1)]


@router.get("/records/{record_id}")
def record(page: Paged, record_id: str, version: Version = None) -> Response:
    """One version of a record, the present one unless another is named."""
    return _notice(page, page.services.records.find(page.visit.actor, record_id, version))


@router.get("/p/{reference:path}")
def by_reference(page: Paged, reference: str, version: Version = None) -> Response:
    """The same under its reference code (档号): the address to cite."""
    return _notice(page, page.services.records.find(page.visit.actor, reference, version))


def _notice(page: Page, view: RecordView) -> Response:
    if view.withdrawn and view.redacted:
        return page.render("notices/tombstone.html", view=view, withdrawn=withdrawn_at(view), way=_way(page, view))
    files = [component for component in view.components if component.role is not ComponentRole.ENVELOPE]
    return page.render(
        "notices/record.html",
        view=view,
        main=[component for component in files if component.role is ComponentRole.MAIN],
        others=[component for component in files if component.role is not ComponentRole.MAIN],
        way=_way(page, view),
        stages=_stages(page, view),
        filed=view.record.state is RecordState.FILED,
        opens=not view.redacted and page.may(Permission.RECORD_OPEN),
        withdrawn=withdrawn_at(view),
    )


def withdrawn_at(view: RecordView) -> object:
    """The moment the source took a record back, None if it did not."""
    if not view.withdrawn:
        return None
    return next((e.at for e in reversed(view.history) if e.event.type is EventType.RECORD_WITHDRAWN), None)


def _way(page: Page, view: RecordView) -> ProjectView | None:
    """The project of a record as the visitor may see it; None while the record has none."""
    if view.record.project_id is None:
        return None
    return page.services.volumes.project(page.visit.actor, view.record.project_id)


def _stages(page: Page, view: RecordView) -> list[object]:
    way = _way(page, view)
    return [] if way is None else list(stages_of(page.services.plan, way.records))


@router.get("/records/{record_id}/changes")
def changes(
    page: Paged,
    record_id: str,
    before: Annotated[int | None, Query(alias="from", ge=1)] = None,
    after: Annotated[int | None, Query(alias="to", ge=1)] = None,
) -> Response:
    """What changed between two versions; without numbers, between the last two."""
    new = page.services.records.find(page.visit.actor, record_id, after)
    if new.withdrawn and new.redacted:
        return page.render("notices/tombstone.html", view=new, withdrawn=withdrawn_at(new), way=_way(page, new))
    earlier = [version.number for version in new.versions if version.number < new.version.number]
    number = before or max(earlier, default=new.version.number)
    old = page.services.records.find(page.visit.actor, record_id, number)
    return page.render("notices/changes.html", view=new, old=old, compared=_compared(page, old, new))


def _compared(page: Page, old: RecordView, new: RecordView) -> list[Change]:
    found = [compare(page.words("record.title"), old.version.title, new.version.title)]
    before, after = _by_place(old), _by_place(new)
    for place in dict.fromkeys([*after, *before]):
        one, two = before.get(place), after.get(place)
        known = two or one
        assert known is not None
        found.append(compare(known.name or page.words.name("role", known.role), _text(old, one), _text(new, two)))
    return found


def _by_place(view: RecordView) -> dict[tuple[str, int], Component]:
    """Components by role and number within the role: names change, places rarely do."""
    found: dict[tuple[str, int], Component] = {}
    counted: dict[str, int] = {}
    for component in view.components:
        if component.role is not ComponentRole.ENVELOPE:
            counted[component.role] = counted.get(component.role, 0) + 1
            found[component.role, counted[component.role]] = component
    return found


def _text(view: RecordView, component: Component | None) -> str:
    text = view.texts.get(component.id) if component else None
    return text.text if text else ""


@router.get("/records/{record_id}/proof")
def proof(page: Paged, record_id: str) -> Response:
    """That the record stands in the ledger: first in words, then in figures."""
    view = page.services.records.find(page.visit.actor, record_id)
    found = prove(page.services.database, page.services.checkpoints, view.history)
    if not view.history:
        raise NotFound("record-without-history", record=view.record.id)
    status = HTTPStatus.OK if found.holds or not found.proven else HTTPStatus.INTERNAL_SERVER_ERROR
    return page.render("notices/proof.html", status=status, view=view, proof=found)
