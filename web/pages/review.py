"""The queue: one document at a time, its reasons, and a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from starlette.responses import Response

from archive.authorization import Permission
from archive.errors import Conflict, InvalidInput
from archive.ledger.canonical import JSON
from ingest.review import CHOICES, ReviewItem, question_of
from ingest.types import Status, StepOutcome
from web.dependencies import Paged, allow, own_form
from web.pages.console import PER_PAGE, by_nature
from web.rendering import Page

router = APIRouter(prefix="/console/review", dependencies=[Depends(allow(Permission.REVIEW_LIST))])

_MOST_NEIGHBOURS = 500
_LONGEST_REASON = 2_000


@dataclass(frozen=True)
class Place:
    """Where a record stands in the queue: `number` from 1, 0 when it is not in it; ids of its neighbours."""

    number: int
    total: int
    previous: str | None
    following: str | None


@router.get("")
def queue(page: Paged, number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1, done: str = "") -> Response:
    """What waits for a person, oldest first. `done` is the record that was decided just now."""
    services, actor = page.services, page.visit.actor
    total = services.review.count_waiting(actor)
    items = services.review.waiting(actor, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return page.render(
        "console/review.html", items=items, total=total, number=number, pages=-(-total // PER_PAGE), done=done
    )


@router.get("/{record_id}")
def item(page: Paged, record_id: str, done: str = "") -> Response:
    """The document on the left, the decision on the right."""
    return _item(page, record_id, done=done)


@router.post("/{record_id}", dependencies=[Depends(own_form)])
def decide(
    page: Paged,
    record_id: str,
    choice: Annotated[str, Form(max_length=_LONGEST_REASON)] = "",
    value: Annotated[str, Form(max_length=_LONGEST_REASON)] = "",
    reason: Annotated[str, Form(max_length=_LONGEST_REASON)] = "",
    question: Annotated[str, Form(max_length=_LONGEST_REASON)] = "",
) -> Response:
    """Store the decision and go on to the next document."""
    place = _place(page.services.review.waiting(page.visit.actor, limit=_MOST_NEIGHBOURS), record_id)
    try:
        decision = _choice(page, choice, value)
        given = reason.strip() or _usual_reason(page, choice)
        page.services.review.decide(page.visit.actor, record_id, decision, given, question)
    except (InvalidInput, Conflict) as refusal:
        return _item(page, record_id, refusal=refusal, given={"choice": choice, "value": value, "reason": reason})
    following = place.following if place.following != record_id else None
    return page.redirect(
        f"/console/review/{following}?done={record_id}" if following else f"/console/review?done={record_id}"
    )


def _item(
    page: Page,
    record_id: str,
    *,
    done: str = "",
    refusal: InvalidInput | Conflict | None = None,
    given: Mapping[str, str] | None = None,
) -> Response:
    services, actor = page.services, page.visit.actor
    outcomes = services.review.outcomes(actor, record_id)
    view = services.records.find(actor, record_id)
    stopped = next((outcome for outcome in outcomes.values() if outcome.status is not Status.DONE), None)
    waiting = services.review.waiting(actor, limit=_MOST_NEIGHBOURS)
    return page.render(
        "console/review_item.html",
        status=refusal.status if refusal else 200,
        view=view,
        stopped=stopped,
        offers=sorted(CHOICES.get(stopped.step, ())) if stopped else [],
        question=question_of(stopped) if stopped else "",
        suggestion=_suggestion(stopped),
        natures=by_nature(services.review.checks(actor, record_id)),
        component_names={component.id: component.name for component in view.components},
        place=_place(waiting, record_id),
        decides=page.may(Permission.REVIEW_DECIDE),
        refusal=refusal,
        given=given or {},
        done=done,
    )


def _suggestion(stopped: StepOutcome | None) -> dict[str, Any]:
    """What the step found out on its own: best guess, runner-up, confidence, reasons, projects to choose from."""
    detail: Mapping[str, Any] = stopped.detail if stopped else {}
    return {
        "class": detail.get("class"),
        "runner_up": detail.get("runner_up"),
        "confidence": detail.get("confidence"),
        "reasons": detail.get("reasons", []),
        "projects": detail.get("projects", []),
    }


def _place(waiting: list[ReviewItem], record_id: str) -> Place:
    ids = [waiting_item.record.id for waiting_item in waiting]
    if record_id not in ids:
        return Place(0, len(ids), None, ids[0] if ids else None)
    position = ids.index(record_id)
    previous = ids[position - 1] if position else None
    following = ids[position + 1] if position + 1 < len(ids) else None
    return Place(position + 1, len(ids), previous, following)


def _choice(page: Page, choice: str, value: str) -> dict[str, JSON]:
    """What the form says as the one choice that the step reads: `accept`, `class`, `class:GC.06.01`, `project:prj_…`.

    Raises:
        InvalidInput: nothing was chosen, or a class or project that does not exist.
    """
    kind, _, named = choice.partition(":")
    if kind in {"accept", "retry", "return", "new_project"}:
        return {kind: True}
    wanted = (named or value).strip()
    if kind == "class":
        code = wanted.split(" ", 1)[0]
        if code not in page.services.plan.classes:
            raise InvalidInput("decision-class", value=wanted)
        return {"class_code": code}
    if kind == "project" and wanted:
        return {"project": page.services.volumes.project(page.visit.actor, wanted).project.id}
    raise InvalidInput("decision-missing")


def _usual_reason(page: Page, choice: str) -> str:
    """The reason for following a suggestion, which needs no words of one's own; everything else does."""
    followed = choice == "accept" or choice.startswith("class:")
    return page.words("review.usual-reason") if followed else ""
