"""Permission, walked over every route: what a stranger, an inspector and an archivist meet."""

import re
from collections.abc import Iterable, Iterator

from fastapi.routing import iter_route_contexts

from archive.records.types import ComponentRole
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, SOURCE, World

PUBLIC = {
    ("GET", "/"),
    ("GET", "/search"),
    ("GET", "/records/{record_id}"),
    ("GET", "/records/{record_id}/changes"),
    ("GET", "/records/{record_id}/proof"),
    ("GET", "/login"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/static"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/search"),
    ("GET", "/api/v1/feed"),
    ("GET", "/api/v1/push/soap/receive-info"),
    ("GET", "/api/v1/push/soap/upload-data"),
    ("GET", "/api/v1/records/{reference}"),
    ("GET", "/api/v1/records/{reference}/versions"),
    ("GET", "/api/v1/records/{reference}/proof"),
    ("GET", "/api/v1/volumes/{reference}"),
    ("GET", "/api/v1/projects/{reference}"),
    ("GET", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
}
"""Everything that answers a stranger at all; `/p/{reference}` does too, once something has a reference code."""


def _routes(pages: World) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(pages.app.routes):
        for method in sorted(route.methods or {"GET"}):
            yield method, str(route.path)


def _address(pages: World, path: str, external_id: str) -> str:
    """The address of something that is there: with the wrong id everything is refused anyway."""
    record = pages.records[external_id]
    if path.startswith("/api/v1/volumes"):
        path = path.replace("{reference}", str(record.volume_id))
    if path.startswith("/api/v1/projects"):
        path = path.replace("{reference}", str(record.project_id))
    path = path.replace("{reference:path}", str(record.volume_id)).replace("{volume_id}", str(record.volume_id))
    path = path.replace("{component_id}", pages.component(external_id, ComponentRole.MAIN))
    path = path.replace("{source:path}", SOURCE)
    path = path.replace("{project_id}", str(record.project_id)).replace("/static", "/static/style.css")
    return re.sub(r"\{[a-z_]+\}", record.id, path)


def _answers(
    pages: World, routes: Iterable[tuple[str, str]], external_id: str, account: tuple[str, str] | None = None
) -> dict[tuple[str, str], int]:
    """With which status every route answers, about one record."""
    with pages.client(account) as client:
        return {
            (method, path): client.request(method, _address(pages, path, external_id)).status_code
            for method, path in routes
        }


def test_a_stranger_meets_only_what_is_public(pages: World) -> None:
    routes = {route for route in _routes(pages) if route[0] != "HEAD"}
    assert routes >= PUBLIC
    answers = _answers(pages, routes, "n1")
    assert {route for route, status in answers.items() if 200 <= status < 300} == PUBLIC
    # SOAP 1.1, 6.2: whoever does not speak it is told so in a Fault with 500.
    faults = {route for route, status in answers.items() if status == 500}
    assert faults == {("POST", path) for method, path in PUBLIC if "/soap/" in path}
    assert {answers[route] for route in routes - PUBLIC - faults} <= {303, 401, 403, 404, 422}


def test_a_stranger_meets_nothing_of_what_is_not_public(pages: World) -> None:
    about_records = {
        (method, path)
        for method, path in _routes(pages)
        if "{" in path and method == "GET" and not re.search("project|volume|source", path)
    }
    assert len(about_records) > 5
    assert set(_answers(pages, about_records, "n5").values()) <= {303, 404}


def test_a_stranger_is_sent_away_before_anything_is_looked_at(pages: World) -> None:
    with pages.client() as client:
        for path in ("/console/records/none", "/console/review/none", "/console/volumes/none", "/desk/projects/none"):
            assert client.get(path).status_code == 303
            assert client.post(path).status_code in {303, 405}
        for address, body in (("/api/v1/review/none/decisions", {}), ("/api/v1/evidence", {"kind": "nothing"})):
            answer = client.post(address, json=body)
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "login-required"


def test_an_inspector_reads_and_decides_nothing(pages: World) -> None:
    forbidden = {route for route in _routes(pages) if route[1].startswith("/console")}
    forbidden |= {("GET", "/api/v1/review"), ("GET", "/api/v1/status")}
    assert set(_answers(pages, forbidden, "n1", INSPECTOR).values()) == {403}
    desk = {("GET", "/desk"), ("GET", "/desk/projects/{project_id}"), ("GET", "/records/{record_id}")}
    assert set(_answers(pages, desk, "n5", INSPECTOR).values()) == {200}


def test_an_archivist_meets_no_error_on_any_page(pages: World) -> None:
    routes = {(method, path) for method, path in _routes(pages) if method == "GET" and not path.startswith("/p/")}
    answers = _answers(pages, routes, "n1", ARCHIVIST)
    refused = {route: status for route, status in answers.items() if status not in {200, 303}}
    # Nobody has set a token here, and no account opens them; a volume that is still open has no report.
    assert refused == {
        ("GET", "/metrics"): 404,
        ("GET", "/api/v1/volumes/{reference}/report"): 404,
        ("GET", "/api/v1/push/{source}/messages/{data_key:path}"): 401,
    }


def test_original_files_are_never_public(pages: World) -> None:
    with pages.client() as client:
        answer = client.get(f"/files/{pages.component('n1', ComponentRole.MAIN)}")
        assert answer.status_code == 403
        assert "original-not-public" in answer.text
        assert client.get(f"/files/{pages.component('n5', ComponentRole.MAIN)}").status_code == 404
