"""Logging in as a program. The session is the same cookie that pages use.

Other sites cannot send these requests in a visitor's name: the cookie stays behind (SameSite), and a body must be
declared as JSON, which browsers do not send across sites without asking first.
"""

from fastapi import APIRouter, Response

from web.dependencies import Paged, Visited
from web.schemas.work import SessionAnswer, SessionRequest
from web.visits import SESSION_COOKIE, client_address

router = APIRouter(tags=["session"])


@router.get("/session")
def who(visit: Visited) -> SessionAnswer:
    """Who the caller is."""
    return SessionAnswer(name=visit.actor.name, anonymous=visit.actor.anonymous)


@router.post("/session", status_code=201)
def login(page: Paged, wanted: SessionRequest, response: Response) -> SessionAnswer:
    """Log in; the answer sets the session cookie."""
    token, account = page.services.access.authenticate(wanted.name, wanted.password, client_address(page.request))
    page.keep_session(response, token)
    return SessionAnswer(name=account.name, anonymous=False)


@router.delete("/session", status_code=204)
def logout(page: Paged, response: Response) -> None:
    """Log out. Without a session nothing happens."""
    if page.visit.session:
        page.services.access.revoke(page.visit.session)
    response.delete_cookie(SESSION_COOKIE)
