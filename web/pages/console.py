"""The archivist's console: where things stand, and every list that a number there leads to."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.records.types import RecordState
from archive.volumes.types import VolumeState
from ingest.checks.types import Nature
from web.dependencies import Paged, allow
from web.showing.recordings import is_recording

router = APIRouter(prefix="/console", dependencies=[Depends(allow(Permission.REVIEW_LIST))])

PER_PAGE = 50
_FIRST = 6

PageNumber = Annotated[int, Query(ge=1, le=10_000)]


@router.get("")
def overview(page: Paged) -> Response:
    """What came, what is stuck, what is missing, what is due."""
    services, actor = page.services, page.visit.actor
    return page.render(
        "console/overview.html",
        overview=services.status.overview(actor),
        waiting=services.review.waiting(actor, limit=_FIRST),
        lacking=services.volumes.page(actor, VolumeState.INCOMPLETE, limit=_FIRST),
        filed=services.records.page(actor, (RecordState.FILED,), limit=_FIRST),
    )


@router.get("/records")
def records(
    page: Paged, state: RecordState | None = None, number: Annotated[PageNumber, Query(alias="page")] = 1
) -> Response:
    """Records, all or in one state, newest publication first."""
    services, actor = page.services, page.visit.actor
    counts = services.records.count_by_state(actor)
    found = services.records.page(actor, (state,) if state else (), limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    total = counts[state] if state else sum(counts.values())
    return page.render(
        "console/records.html",
        records=found,
        counts=counts,
        state=state,
        number=number,
        total=total,
        pages=-(-total // PER_PAGE),
    )


@router.get("/records/{record_id}")
def record(page: Paged, record_id: str, version: Annotated[int | None, Query(ge=1)] = None) -> Response:
    """Everything known about one record."""
    services, actor = page.services, page.visit.actor
    view = services.records.find(actor, record_id, version)
    outcomes = services.review.outcomes(actor, view.record.id)
    return page.render(
        "console/record.html",
        view=view,
        outcomes=sorted(outcomes.values(), key=lambda outcome: outcome.at),
        natures=by_nature(services.review.checks(actor, view.record.id)),
        component_names={component.id: component.name for component in view.components},
        recordings={component.id for component in view.components if is_recording(component)},
        project=services.volumes.project(actor, view.record.project_id).project if view.record.project_id else None,
    )


def by_nature(checks: Sequence[Mapping[str, object]]) -> list[tuple[Nature, list[Mapping[str, object]]]]:
    """Results of checks under the four natures, in their order; a nature nobody checked is there and empty."""
    return [(nature, [check for check in checks if check["nature"] == nature]) for nature in Nature]


@router.get("/returned")
def returned(page: Paged, number: Annotated[PageNumber, Query(alias="page")] = 1) -> Response:
    """What was returned to its source, with reasons."""
    found = page.services.review.returned(page.visit.actor, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    return page.render("console/returned.html", items=found[:PER_PAGE], number=number, more=len(found) > PER_PAGE)
