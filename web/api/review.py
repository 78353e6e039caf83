"""The queue of what waits for a person."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from archive.authorization import Permission
from web.dependencies import Provided, Visited, allow
from web.schemas.work import DecisionRequest, QueueAnswer, WaitingAnswer

router = APIRouter(tags=["work"])


@router.get("/review", dependencies=[Depends(allow(Permission.REVIEW_LIST))])
def queue(
    services: Provided,
    visit: Visited,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> QueueAnswer:
    """What waits, oldest first."""
    items = services.review.waiting(visit.actor, limit=limit, offset=offset)
    total = services.review.count_waiting(visit.actor)
    return QueueAnswer(total=total, items=[WaitingAnswer.of(item, visit.language) for item in items])


@router.post("/review/{record_id}/decisions", status_code=204, dependencies=[Depends(allow(Permission.REVIEW_DECIDE))])
def decide(services: Provided, visit: Visited, record_id: str, decision: DecisionRequest) -> None:
    """Answer the step that stopped; the record goes on from there."""
    services.review.decide(visit.actor, record_id, dict(decision.choice), decision.reason, decision.question)
