"""Logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from archive.authorization import Actor, Permission
from archive.errors import Forbidden, NotAuthenticated
from web.dependencies import Paged, own_form
from web.rendering import Page
from web.visits import SESSION_COOKIE, client_address

router = APIRouter()

_LONGEST_NAME = 200
_LONGEST_PASSWORD = 1_000


@router.get("/login")
def form(page: Paged, next: str = "") -> Response:  # noqa: A002 - the name of the parameter in the address
    """The form; whoever is logged in already is taken on."""
    if not page.visit.actor.anonymous:
        return page.redirect(_onward(page, page.visit.actor, next))
    return _form(page, next)


@router.post("/login", dependencies=[Depends(own_form)])
def login(
    page: Paged,
    name: Annotated[str, Form(max_length=_LONGEST_NAME)] = "",
    password: Annotated[str, Form(max_length=_LONGEST_PASSWORD)] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the name of the field in the form
) -> Response:
    """Start a session. A wrong password is told in the form, with what to do."""
    try:
        token, account = page.services.access.authenticate(name, password, client_address(page.request))
    except (NotAuthenticated, Forbidden) as refusal:
        return _form(page, next, name=name, refusal=refusal)
    actor = page.services.access.actor(account.name)
    answer = page.redirect(_onward(page, actor, next))
    page.keep_session(answer, token)
    return answer


@router.post("/logout", dependencies=[Depends(own_form)])
def logout(page: Paged) -> Response:
    """End the session on the server and in the browser."""
    if page.visit.session:
        page.services.access.revoke(page.visit.session)
    answer = page.redirect("/")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def _form(page: Page, onward: str, name: str = "", refusal: NotAuthenticated | Forbidden | None = None) -> Response:
    status = refusal.status if refusal else 200
    answer = page.render("login.html", status=status, onward=_safe(onward), name=name, refusal=refusal)
    page.keep_form_key(answer)
    return answer


def _onward(page: Page, actor: Actor, onward: str) -> str:
    """Where a login leads: back to where it was asked for, else to the first page of the account's work."""
    decide = page.services.authorizer.decide
    if _safe(onward):
        return onward
    if decide(actor, Permission.REVIEW_LIST).allowed:
        return "/console"
    return "/desk" if decide(actor, Permission.EVIDENCE_BUILD).allowed else "/"


def _safe(onward: str) -> str:
    """An address on this site, or nothing: a login form must not lead elsewhere."""
    inside = onward.startswith("/") and not onward.startswith(("//", "/\\", "/login"))
    return onward if inside and onward.isprintable() else ""
