"""Traces go where an address is set, say what was done and which record it was about, and cost nothing otherwise."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from archive.errors import Conflict, InvalidInput
from archive.tracing import recording, span, tracing


def test_without_an_address_nothing_is_recorded_and_nothing_loaded() -> None:
    program = (
        "import sys\n"
        "from archive.tracing import span, tracing\n"
        "with tracing(None, 'worker'), span('step', record='rec_1') as it: it.note(status=1)\n"
        "print(span('a') is span('b'), 'opentelemetry' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_spans_nest_and_carry_what_they_were_given() -> None:
    exporter = InMemorySpanExporter()
    with recording(SimpleSpanProcessor(exporter), "worker"), span("job", record="rec_1"), span("step") as inner:
        inner.note(step="check", milliseconds=1.5)
    with span("step"):
        pass
    step, job = exporter.get_finished_spans()
    assert (job.name, dict(job.attributes or {})) == ("job", {"record": "rec_1"})
    assert (step.name, dict(step.attributes or {})) == ("step", {"step": "check", "milliseconds": 1.5})
    assert step.parent is not None
    assert step.parent.span_id == job.context.span_id
    assert step.resource.attributes["service.name"] == "juanzong-worker"


def test_of_a_failure_only_the_code_is_recorded() -> None:
    exporter = InMemorySpanExporter()
    with recording(SimpleSpanProcessor(exporter), "worker"):
        with pytest.raises(Conflict), span("step"):
            raise Conflict("project-ambiguous", title="某某工程")
        with pytest.raises(ZeroDivisionError), span("step"):
            raise ZeroDivisionError("某某工程")
    spans = exporter.get_finished_spans()
    assert [one.status.description for one in spans] == ["project-ambiguous", "ZeroDivisionError"]
    assert all(not one.events for one in spans)
    assert "某某" not in "".join(str(one.to_json()) for one in spans)


class _Collector(BaseHTTPRequestHandler):
    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    received: list[tuple[str, bytes]] = []
    server = HTTPServer(("127.0.0.1", 0), type("Own", (_Collector,), {"received": received}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_collector_gets_everything_before_the_process_ends() -> None:
    with collector() as (url, received), tracing(url, "serve"), span("http.request", request="abc"):
        pass
    # Leaving the block of `tracing` sends what is left.
    ((path, body),) = received
    assert path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert [one.name for one in resource.scope_spans[0].spans] == ["http.request"]


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(InvalidInput) as caught, tracing("http://127.0.0.1:9", "serve"):
        pass
    assert caught.value.code == "traces-missing"
    assert "juanzong[traces]" in caught.value.message("en")
