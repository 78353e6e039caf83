"""Whether the server lives, and whether it can answer."""

from fastapi import APIRouter

from archive.authorization import PUBLIC_ACTOR
from search.types import Query
from web.dependencies import Provided
from web.schemas.work import HealthAnswer

router = APIRouter(tags=["health"])


@router.get("/healthz")
def alive() -> HealthAnswer:
    """The process answers."""
    return HealthAnswer()


@router.get("/readyz")
def ready(services: Provided) -> HealthAnswer:
    """Database, policy and index answer too; 503 with the reason where one does not."""
    services.database.ping()
    services.records.count_by_state(PUBLIC_ACTOR)
    services.search.search(PUBLIC_ACTOR, Query(size=1))
    return HealthAnswer(parts={"database": "ok", "policy": "ok", "index": "ok"})
