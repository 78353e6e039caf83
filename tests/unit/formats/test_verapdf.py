"""The client of veraPDF against a stand-in that answers as the real one does, and as it should not."""

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO

import pytest

from archive.errors import InvalidInput, Unavailable
from archive.messages import catalogue
from ingest.formats.inspection import Aspect
from ingest.formats.verapdf import Conformance, Patience, VeraPdf
from ingest.outcomes import Outcome

CONTENT = b"%PDF-1.4\n" + bytes(3_000_000) + b"%%EOF"
RELEASES = [{"id": "core", "version": "1.28.2", "buildDate": 1752595620000}, {"id": "gui", "version": "1.28.3"}]
RULE = {"ruleStatus": "FAILED", "specification": "ISO 19005-2:2011", "clause": "6.2.11.4.1", "testNumber": 1}


def result(*, compliant: bool = True, failed: int = 0, **more: object) -> dict[str, Any]:
    details = {"passedRules": 146 - failed, "failedRules": failed, "failedChecks": 3 * failed, "ruleSummaries": []}
    if failed:
        details["ruleSummaries"] = [RULE] * failed
    profile = "PDF/A-2B validation profile"
    return {"details": details, "jobEndStatus": "normal", "profileName": profile, "compliant": compliant, **more}


def report(job: object, releases: object = RELEASES) -> bytes:
    return json.dumps({"report": {"buildInformation": {"releaseDetails": releases}, "jobs": [job]}}).encode()


class StandIn(ThreadingHTTPServer):
    """Takes one form after the other, keeps it and answers what it was told to."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, wait: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.body, self.wait = status, body, wait
        self.asked: list[tuple[str, bytes]] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, form))
        self.server.over.wait(self.server.wait)
        with suppress(OSError):
            self.send_response(self.server.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        del format, args


@contextmanager
def answering(body: bytes, status: int = 200, wait: float = 0.0) -> Iterator[StandIn]:
    with StandIn(status, body, wait) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def asked(body: bytes, status: int = 200, flavour: str | None = None) -> Conformance:
    with answering(body, status) as server:
        return VeraPdf(server.url, Patience(document=10)).validate(io.BytesIO(CONTENT), flavour)


def test_the_whole_document_goes_up_as_a_form() -> None:
    with answering(report({"validationResult": [result()]})) as server:
        client = VeraPdf(server.url)
        client.validate(io.BytesIO(CONTENT))
        client.validate(io.BytesIO(CONTENT), "2B")
    (first, form), (second, other) = server.asked
    assert (first, second) == ("/api/validate/auto", "/api/validate/2b")
    boundary = form.split(b"\r\n", 1)[0]
    head, content, foot = form[: form.index(b"%PDF")], form.count(CONTENT), form[form.index(CONTENT) + len(CONTENT) :]
    assert b'name="file"; filename="document.pdf"' in head
    assert content == 1
    assert foot == b"\r\n" + boundary + b"--\r\n"
    assert boundary not in other


def test_a_document_that_keeps_its_promise_passes() -> None:
    found = asked(report({"validationResult": [result()]}))
    assert found == Conformance(compliant=True, profile="PDF/A-2B validation profile", flavour="2B", version="1.28.2")
    inspection = found.inspection()
    assert (inspection.aspect, inspection.outcome, inspection.tool) == (
        Aspect.CONFORMANCE,
        Outcome.PASS,
        "veraPDF 1.28.2",
    )


def test_a_report_of_an_older_release_is_read_too() -> None:
    assert asked(report({"validationResult": result()})).compliant


def test_what_is_said_of_other_promises_is_left_aside() -> None:
    other = result(compliant=False, failed=4) | {"profileName": "PDF/UA-2 + Tagged PDF validation profile"}
    assert asked(report({"validationResult": [other, result()]})).compliant


def test_broken_rules_are_counted_and_named() -> None:
    found = asked(report({"validationResult": [result(compliant=False, failed=2)]}))
    assert (found.compliant, found.failed_rules, found.failed_checks) == (False, 2, 6)
    inspection = found.inspection()
    assert inspection.outcome is Outcome.FAIL
    assert [each.code for each in inspection.observations] == ["pdfa-broken", "pdfa-rule-broken", "pdfa-rule-broken"]
    assert inspection.observations[1].params == {"rule": "ISO 19005-2:2011 6.2.11.4.1-1"}


@pytest.mark.parametrize(
    "job",
    [
        {"taskException": {"exception": "The PDF stream appears to be encrypted.", "type": "PARSE", "success": False}},
        {"validationResult": [result(jobEndStatus="cancelled")]},
        {"validationResult": [result() | {"compliant": None}]},
    ],
)
def test_a_document_it_could_not_judge_is_not_checked(job: dict[str, Any]) -> None:
    found = asked(report(job))
    assert (found.compliant, found.reason) == (None, "verapdf-gave-up")
    assert found.inspection().outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"report": 1}',
        report(None),
        report({}),
        report({"validationResult": [result(), result()]}),
        report({"validationResult": []}),
        report({"validationResult": [result() | {"profileName": "PDF/UA-1 validation profile"}]}),
        report({"validationResult": [result(compliant=True, failed=3)]}),
        report({"validationResult": [result()]}, releases=[1]),
    ],
)
def test_nonsense_is_not_checked_and_never_a_pass(body: bytes) -> None:
    found = asked(body)
    assert found.compliant is None
    assert found.reason in {"verapdf-answer", "verapdf-gave-up"}
    assert found.inspection().outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_document_it_refuses_is_not_checked(status: int) -> None:
    assert asked(b"{}", status).reason == "verapdf-answer"


@pytest.mark.parametrize("status", [302, 401, 429, 502, 503])
def test_a_service_that_is_busy_is_asked_again_later(status: int) -> None:
    with pytest.raises(Unavailable, match="verapdf-unavailable"):
        asked(b"{}", status)


def test_a_service_that_is_not_there_is_unavailable() -> None:
    with answering(b"") as server:
        url = server.url
    with pytest.raises(Unavailable) as caught:
        VeraPdf(url).validate(io.BytesIO(CONTENT))
    assert caught.value.params["server"] == url.removeprefix("http://")


def test_a_service_that_takes_too_long_is_unavailable() -> None:
    with answering(b"{}", wait=30) as server, pytest.raises(Unavailable):
        VeraPdf(server.url, Patience(document=0.3)).validate(io.BytesIO(CONTENT))


def test_a_document_that_is_too_large_is_not_sent() -> None:
    found = VeraPdf("http://127.0.0.1:9", Patience(largest=10)).validate(io.BytesIO(CONTENT))
    assert (found.compliant, found.reason) == (None, "verapdf-too-large")


@pytest.mark.parametrize("flavour", ["", "../x", "5b", "auto"])
def test_a_flavour_that_does_not_exist_is_refused(flavour: str) -> None:
    with pytest.raises(InvalidInput, match="verapdf-flavour"):
        VeraPdf("http://127.0.0.1:9").validate(io.BytesIO(CONTENT), flavour)


@pytest.mark.parametrize("url", ["", "ftp://a", "http://", "localhost:8080"])
def test_a_url_of_no_service_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="verapdf-url"):
        VeraPdf(url)


def test_a_stream_that_fails_is_unreadable() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            del size
            raise OSError

    stream: BinaryIO = Failing(CONTENT)
    with answering(b"{}") as server, pytest.raises(InvalidInput, match="file-unreadable"):
        VeraPdf(server.url).validate(stream)


def test_every_reason_has_its_sentence() -> None:
    assert {"verapdf-answer", "verapdf-gave-up", "verapdf-too-large", "pdfa-validated"} <= set(catalogue())
