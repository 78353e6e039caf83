"""Searching."""

from typing import Annotated

from fastapi import APIRouter, Query

from search.types import MOST_HITS
from web.dependencies import Provided, Visited
from web.schemas.asking import Asking
from web.schemas.records import SearchAnswer

router = APIRouter(tags=["search"])


class SizedAsking(Asking):
    """A question with the size of its pages."""

    size: int = Query(default=20, ge=1, le=MOST_HITS)


@router.get("/search")
def search(services: Provided, visit: Visited, asking: Annotated[SizedAsking, Query()]) -> SearchAnswer:
    """Records that answer `q` and every filter, within what the caller may see."""
    return SearchAnswer.of(services.search.search(visit.actor, asking.query(asking.size)))
