"""What the adapter for Elasticsearch does by itself, and what it says of servers that are none or do not answer."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from archive.errors import InvalidInput, Unavailable
from search.elastic.address import Address
from search.elastic.mapping import mapping, requests_of, source_of
from search.fields import fields_of, position_of
from search.types import Document, Removal
from search.wiring import build_index
from tests.unit.search.documents import ask, document

SECRET = "kouling-7"


def test_an_address_is_read_with_everything_in_it() -> None:
    url = (
        f"elastic+https://gui%40dang:{SECRET}@es.example.cn:9243/dang-an_1?ca=/etc/ca.pem&compat=8&replicas=2&shards=3"
    )
    address = Address.read(url)
    assert (address.secure, address.host, address.port, address.name) == (True, "es.example.cn", 9243, "dang-an_1")
    assert (address.login, address.authority) == (("gui@dang", SECRET), Path("/etc/ca.pem"))
    assert (address.release, address.replicas, address.shards) == (8, 2, 3)
    assert address.path == "es.example.cn:9243/dang-an_1"
    assert SECRET not in repr(address)


def test_an_address_needs_no_more_than_a_host_and_a_name() -> None:
    address = Address.read("elastic+http://[::1]/archive")
    assert (address.path, address.login, address.authority) == ("[::1]:9200/archive", None, None)
    assert (address.release, address.replicas, address.shards) == (9, None, 1)


@pytest.mark.parametrize(
    "rest",
    [
        *("host", "host/", "/name", "host/Name", "host/_name", "host/a,b", "host/a*", "host/a/b", "host:x/name"),
        *("host/name#f", "host/name?shards=0", "host/name?shards=x", "host/name?replicas=-1"),
        *(
            "host/name?compat=7",
            "host/name?verify=no",
            "host/name?ca=/x",
            "host/name?ca",
            "host:99999/name",
            "host/" + "n" * 65,
        ),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_without_its_password(rest: str) -> None:
    with pytest.raises(InvalidInput, match="search-url") as refusal:
        build_index(f"elastic+http://user:{SECRET}@{rest}")
    assert SECRET not in str(refusal.value)


def test_a_missing_certificate_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="search-authority"):
        build_index(f"elastic+https://host/name?ca={tmp_path / 'none.pem'}")


def test_the_layout_names_every_field_of_a_document_and_no_other() -> None:
    copies = {"public_title": "甲*", "public_body": "乙*", "project_name": "丙", "project_code": "P-1"}
    apart = document("rec_1", "甲", "乙", reference_code="Z-1", **copies)
    same = document("rec_2")
    used = [source_of(fields_of(change)).keys() for change in (apart, same, Removal("rec_3", 1))]
    assert set().union(*used, source_of(position_of(7))) == mapping()["properties"].keys()


def test_requests_are_cut_by_size_and_by_number() -> None:
    small: list[Document | Removal] = [Removal(f"rec_{number}", 1) for number in range(2_500)]
    assert [len(lines) // 2 for lines in requests_of(small)] == [1_000, 1_000, 500]
    big = list(requests_of(document(f"rec_{number}", body="滨" * 400_000) for number in range(5)))
    assert [len(lines) // 2 for lines in big] == [2, 2, 1]
    assert all(sum(map(len, lines)) < 9_000_000 for lines in big)
    assert list(requests_of([])) == []


@pytest.mark.parametrize("operation", ["search", "position", "count", "apply", "replacement"])
def test_a_server_that_is_not_there_is_no_empty_index(operation: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        index = build_index(f"elastic+http://user:{SECRET}@127.0.0.1:{port}/archive")
        operations: dict[str, Callable[[], object]] = {
            "search": lambda: ask(index),
            "position": index.position,
            "count": index.count,
            "apply": lambda: index.apply([document("rec_1")], 1),
            "replacement": lambda: index.replacement().__enter__().count(),
        }
        started = time.monotonic()
        with pytest.raises(Unavailable, match="search-unavailable") as refusal:
            operations[operation]()
    assert time.monotonic() - started < 5
    assert f"127.0.0.1:{port}/archive" in str(refusal.value)
    assert "Connection refused" in str(refusal.value)
    assert SECRET not in str(refusal.value) + caplog.text


class _Answers(BaseHTTPRequestHandler):
    """Gives everybody the same answer, and keeps what it was told."""

    status: ClassVar[int] = 200
    kind: ClassVar[str] = "application/json"
    body: ClassVar[bytes] = b"{}"
    told: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.told.append(str(self.headers["Accept"]))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test reads errors, not a log."""


@contextmanager
def answering(status: int, body: bytes = b"{}", kind: str = "application/json") -> Iterator[tuple[str, list[str]]]:
    """A server that is no Elasticsearch: its address, and what it is told."""
    told: list[str] = []
    answers = type("Answers", (_Answers,), {"status": status, "body": body, "kind": kind, "told": told})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"elastic+http://user:{SECRET}@127.0.0.1:{server.server_port}/archive", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def error(kind: str) -> bytes:
    return b'{"error": {"type": "%s", "reason": "the body says more"}}' % kind.encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, b"{}", "application/json", "search-server-unsupported"),
        (400, error("media_type_header_exception"), "application/json", "search-server-unsupported"),
        (401, error("security_exception"), "application/json", "search-login-refused"),
        (403, error("security_exception"), "application/json", "search-login-refused"),
        (403, error("cluster_block_exception"), "application/json", "search-index-locked"),
        (429, error("circuit_breaking_exception"), "application/json", "search-unavailable"),
        (503, error("master_not_discovered_exception"), "application/json", "search-unavailable"),
        (500, b"<html>", "text/html", "search-unavailable"),
        (502, b"bad gateway", "text/plain", "search-unavailable"),
        (200, b"{", "application/json", "search-unavailable"),
    ],
)
def test_every_wrong_answer_has_a_name(status: int, body: bytes, kind: str, code: str) -> None:
    with answering(status, body, kind) as (url, _), pytest.raises(Unavailable, match=code) as refusal:
        ask(build_index(url))
    assert "the body says more" not in str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(("option", "release"), [("", "9"), ("?compat=8", "8"), ("?compat=9", "9")])
def test_the_release_in_the_address_is_the_one_spoken(option: str, release: str) -> None:
    with answering(200) as (url, told), pytest.raises(Unavailable):
        ask(build_index(url + option))
    assert told == [f"application/vnd.elasticsearch+json; compatible-with={release}"]
