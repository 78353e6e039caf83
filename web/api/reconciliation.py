"""Reconciliation for programs: a source hands in its list, people look at what differs and have it repaired."""

import tempfile
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from archive.authorization import Permission
from archive.errors import InvalidInput
from ingest.reconciliation.lists import MOST_BYTES, read_listing
from ingest.reconciliation.repository import UNSETTLED
from ingest.reconciliation.types import DifferenceState, Kind
from web.dependencies import Provided, Visited, allow
from web.schemas.reconciliation import (
    AcceptRequest,
    BucketAnswer,
    DifferenceAnswer,
    DifferencesAnswer,
    ReconciliationAnswer,
    RepairAnswer,
    RepairRequest,
    RunAnswer,
)

router = APIRouter(tags=["sources"])

_SCHEME = "bearer "
_MOST_BUCKETS = 1_000
_LOOK = [Depends(allow(Permission.SOURCE_READ))]
_MANAGE = [Depends(allow(Permission.SOURCE_MANAGE))]


def _sender(services: Provided, visit: Visited, request: Request, source: str) -> None:
    """A dependency that lets in the sender of the source itself, by its token, or whoever manages sources."""
    given = request.headers.get("authorization", "")
    if given[: len(_SCHEME)].lower() == _SCHEME:
        services.push.senders.by_name(source, given[len(_SCHEME) :].strip())
    else:
        services.authorizer.require(visit.actor, Permission.SOURCE_MANAGE)


@router.post("/sources/{source:path}/inventory", dependencies=[Depends(_sender)])
async def hand_in(request: Request, services: Provided, source: str) -> RunAnswer:
    """Hand in what a source has, as JSON lines (external_id, data_no, day, size, digest); answered when compared.

    A list that breaks off on the way is no list: nothing is concluded from it.
    """
    with tempfile.TemporaryFile(prefix="juanzong-") as body:
        size, says = 0, False
        async for block in request.stream():
            size, says = size + len(block), says or bool(block.strip())
            if size > MOST_BYTES:
                raise InvalidInput("inventory-too-large", most=MOST_BYTES)
            await run_in_threadpool(body.write, block)
        if not says:
            raise InvalidInput("inventory-empty", source=source)
        body.seek(0)
        run = await run_in_threadpool(services.reconciliation.service.hand_in, source, read_listing(body))
    return RunAnswer.of(run)


@router.get("/reconciliation/{source:path}", dependencies=_LOOK)
def reconciliation(services: Provided, visit: Visited, source: str) -> ReconciliationAnswer:
    """The last run of a source, and the data sets and days on which both sides differ."""
    services.sources.find(visit.actor, source)
    service = services.reconciliation.service
    run = service.latest(source)
    found = service.buckets(run.id, _MOST_BUCKETS) if run else []
    return ReconciliationAnswer(
        run=RunAnswer.of(run) if run else None, differing=[BucketAnswer.of(bucket) for bucket in found]
    )


@router.get("/differences", dependencies=_LOOK)
def differences(
    services: Provided,
    source: Annotated[str | None, Query(max_length=64)] = None,
    kind: Kind | None = None,
    state: DifferenceState | None = None,
    after: Annotated[str, Query(max_length=32)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DifferencesAnswer:
    """What differs and is not settled, or what stands in `state`: `asked` is what a sender has to send again."""
    states = UNSETTLED if state is None else (state,)
    found = services.reconciliation.service.differences(source, states, kind, after, limit)
    more = found[-1].id if len(found) == limit else None
    return DifferencesAnswer(items=[DifferenceAnswer.of(difference) for difference in found], next=more)


@router.post("/differences/repair", dependencies=_MANAGE)
def repair(services: Provided, visit: Visited, asked: RepairRequest) -> RepairAnswer:
    """Have documents fetched again, or flag what the source no longer lists."""
    repairs = services.reconciliation.repairs
    if (asked.id is None) is not asked.all:
        raise InvalidInput("repair-what")
    if asked.id is not None:
        return RepairAnswer.of(repairs.repair(visit.actor, asked.id))
    return RepairAnswer.of(repairs.repair_all(visit.actor, asked.source, asked.kind))


@router.post("/differences/{difference}/acceptance", status_code=204, dependencies=_MANAGE)
def accept(services: Provided, visit: Visited, difference: str, asked: AcceptRequest) -> None:
    """Let a difference stay, with a reason."""
    services.reconciliation.repairs.accept(visit.actor, difference, asked.reason)
