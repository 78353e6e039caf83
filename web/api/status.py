"""Where the archive stands."""

from fastapi import APIRouter

from web.dependencies import Provided, Visited
from web.schemas.work import StatusAnswer

router = APIRouter(tags=["work"])


@router.get("/status")
def status(services: Provided, visit: Visited) -> StatusAnswer:
    """Counts of records and volumes by state, the queue, the ledger, the index."""
    return StatusAnswer.of(services.status.overview(visit.actor))
