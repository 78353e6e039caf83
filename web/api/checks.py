"""The four-nature checks: the report filed with a volume, and what people are asked."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from archive.authorization import Permission
from ingest.checks.types import Phase
from ingest.outcomes import Outcome
from ingest.verdicts.types import ReportFormat, TaskState
from web.dependencies import Provided, Visited, allow
from web.schemas.checks import CheckTaskAnswer, CheckTaskRequest, CheckTasksAnswer
from web.showing.files import disposition, policy_for

router = APIRouter(tags=["work"])

_FORMS: dict[str, dict[str, str]] = {form.media_type.partition(";")[0]: {} for form in ReportFormat}


@router.get(
    "/volumes/{reference}/report",
    response_class=Response,
    responses={200: {"content": _FORMS, "description": "The report as it was filed, for readers of the whole volume"}},
)
def report(
    services: Provided,
    visit: Visited,
    reference: str,
    form: Annotated[ReportFormat, Query(alias="format")] = ReportFormat.PDF,
    phase: Phase = Phase.FILING,
) -> Response:
    """The newest report on a volume, byte for byte as the ledger names it, as a download."""
    filed, data = services.verdicts.report(visit.actor, reference, form, phase)
    return Response(
        data,
        media_type=form.media_type,
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": disposition(f"{reference}.{form}", inline=False),
            # A page that is opened from here all the same finds itself in a sandbox.
            "Content-Security-Policy": policy_for(form.media_type),
            "ETag": f'"{filed.digests[form]}"',
        },
    )


@router.get("/checks/tasks", dependencies=[Depends(allow(Permission.REVIEW_LIST))])
def tasks(
    services: Provided,
    visit: Visited,
    state: TaskState = TaskState.OPEN,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> CheckTasksAnswer:
    """What only a person or a named service can say, asked once of each volume or of the system."""
    found = services.verdicts.tasks(visit.actor, state, limit)
    return CheckTasksAnswer(items=[CheckTaskAnswer.of(task, visit.language) for task in found])


@router.post("/checks/tasks/{task_id}/answer", dependencies=[Depends(allow(Permission.REVIEW_DECIDE))])
def answer(services: Provided, visit: Visited, task_id: str, given: CheckTaskRequest) -> CheckTaskAnswer:
    """Answer a task; the next run counts it."""
    answered = services.verdicts.answer(visit.actor, task_id, Outcome(given.outcome), given.note)
    return CheckTaskAnswer.of(answered, visit.language)
