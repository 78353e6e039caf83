"""Every page. None of them is part of the API's description."""

from fastapi import APIRouter

from web.pages import console, desk, files, login, notices, portal, review, sources, uploads, volumes


def build_pages() -> APIRouter:
    """The routes of all pages."""
    pages = APIRouter(include_in_schema=False)
    for module in (portal, notices, login, console, sources, review, volumes, uploads, desk, files):
        pages.include_router(module.router)
    return pages
