"""Volumes in the console: their contents, what they lack, and the declaration that lets them close."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.errors import Conflict, InvalidInput
from archive.volumes.types import VolumeState
from web.dependencies import Paged, allow, own_form
from web.pages.console import PER_PAGE
from web.rendering import Page

router = APIRouter(prefix="/console/volumes", dependencies=[Depends(allow(Permission.REVIEW_LIST))])

_LONGEST_REASON = 2_000


@router.get("")
def volumes(
    page: Paged,
    state: VolumeState | None = None,
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Volumes, all or in one state."""
    services, actor = page.services, page.visit.actor
    counts = services.volumes.count_by_state(actor)
    total = counts[state] if state else sum(counts.values())
    return page.render(
        "console/volumes.html",
        volumes=services.volumes.page(actor, state, PER_PAGE, (number - 1) * PER_PAGE),
        counts=counts,
        state=state,
        number=number,
        total=total,
        pages=-(-total // PER_PAGE),
    )


@router.get("/{reference:path}")
def volume(page: Paged, reference: str, closed: str = "") -> Response:
    """One volume by id or reference code. `closed` says that a declaration has just closed it."""
    return _volume(page, reference, closed=bool(closed))


@router.post("/{volume_id}/declare", dependencies=[Depends(own_form)])
def declare(page: Paged, volume_id: str, reason: Annotated[str, Form(max_length=_LONGEST_REASON)] = "") -> Response:
    """Declare that what is missing does not exist; the volume closes if nothing else is in the way."""
    try:
        given = _given(reason)
        with page.services.database.writing() as uow:
            code = page.services.closing.declare_missing(
                uow, page.services.authorizer, page.visit.actor, volume_id, given
            )
    except (InvalidInput, Conflict) as refusal:
        return _volume(page, volume_id, refusal=refusal)
    return page.redirect(f"/console/volumes/{volume_id}" + ("?closed=1" if code else ""))


def _given(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("declaration-without-reason")
    return reason.strip()


def _volume(
    page: Page, reference: str, *, closed: bool = False, refusal: InvalidInput | Conflict | None = None
) -> Response:
    view = page.services.volumes.volume(page.visit.actor, reference)
    return page.render(
        "console/volume.html",
        status=refusal.status if refusal else 200,
        view=view,
        report=page.services.verdicts.filed(page.visit.actor, view),
        closes=page.may(Permission.VOLUME_CLOSE),
        closed=closed,
        refusal=refusal,
    )
