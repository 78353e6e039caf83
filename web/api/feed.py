"""The feed of public notices, the same for everybody: whoever is logged in reads there what the public reads."""

import hashlib
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from archive.records.feed.types import Cursor
from web.dependencies import Provided
from web.schemas.feed import FeedAnswer

router = APIRouter(tags=["records"])

_MOST: Final = 200
# Anybody may keep an answer, and asks each time whether it still holds.
_CACHING: Final = "public, no-cache"


@router.get("/feed", response_model=FeedAnswer, responses={304: {"description": "Nothing is new behind the cursor"}})
def feed(
    services: Provided,
    after: Annotated[str, Query(description="`next` of the last page; empty to begin")] = "",
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
    known: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """Public notices as they became visible, changed or were withdrawn, for programs that follow them.

    Ask with `next` of the last page, at once while `more` is true, then every now and then. Nothing is ever passed
    over; the newest second is held back. What is closed later without being withdrawn is not told: its page is gone.
    """
    page = services.feed.page(Cursor.read(after) if after else None, limit)
    body = FeedAnswer.of(page).model_dump_json(by_alias=True).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _CACHING}
    tags = (known or "").split(",")
    if any(one.strip().removeprefix("W/") in {tag, "*"} for one in tags):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
