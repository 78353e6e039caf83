"""Errors as answers: one JSON shape for programs, a page for people, both with the code and what to do."""

from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from archive.errors import ArchiveError, Forbidden, InvalidInput, NotAuthenticated, NotFound
from archive.messages import Language
from web.rendering import Page, Renderer
from web.visits import language_of, read_visit, stranger

_log = structlog.get_logger()

_PROGRAMS = ("/api/", "/health/", "/static/")
_RETRY_AFTER_SECONDS = "5"


class TooLarge(ArchiveError):
    """A request carries more than the surface takes."""

    status = 413


class NotAllowed(ArchiveError):
    """The address exists, but not for this method."""

    status = 405


class RangeUnsatisfiable(ArchiveError):
    """A part of a file was asked for that the file does not have."""

    status = 416


class Unexpected(ArchiveError):
    """Something failed that nobody foresaw; the log knows more under the reference."""

    status = 500


def json_error(error: ArchiveError, language: Language = "zh") -> JSONResponse:
    """The one error shape: `{"error": {"code", "message", "status", "retryable"}}`."""
    body = {
        "code": error.code,
        "message": error.message(language),
        "status": error.status,
        "retryable": error.retryable,
    }
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if error.retryable else None
    return JSONResponse({"error": body}, status_code=error.status, headers=headers)


def install(app: FastAPI) -> None:
    """Let every failure leave the application as one of the two forms."""
    app.add_exception_handler(ArchiveError, _archive_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)


def _archive_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ArchiveError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("http.failed", code=error.code)
    return _answer(request, error)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ArchiveError):
        return _answer(request, error.__cause__)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer = _answer(request, NotAllowed("method-not-allowed", method=request.method))
    elif error.status_code == HTTPStatus.NOT_FOUND:
        answer = _answer(request, NotFound("page-unknown", path=request.url.path))
    else:
        answer = _answer(request, InvalidInput("request-invalid", detail=error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Only where it is wrong: what was sent may be personal.
    places = "、".join(".".join(str(part) for part in one["loc"]) for one in error.errors())
    return _answer(request, InvalidInput("request-invalid", detail=places))


def unexpected(request: Request, error: Exception) -> Response:
    """The answer to what nobody foresaw; what it was goes to the log only."""
    reference = str(request.scope["state"].get("reference", ""))
    _log.error("http.crashed", kind=type(error).__name__, exc_info=error)
    return _answer(request, Unexpected("unexpected-error", reference=reference))


def _answer(request: Request, error: ArchiveError) -> Response:
    if request.url.path.startswith(_PROGRAMS):
        return json_error(error, language_of(request))
    if isinstance(error, NotAuthenticated):
        return _to_login(request)
    renderer: Renderer = request.app.state.renderer
    try:
        visit = read_visit(request, request.app.state.services.access)
    except ArchiveError:
        # Without the database nobody can be recognised; the page that says so must still be shown.
        visit = stranger(request)
    page = Page(request, renderer, visit)
    context = {"error": error, "forbidden": isinstance(error, Forbidden), "reference": page.reference}
    answer = page.render("error.html", status=error.status, **context)
    if error.retryable:
        answer.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return answer


def _to_login(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    back = {"next": request.url.path + query} if request.method == "GET" else {}
    return RedirectResponse("/login" + (f"?{urlencode(back)}" if back else ""), status_code=303)
