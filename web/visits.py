"""Who asks: the account behind the session cookie, the language, and the token that every form must carry."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from access_control.service import AccessService
from archive.authorization import PUBLIC_ACTOR, Actor
from archive.messages import Language

SESSION_COOKIE = "juanzong_session"
FORM_COOKIE = "juanzong_form"
LANGUAGE_COOKIE = "juanzong_lang"


@dataclass(frozen=True)
class Visit:
    """One request's visitor.

    `session` is the session token, None for the public. `form_key` is what the form token is derived from: the
    session, or before a login a nonce of its own; `fresh` says that the nonce must still be given to the browser.
    """

    actor: Actor
    language: Language
    session: str | None
    form_key: str
    fresh: bool

    @property
    def form_token(self) -> str:
        """What a form must send back. Whoever cannot read the cookie cannot know it, and it ends with the session."""
        return hmac.new(self.form_key.encode(), b"form", hashlib.sha256).hexdigest()

    def accepts(self, form_token: str) -> bool:
        """Whether a form that carries this token was made for this visitor."""
        return hmac.compare_digest(self.form_token.encode(), form_token.encode())


def read_visit(request: Request, access: AccessService) -> Visit:
    """The visitor of a request; a session that is over makes a member of the public.

    Raises:
        Unavailable: the database does not answer.
    """
    token = request.cookies.get(SESSION_COOKIE)
    actor = access.session(token) if token else None
    if token and actor is not None:
        return Visit(actor, language_of(request), token, token, fresh=False)
    return stranger(request)


def stranger(request: Request) -> Visit:
    """The visitor as a member of the public, whatever cookies say."""
    nonce = request.cookies.get(FORM_COOKIE)
    return Visit(PUBLIC_ACTOR, language_of(request), None, nonce or secrets.token_urlsafe(24), fresh=not nonce)


def client_address(request: Request) -> str:
    """The network address of the visitor, as the server was told it; behind a proxy, as far as that one is trusted."""
    return request.client.host if request.client else ""


def language_of(request: Request) -> Language:
    """The language asked for in the address, else the one chosen before, else Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return "en" if asked == "en" else "zh"
