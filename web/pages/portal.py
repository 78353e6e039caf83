"""The public front: one search box, what was published lately, and the results."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from archive.authorization import PUBLIC_ACTOR
from archive.errors import ArchiveError
from search.types import Query as Question
from search.types import Results
from web.dependencies import Paged
from web.rendering import Page
from web.schemas.asking import Asking
from web.showing.names import Names
from web.showing.times import Times

router = APIRouter()

_PER_PAGE = 20
_RECENT = 12


@router.get("/")
def home(page: Paged) -> Response:
    """The front page, always as the public sees it."""
    records = page.services.records
    counts = records.count_by_state(PUBLIC_ACTOR)
    start = Times(page.services.settings.timezone, page.now, page.words).today() - timedelta(days=6)
    try:
        week = _count(page, Question(published_from=start, size=1))
        letters = [letter for letter, _ in Names(page.services.plan, page.words).trades()]
        trades = [(letter, _count(page, Question(trade_type=letter, size=1))) for letter in letters]
    except ArchiveError:
        # The rest of the page does not need the index; the page says that these numbers are missing.
        week, trades = None, []
    return page.render(
        "portal/home.html",
        recent=records.page(PUBLIC_ACTOR, limit=_RECENT),
        total=sum(counts.values()),
        week_start=start,
        week=week,
        trades=[(letter, number) for letter, number in trades if number],
    )


def _count(page: Page, question: Question) -> int:
    return page.services.search.search(PUBLIC_ACTOR, question).total


@router.get("/search")
def search(page: Paged, asking: Annotated[Asking, Query()]) -> Response:
    """Results within what the visitor may see; an error is shown in the place of results, never as none."""
    results: Results | None = None
    error: ArchiveError | None = None
    status = HTTPStatus.OK.value
    if asking.asks:
        try:
            results = page.services.search.search(page.visit.actor, asking.query(_PER_PAGE))
        except ArchiveError as refusal:
            error, status = refusal, refusal.status
    return page.render(
        "portal/search.html",
        status=status,
        asking=asking,
        results=results,
        error=error,
        position=_position(error, asking.q),
        per_page=_PER_PAGE,
        pages=0 if results is None else -(-results.total // _PER_PAGE),
    )


def _position(error: ArchiveError | None, text: str) -> int | None:
    """The place in the query, counted from 0, that an error speaks of."""
    found = error.params.get("position") if error else None
    return found - 1 if isinstance(found, int) and 0 < found <= len(text) else None
