"""Sources in the console: how each is, what it is told, what was refused; changed by draft, preview and apply."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.errors import ArchiveError, Conflict, InvalidInput, SourceFailed, Unavailable
from ingest.connectors.port import ConnectorKind
from ingest.sources.desk import is_previewed
from ingest.sources.samples import Preview
from ingest.sources.written import read_value, write_value
from web.dependencies import Paged, allow, own_form
from web.rendering import Page
from web.schemas.sources import clock_warning

router = APIRouter(
    prefix="/console/sources",
    dependencies=[Depends(allow(Permission.REVIEW_LIST)), Depends(allow(Permission.SOURCE_READ))],
)

_CHANGES = [Depends(allow(Permission.SOURCE_MANAGE)), Depends(own_form)]
_DONE = frozenset({"paused", "resumed", "asked", "drafted", "discarded", "applied"})


@router.get("")
def sources(page: Paged) -> Response:
    """Every source with how it is, and what could not be taken in."""
    services, actor = page.services, page.visit.actor
    found = services.sources.all(actor)
    return page.render(
        "console/sources.html",
        sources=found,
        number_refused=sum(health.refused for health in found),
        refused=services.review.refused(actor),
        address=_address,
    )


@router.post("/{source:path}/pause", dependencies=_CHANGES)
def pause(page: Paged, source: str) -> Response:
    """Do not read it until it is resumed."""
    page.services.sources.pause(page.visit.actor, source)
    return page.redirect(f"{_address(source)}?done=paused")


@router.post("/{source:path}/resume", dependencies=_CHANGES)
def resume(page: Paged, source: str) -> Response:
    """Read it again, at once."""
    page.services.sources.resume(page.visit.actor, source)
    return page.redirect(f"{_address(source)}?done=resumed")


@router.post("/{source:path}/read", dependencies=_CHANGES)
def read(page: Paged, source: str) -> Response:
    """Ask for it to be read now."""
    try:
        page.services.sources.ask(page.visit.actor, source)
    except Conflict as refusal:
        return _source(page, source, refusal=refusal)
    return page.redirect(f"{_address(source)}?done=asked")


@router.post("/{source:path}/draft", dependencies=_CHANGES)
def draft(
    page: Paged,
    source: str,
    name: Annotated[list[str] | None, Form()] = None,
    value: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Keep what the form says as a draft; a field that is left empty is an option that is not set."""
    written = dict(zip(name or (), value or (), strict=False))
    desk, actor = page.services.sources, page.visit.actor
    held = desk.find(actor, source).source
    before = held.options if held.draft is None else held.draft
    try:
        kind = desk.kind(actor, held.connector)
        options = {key: read_value(kind, key, text) for key, text in written.items() if text.strip()}
        desk.change(actor, source, options, [key for key in before if key not in options])
    except InvalidInput as refusal:
        return _source(page, source, refusal=refusal, written=written)
    return page.redirect(f"{_address(source)}?done=drafted#options")


@router.post("/{source:path}/discard", dependencies=_CHANGES)
def discard(page: Paged, source: str) -> Response:
    """Forget the draft."""
    page.services.sources.discard(page.visit.actor, source)
    return page.redirect(f"{_address(source)}?done=discarded")


@router.post("/{source:path}/preview", dependencies=_CHANGES)
def preview(page: Paged, source: str) -> Response:
    """Show what a few real documents would become."""
    try:
        found = page.services.sources.preview(page.visit.actor, source)
    except (InvalidInput, SourceFailed, Unavailable) as refusal:
        return _source(page, source, refusal=refusal)
    return _source(page, source, preview=found)


@router.post("/{source:path}/apply", dependencies=_CHANGES)
def apply(page: Paged, source: str) -> Response:
    """Put the previewed draft into force."""
    try:
        page.services.sources.apply(page.visit.actor, source)
    except Conflict as refusal:
        return _source(page, source, refusal=refusal)
    return page.redirect(f"{_address(source)}?done=applied")


@router.get("/{source:path}")
def source(page: Paged, source: str, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """One source. `done` is what has just been done with it."""
    return _source(page, source, done=done)


def _source(
    page: Page,
    name: str,
    *,
    done: str = "",
    refusal: ArchiveError | None = None,
    preview: Preview | None = None,
    written: Mapping[str, str] | None = None,
) -> Response:
    desk, actor = page.services.sources, page.visit.actor
    health = desk.find(actor, name)
    kind, broken = _kind(page, health.source.connector)
    return page.render(
        "console/source.html",
        status=refusal.status if refusal else 200,
        health=health,
        kind=kind,
        fields=_fields(kind, health.source.options, health.source.draft, written) if kind else [],
        previewed=is_previewed(health.source),
        warning=clock_warning(health, page.visit.language),
        refused=desk.refused(actor, name),
        manages=page.may(Permission.SOURCE_MANAGE),
        done=done if done in _DONE else "",
        refusal=refusal or broken,
        preview=preview,
        address=_address,
    )


def _kind(page: Page, connector: str) -> tuple[ConnectorKind | None, InvalidInput | None]:
    """A connector, or why there is none: a source is shown though the package that reads it is no longer there."""
    try:
        return page.services.sources.kind(page.visit.actor, connector), None
    except InvalidInput as error:
        return None, error


def _fields(
    kind: ConnectorKind,
    options: Mapping[str, object],
    draft: Mapping[str, object] | None,
    written: Mapping[str, str] | None,
) -> list[Mapping[str, object]]:
    """The options of a connector, each with what is in force and what the form shows."""
    shown = options if draft is None else draft
    return [
        {
            "option": option,
            "now": write_value(option, options.get(option.name)),
            "text": (written or {}).get(option.name, write_value(option, shown.get(option.name))),
            "usual": write_value(option, option.default),
        }
        for option in kind.options
    ]


def _address(name: str) -> str:
    return f"/console/sources/{quote(name, safe='')}"
