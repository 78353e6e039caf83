"""What those who watch the archive read."""

import hmac

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from archive.errors import NotFound
from ingest.watching.exposition import MEDIA_TYPE, exposition
from web.dependencies import Provided

router = APIRouter(include_in_schema=False)

_SCHEME = "bearer "


@router.get("/metrics")
def metrics(services: Provided, request: Request) -> Response:
    """Every metric, for whoever holds the token; to everybody else there is no such page.

    Raises:
        NotFound: no token is set, or another one was sent.
    """
    given, token = request.headers.get("authorization", ""), services.watch.metrics_token
    bearer = given[len(_SCHEME) :] if given.lower().startswith(_SCHEME) else ""
    if token is None or not hmac.compare_digest(bearer.encode(), token.encode()):
        raise NotFound("page-unknown", path=request.url.path)
    return Response(exposition(services.metrics.read()), media_type=MEDIA_TYPE)
