"""What routes ask for: the services, the page of the request, the permission to be there at all."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form
from starlette.requests import Request

from archive.authorization import Permission
from archive.errors import Forbidden
from web.rendering import Page, Renderer
from web.services import Services
from web.visits import Visit, read_visit


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


def _visit(request: Request) -> Visit:
    return read_visit(request, _services(request).access)


def _page(request: Request, visit: Annotated[Visit, Depends(_visit)]) -> Page:
    renderer: Renderer = request.app.state.renderer
    return Page(request, renderer, visit)


Provided = Annotated[Services, Depends(_services)]
Visited = Annotated[Visit, Depends(_visit)]
Paged = Annotated[Page, Depends(_page)]


def allow(permission: Permission) -> Callable[[Services, Visit], None]:
    """A dependency that lets nobody in who lacks `permission` everywhere. Services decide on each record again."""

    def guard(services: Provided, visit: Visited) -> None:
        services.authorizer.require(visit.actor, permission)

    return guard


def own_form(visit: Visited, csrf: Annotated[str, Form()] = "") -> None:
    """A dependency that refuses forms which this site did not make for this visitor.

    Raises:
        Forbidden: the token is missing, or it belongs to a session that is over.
    """
    if not visit.accepts(csrf):
        raise Forbidden("form-expired")
