"""What could not be taken in or done, and going on with it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from archive.authorization import Permission
from web.dependencies import Provided, Visited, allow
from web.schemas.dead_letters import DeadLetterAnswer, DeadLettersAnswer, OrphansAnswer, ResumeAnswer, ResumeRequest

router = APIRouter(prefix="/dead-letters", tags=["sources"], dependencies=[Depends(allow(Permission.SOURCE_READ))])

Reason = Annotated[str | None, Query(max_length=100)]
SourceName = Annotated[str | None, Query(max_length=64)]
Limit = Annotated[int, Query(ge=1, le=1_000)]


@router.get("")
def dead_letters(
    services: Provided, visit: Visited, reason: Reason = None, source: SourceName = None, limit: Limit = 100
) -> DeadLettersAnswer:
    """Refused documents and jobs set aside, each with reason, first and last try, and where it goes on."""
    letters = services.reconciliation.dead_letters
    return DeadLettersAnswer(
        reasons=letters.by_reason(source),
        items=[DeadLetterAnswer.of(letter, visit.language) for letter in letters.all(reason, source, limit)],
    )


@router.post("/resume", dependencies=[Depends(allow(Permission.SOURCE_MANAGE))])
def resume(services: Provided, visit: Visited, asked: ResumeRequest) -> ResumeAnswer:
    """Go on from the step that failed."""
    return ResumeAnswer.of(services.reconciliation.dead_letters.resume(visit.actor, asked.reason, asked.source))


@router.get("/orphans")
def orphans(services: Provided, limit: Limit = 100) -> OrphansAnswer:
    """What belongs to nothing."""
    found = services.reconciliation.dead_letters.orphans(limit)
    return OrphansAnswer(
        arrivals=list(found.arrivals), records=list(found.records), unremembered=list(found.unremembered)
    )
