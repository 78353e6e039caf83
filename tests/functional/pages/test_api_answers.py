"""The API: answers, the one error shape, sessions, and its own description."""

import io
import zipfile

import pytest

from archive.ledger.checkpoint import parse_note
from archive.ledger.merkle import verify_inclusion
from tests.functional.pages.world import ARCHIVIST, CODE, INSPECTOR, TENDER, UNSURE, World


def test_search_answers_with_marks(pages: World) -> None:
    with pages.client() as client:
        answer = client.get("/api/v1/search", params={"q": "公开招标", "size": 5}).json()
    assert answer["total"] == 1
    hit = answer["hits"][0]
    assert (hit["title"], hit["class"], hit["record"]) == (TENDER, "GC.02.01", pages.records["n1"].id)
    assert [hit["snippet"][start:end] for start, end in hit["marks"]] == ["公开招标"]


def test_a_record_with_its_versions(pages: World) -> None:
    record = pages.records["n1"].id
    with pages.client() as client:
        present = client.get(f"/api/v1/records/{record}").json()
        first = client.get(f"/api/v1/records/{record}", params={"version": 1}).json()
        versions = client.get(f"/api/v1/records/{record}/versions").json()
    assert (present["redacted"], present["version"]["number"]) == (True, 2)
    assert first["version"]["number"] == 1
    assert [version["number"] for version in versions] == [1, 2]
    assert versions[1]["digest"] == present["version"]["digest"]
    assert len(present["components"]) == 1
    assert "第三开标室" in "".join(component["text"] for component in first["components"])


def test_a_proof_can_be_checked_by_whoever_gets_it(pages: World) -> None:
    with pages.client() as client:
        proof = client.get(f"/api/v1/records/{pages.records['n1'].id}/proof").json()
    checkpoint = parse_note(proof["checkpoint"].encode()).checkpoint
    assert proof["waiting"] == []
    assert len(proof["entries"]) == 2
    for entry in proof["entries"]:
        path = [bytes.fromhex(step) for step in entry["path"]]
        leaf = bytes.fromhex(entry["leaf"])
        assert verify_inclusion(entry["index"], checkpoint.size, leaf, path, checkpoint.root)


def test_projects_and_volumes_show_what_the_reader_may_see(pages: World) -> None:
    record = pages.records["n1"]
    with pages.client() as client, pages.client(INSPECTOR) as staff:
        for address in (f"/api/v1/projects/{CODE}", f"/api/v1/volumes/{record.volume_id}"):
            public, whole = client.get(address).json(), staff.get(address).json()
            assert len(public["records"]) == 4
            assert len(whole["records"]) == 5


def test_status_and_queue_for_those_who_work_here(pages: World) -> None:
    with pages.client(ARCHIVIST) as client:
        status = client.get("/api/v1/status").json()
        queue = client.get("/api/v1/review").json()
    assert status["records"]["placed"] == 4
    assert status["review"] == queue["total"] == 1
    assert status["ledger"]["published"] == status["ledger"]["size"] > 30
    assert status["index"] == {"lag": 0}
    item = queue["items"][0]
    assert item["record"]["title"] == UNSURE
    assert (item["step"], item["code"]) == ("classify", "classify-ask-no-evidence")
    assert item["choices"] == ["class_code", "retry", "return"]


def test_a_decision(own_pages: World) -> None:
    address = f"/api/v1/review/{own_pages.records['n6'].id}/decisions"
    with own_pages.client(ARCHIVIST) as client:
        asked = {"reason": "看过", "question": client.get("/api/v1/review").json()["items"][0]["question"]}
        wrong = client.post(address, json=asked | {"choice": {"accept": True}})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "decision-choice")
        stale = client.post(address, json=asked | {"choice": {"class_code": "GC.02.01"}, "question": "1:classify:then"})
        assert (stale.status_code, stale.json()["error"]["code"]) == (409, "decision-stale")
        assert client.post(address, json=asked | {"choice": {"class_code": "GC.02.01"}}).status_code == 204
        assert client.get("/api/v1/review").json()["total"] == 0


def test_evidence(own_pages: World) -> None:
    wanted = {"kind": "record", "reference": own_pages.records["n1"].id}
    with own_pages.client(INSPECTOR) as client:
        answer = client.post("/api/v1/evidence", json=wanted)
        missing = client.post("/api/v1/evidence", json=wanted | {"reference": "rec_none"})
    assert answer.headers["content-type"] == "application/zip"
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert missing.status_code == 404


def test_a_session_for_programs(pages: World) -> None:
    with pages.client() as client:
        assert client.get("/api/v1/session").json() == {"name": "public", "anonymous": True}
        wrong = client.post("/api/v1/session", json={"name": "inspector", "password": "no"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "login-failed")
        login = client.post("/api/v1/session", json={"name": INSPECTOR[0], "password": INSPECTOR[1]})
        assert login.json() == {"name": "inspector", "anonymous": False}
        assert client.get("/api/v1/session").json()["name"] == "inspector"
        assert client.delete("/api/v1/session").status_code == 204
        assert client.get("/api/v1/session").json()["anonymous"] is True


def test_a_body_that_is_not_declared_as_json_is_refused(pages: World) -> None:
    # Other sites can make a browser send plain text without asking; they cannot make it send JSON.
    body = b'{"name": "inspector", "password": "pages-of-the-inspector"}'
    with pages.client() as client:
        answer = client.post("/api/v1/session", content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/api/v1/records/rec_none", 404, "record-unknown"),
        ("GET", "/api/v1/records/rec_none?version=0", 422, "request-invalid"),
        ("GET", "/api/v1/volumes/vol_none", 404, "volume-unknown"),
        ("GET", "/api/v1/projects/none", 404, "project-unknown"),
        ("GET", "/api/v1/nothing", 404, "page-unknown"),
        ("DELETE", "/api/v1/search", 405, "method-not-allowed"),
        ("GET", '/api/v1/search?q="a', 422, "search-quote"),
        ("GET", "/api/v1/search?size=0", 422, "request-invalid"),
        ("GET", "/api/v1/search?from=gestern", 422, "search-day"),
        ("GET", "/api/v1/status", 401, "login-required"),
        ("GET", "/api/v1/review", 401, "login-required"),
        ("POST", "/api/v1/session", 422, "request-invalid"),
        ("GET", "/static/nothing.css", 404, "page-unknown"),
    ],
)
def test_every_error_has_the_one_shape(pages: World, method: str, address: str, status: int, code: str) -> None:
    with pages.client() as client:
        answer = client.request(method, address)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "status", "retryable"}
    assert (error["code"], error["status"], error["retryable"]) == (code, status, False)


def test_messages_come_in_the_language_asked_for(pages: World) -> None:
    with pages.client() as client:
        chinese = client.get("/api/v1/records/rec_none").json()["error"]["message"]
        english = client.get("/api/v1/records/rec_none?lang=en").json()["error"]["message"]
    assert chinese.startswith("没有编号为")
    assert english.startswith("There is no record")


def test_a_database_that_does_not_answer_is_503_everywhere(own_pages: World, monkeypatch: pytest.MonkeyPatch) -> None:
    record = own_pages.records["n1"].id
    with own_pages.client(ARCHIVIST) as client:
        home = own_pages.runtime.kernel.settings.home
        own_pages.runtime.kernel.database.dispose()
        monkeypatch.undo()
        for file in home.glob("archive.db*"):
            file.unlink()
        (home / "archive.db").mkdir()
        page = client.get(f"/records/{record}")
        assert page.status_code == 503
        assert "database-unavailable" in page.text
        assert page.headers["retry-after"] == "5"
        answer = client.get(f"/api/v1/records/{record}")
        assert answer.status_code == 503
        assert answer.json()["error"]["retryable"] is True
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").json()["status"] == "ok"


def test_something_unforeseen_is_told_with_a_reference_and_without_details(
    own_pages: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret of the machine")

    monkeypatch.setattr(type(own_pages.services.records), "find", broken)
    with own_pages.client() as client:
        page = client.get("/records/rec_any")
        answer = client.get("/api/v1/records/rec_any")
    assert page.status_code == answer.status_code == 500
    assert page.headers["x-request-id"] in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert answer.json()["error"]["code"] == "unexpected-error"
    for text in (page.text, answer.text):
        assert "secret" not in text
        assert "Traceback" not in text


def test_the_api_describes_itself(pages: World) -> None:
    with pages.client() as client:
        described = client.get("/api/v1/openapi.json").json()
    paths = described["paths"]
    assert {
        "/api/v1/search",
        "/api/v1/records/{reference}",
        "/api/v1/evidence",
        "/health/live",
        "/health/ready",
    } <= set(paths)
    assert all(path.startswith(("/api/v1/", "/health/")) for path in paths)
    refused = paths["/api/v1/search"]["get"]["responses"]["422"]["content"]["application/json"]["schema"]
    assert refused == {"$ref": "#/components/schemas/ErrorAnswer"}
