"""The stored files themselves, streamed, for those who may open originals; the public never gets them."""

from typing import Annotated

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from web.dependencies import Paged
from web.errors import RangeUnsatisfiable
from web.showing.files import NoSuchRange, disposition, part_of, policy_for, shown_inline, stream

router = APIRouter()

_UNKNOWN = "application/octet-stream"


@router.api_route("/files/{component_id}", methods=["GET", "HEAD"])
def file(
    request: Request, page: Paged, component_id: str, asked: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """A component as it was received, whole or in part (RFC 9110, 14)."""
    component, source = page.services.records.open(page.visit.actor, component_id)
    media_type = component.media_type.split(";")[0].strip().lower()
    inline = shown_inline(media_type)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": disposition(component.name, inline=inline),
        "Content-Security-Policy": policy_for(media_type),
        # Without a charset: the file says itself how it is encoded, and must not be contradicted.
        "Content-Type": media_type if inline else _UNKNOWN,
        "ETag": f'"{component.sha256}"',
    }
    try:
        part = part_of(asked, component.size)
    except NoSuchRange as error:
        source.close()
        raise RangeUnsatisfiable("range-unsatisfiable", size=component.size) from error
    headers["Content-Length"] = str(part.end - part.start)
    if not part.whole:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{component.size}"
    status = 200 if part.whole else 206
    if request.method == "HEAD":
        source.close()
        return Response(status_code=status, headers=headers)
    return StreamingResponse(stream(source, part), status_code=status, headers=headers)
