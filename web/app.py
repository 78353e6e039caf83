"""The application: pages for three readers, files, and the API, over the same services."""

from importlib import metadata
from typing import Final

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from web.api.routes import build_api
from web.errors import install
from web.middleware import BodyLimit, Hardening, Logged
from web.pages.routes import build_pages
from web.rendering import FOLDER, Renderer
from web.services import Services

_ABOUT: Final = (
    "Search, read and verify the records of a public resource trading centre. Whoever is not logged in sees what has "
    "been published, with personal data masked. Every error has the same shape; `retryable` says whether the same "
    "call may succeed later."
)


def create_app(services: Services) -> FastAPI:
    """The application over `services`."""
    app = FastAPI(
        title="卷宗 Juanzong",
        description=_ABOUT,
        version=metadata.version("juanzong"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.services = services
    app.state.renderer = Renderer(services)
    app.include_router(build_api())
    app.include_router(build_pages())
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Hardening)
    app.add_middleware(Logged)
    return app
