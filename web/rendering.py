"""Pages from templates: the environment, what every page knows, and the page of one request."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from archive.authorization import Permission
from archive.errors import ArchiveError
from archive.messages import render as message
from web.services import Services
from web.showing.blocks import LONGEST, blocks_of
from web.showing.names import Names
from web.showing.parts import main_parts
from web.showing.recordings import is_recording
from web.showing.sizes import size_of
from web.showing.times import Times
from web.visits import FORM_COOKIE, LANGUAGE_COOKIE, SESSION_COOKIE, Visit
from web.words import Words

FOLDER: Final = Path(__file__).parent
_YEAR_SECONDS: Final = 365 * 24 * 3600


class Renderer:
    """The templates, ready to be filled, and the services that pages call."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            blocks_of=blocks_of,
            size_of=size_of,
            is_recording=is_recording,
            longest_shown=LONGEST,
            main_parts=main_parts,
            centre=services.centre,
            assets=_assets_version(),
        )


class Page:
    """The page of one request."""

    def __init__(self, request: Request, renderer: Renderer, visit: Visit) -> None:
        self.request = request
        self.visit = visit
        self.services = renderer.services
        self.words = Words(visit.language)
        self._environment = renderer.environment

    @property
    def now(self) -> datetime:
        """The moment of this request."""
        return self.services.clock.now()

    @property
    def reference(self) -> str:
        """Under which the log knows this request."""
        return str(self.request.scope["state"].get("reference", ""))

    def may(self, permission: Permission) -> bool:
        """Whether the visitor may do this anywhere at all; for what to offer, never for what to allow."""
        if self.visit.actor.anonymous:
            return False
        return self.services.authorizer.decide(self.visit.actor, permission).allowed

    def address(self, **changes: object) -> str:
        """The present address with parameters changed; None takes one away."""
        url = self.request.url.remove_query_params([name for name, value in changes.items() if value is None])
        url = url.include_query_params(**{name: value for name, value in changes.items() if value is not None})
        return url.path + (f"?{url.query}" if url.query else "")

    def render(self, template: str, *, status: int = HTTPStatus.OK, **context: Any) -> Response:
        """Fill a template."""
        text = self._environment.get_template(template).render(
            page=self,
            visit=self.visit,
            say=self.words,
            names=Names(self.services.plan, self.words),
            times=Times(self.services.settings.timezone, self.now, self.words),
            sentence=self._sentence,
            menu=self._menu(),
            **context,
        )
        response = HTMLResponse(text, status_code=status)
        self._remember(response)
        return response

    def redirect(self, address: str) -> Response:
        """Go on elsewhere after something was done."""
        return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)

    def keep_session(self, response: Response, token: str) -> None:
        """Give the browser a session, out of reach of scripts and of other sites."""
        seconds = self.services.settings.session_hours * 3600
        self._cookie(response, SESSION_COOKIE, token, seconds)
        response.delete_cookie(FORM_COOKIE)

    def _remember(self, response: Response) -> None:
        if self.request.query_params.get("lang"):
            self._cookie(response, LANGUAGE_COOKIE, self.visit.language, _YEAR_SECONDS)

    def keep_form_key(self, response: Response) -> None:
        """Give a browser without a session the nonce its form token was derived from."""
        if self.visit.fresh:
            self._cookie(response, FORM_COOKIE, self.visit.form_key, 3600)

    def _cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        secure = self.request.url.scheme == "https"
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)

    def _sentence(self, code: str | None, params: Mapping[str, object] | None = None) -> str:
        return message(code, params or {}, self.visit.language) if code else ""

    def _menu(self) -> Mapping[str, bool]:
        """Which surfaces to offer; none while the policy cannot be asked."""
        try:
            return {
                "console": self.may(Permission.REVIEW_LIST),
                "sources": self.may(Permission.SOURCE_READ),
                "desk": self.may(Permission.EVIDENCE_BUILD),
            }
        except ArchiveError:
            return {"console": False, "sources": False, "desk": False}


def _assets_version() -> str:
    """Changes with the style sheet or the script, so that browsers may keep them."""
    digest = hashlib.sha256()
    for file in sorted((FOLDER / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
