"""Every route for programs."""

from typing import Any

from fastapi import APIRouter

from web.api import (
    checks,
    dead_letters,
    evidence,
    feed,
    health,
    metrics,
    push,
    reconciliation,
    records,
    review,
    search,
    session,
    soap,
    sources,
    status,
    uploads,
)
from web.schemas.errors import ErrorAnswer

_ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorAnswer, "description": "Nobody is logged in where somebody must be"},
    403: {"model": ErrorAnswer, "description": "Not permitted"},
    404: {"model": ErrorAnswer, "description": "There is no such thing within what the caller may see"},
    422: {"model": ErrorAnswer, "description": "The request cannot be used as it is"},
    503: {"model": ErrorAnswer, "description": "Something does not answer now; try again"},
}


def build_api() -> APIRouter:
    """The routes under `/api/v1`, and those for whoever watches the server."""
    api = APIRouter(responses=_ERRORS)
    for module in (reconciliation, dead_letters):
        api.include_router(module.router, prefix="/api/v1")
    for module in (search, records, feed, status, review, checks, sources, evidence, session, uploads, push, soap):
        api.include_router(module.router, prefix="/api/v1")
    api.include_router(health.router)
    api.include_router(metrics.router)
    return api
