"""The register of sources: how they are, and everything that can be done with them."""

from fastapi import APIRouter, Depends

from archive.authorization import Permission
from ingest.sources.desk import Wanted
from web.dependencies import Provided, Visited, allow
from web.schemas.sources import (
    DraftRequest,
    PreviewAnswer,
    PreviewRequest,
    RefusedAnswer,
    ScheduleRequest,
    SourceAnswer,
    SourceDetail,
    SourceRequest,
    SourcesAnswer,
)
from web.services import Services
from web.visits import Visit

router = APIRouter(prefix="/sources", tags=["sources"], dependencies=[Depends(allow(Permission.SOURCE_READ))])

_MANAGE = [Depends(allow(Permission.SOURCE_MANAGE))]


@router.get("")
def sources(services: Provided, visit: Visited) -> SourcesAnswer:
    """Every source with how it is."""
    found = services.sources.all(visit.actor)
    return SourcesAnswer(sources=[SourceAnswer.of(health, visit.language) for health in found])


@router.post("", status_code=201, dependencies=_MANAGE)
def add(services: Provided, visit: Visited, asked: SourceRequest) -> SourceAnswer:
    """Register a source, or find it registered."""
    wanted = Wanted(asked.name, asked.connector, asked.location, asked.options, asked.region, asked.minutes)
    added = services.sources.add(visit.actor, wanted)
    return _answer(services, visit, added.name)


@router.patch("/{source:path}/draft", dependencies=_MANAGE)
def change(services: Provided, visit: Visited, source: str, asked: DraftRequest) -> SourceAnswer:
    """Draft other options; they count once they have been previewed and applied."""
    services.sources.change(visit.actor, source, asked.options, asked.without)
    return _answer(services, visit, source)


@router.delete("/{source:path}/draft", dependencies=_MANAGE)
def discard(services: Provided, visit: Visited, source: str) -> SourceAnswer:
    """Forget the draft."""
    services.sources.discard(visit.actor, source)
    return _answer(services, visit, source)


@router.post("/{source:path}/preview", dependencies=_MANAGE)
def preview(services: Provided, visit: Visited, source: str, asked: PreviewRequest | None = None) -> PreviewAnswer:
    """Read a few real documents and show what would become of them; takes up to half a minute."""
    asked = asked or PreviewRequest()
    found = services.sources.preview(visit.actor, source, asked.limit, live=asked.live)
    return PreviewAnswer.of(found, visit.language)


@router.post("/{source:path}/apply", dependencies=_MANAGE)
def apply(services: Provided, visit: Visited, source: str) -> SourceAnswer:
    """Put the previewed draft into force."""
    services.sources.apply(visit.actor, source)
    return _answer(services, visit, source)


@router.post("/{source:path}/pause", dependencies=_MANAGE)
def pause(services: Provided, visit: Visited, source: str) -> SourceAnswer:
    """Do not read it until it is resumed."""
    services.sources.pause(visit.actor, source)
    return _answer(services, visit, source)


@router.post("/{source:path}/resume", dependencies=_MANAGE)
def resume(services: Provided, visit: Visited, source: str) -> SourceAnswer:
    """Read it again, at once."""
    services.sources.resume(visit.actor, source)
    return _answer(services, visit, source)


@router.post("/{source:path}/sync", status_code=202, dependencies=_MANAGE)
def sync(services: Provided, visit: Visited, source: str) -> SourceAnswer:
    """Ask for it to be read as soon as its turn comes."""
    services.sources.ask(visit.actor, source)
    return _answer(services, visit, source)


@router.put("/{source:path}/schedule", dependencies=_MANAGE)
def schedule(services: Provided, visit: Visited, source: str, asked: ScheduleRequest) -> SourceAnswer:
    """Say how many minutes lie between two readings."""
    services.sources.schedule(visit.actor, source, asked.minutes)
    return _answer(services, visit, source)


@router.get("/{source:path}")
def detail(services: Provided, visit: Visited, source: str) -> SourceDetail:
    """One source, with the documents that were refused last."""
    return SourceDetail(
        source=_answer(services, visit, source),
        refused=[RefusedAnswer.of(arrival) for arrival in services.sources.refused(visit.actor, source)],
    )


def _answer(services: Services, visit: Visit, name: str) -> SourceAnswer:
    return SourceAnswer.of(services.sources.find(visit.actor, name), visit.language)
