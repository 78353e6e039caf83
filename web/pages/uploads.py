"""The page on which people deliver: choose files, watch them go up, see what became of earlier ones."""

from fastapi import APIRouter, Depends
from starlette.responses import Response

from archive.authorization import Permission
from web.dependencies import Paged, allow

router = APIRouter(prefix="/console/uploads", dependencies=[Depends(allow(Permission.SOURCE_MANAGE))])


@router.get("")
def uploads(page: Paged) -> Response:
    """The form, and the visitor's own uploads, newest first."""
    services, actor = page.services, page.visit.actor
    return page.render(
        "console/uploads.html",
        uploads=services.uploads.recent(actor),
        sources=services.uploads.sources(actor),
        most=services.uploads.most >> 30,
    )
