"""Whether the server lives, and whether it can answer."""

from fastapi import APIRouter, status
from starlette.responses import Response

from web.dependencies import Provided
from web.schemas.work import HealthAnswer

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
def alive() -> HealthAnswer:
    """The process answers. Says nothing of the parts it stands on: starting it anew would not mend those."""
    return HealthAnswer()


@router.get("/ready", responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": HealthAnswer}})
def ready(services: Provided, response: Response) -> HealthAnswer:
    """Every part by name: `ok`, or the code of what is wrong with it; 503 where one does not answer."""
    answer = HealthAnswer.of(services.health.parts())
    if answer.status == "failing":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return answer
