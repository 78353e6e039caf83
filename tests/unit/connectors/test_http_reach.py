"""Where a source may send us, and whom we trust on the way."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.errors import InvalidInput, SourceFailed
from ingest.connectors.http.politeness import Politeness
from ingest.connectors.http.reach import Reach
from ingest.connectors.http.source import HttpSource, Page, Question

QUICK = Politeness(timeout=5.0, tries=2, pause=0.0, per_second=0)


class Web:
    """Answers by address; what is not named is not there. Remembers what was asked."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self._answers.get(str(request.url), httpx.Response(404))

    def source(self, *hosts: str) -> HttpSource:
        return HttpSource("http://portal", QUICK, httpx.MockTransport(self), hosts=hosts)


def to(address: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"Location": address})


def fetched(web: Web, *hosts: str) -> str | Page:
    with web.source(*hosts) as http:
        try:
            answer = http.fetch("/a")
        except SourceFailed as error:
            return error.code
    assert isinstance(answer, Page)
    return answer


def test_an_answer_that_points_on_within_the_source_is_followed() -> None:
    web = Web({"http://portal/a": to("/b"), "http://portal/b": httpx.Response(200, content=b"x")})
    page = fetched(web)
    assert isinstance(page, Page)
    assert (page.body, page.address) == (b"x", "http://portal/b")


def test_a_named_host_is_reached_and_asked_for_its_robots() -> None:
    robots = httpx.Response(200, text="User-agent: *\nDisallow: /private/\n")
    web = Web(
        {
            "http://portal/a": to("http://files.portal/private/b"),
            "http://files.portal/robots.txt": robots,
            "http://files.portal/private/b": httpx.Response(200, content=b"x"),
        }
    )
    assert fetched(web, "files.portal") == "source-forbids-robots"
    assert web.asked[-1] == "http://files.portal/robots.txt"


ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data",
    "http://portal:8080/a",
    "http://portal@elsewhere/a",
    "http://user:word@portal/a",
    "https://elsewhere/a",
    "file:///etc/passwd",
    "//elsewhere/a",
    "ftp://portal/a",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_other_host_is_ever_asked(address: str) -> None:
    web = Web({"http://portal/a": to(address)})
    assert fetched(web, "files.portal") == "source-points-elsewhere"
    assert set(web.asked) == {"http://portal/robots.txt", "http://portal/a"}


def test_a_circle_is_noticed_and_so_is_a_chain_without_end() -> None:
    assert fetched(Web({"http://portal/a": to("/b"), "http://portal/b": to("/a")})) == "source-redirect-loop"
    endless = {f"http://portal/{number}": to(f"/{number + 1}") for number in range(50)}
    web = Web({"http://portal/a": to("/0"), **endless})
    assert fetched(web) == "source-redirect-loop"
    assert len(web.asked) == 1 + 6


@pytest.mark.parametrize("address", ["/login?back=/a", "http://portal/sso/check", "http://sso.elsewhere/cas/login"])
def test_to_be_sent_to_where_one_logs_in_is_called_so(address: str) -> None:
    assert fetched(Web({"http://portal/a": to(address)})) == "source-login-page"


def test_a_question_that_is_posted_stays_one_only_where_the_answer_asks_for_it() -> None:
    methods: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        status = {"/307": 307, "/302": 302}.get(request.url.path)
        return to("/end", status) if status else httpx.Response(200, content=b"{}")

    with HttpSource("http://portal", QUICK, httpx.MockTransport(answer)) as http:
        http.json(Question("/307", form={"a": "1"}))
        http.json(Question("/302", form={"a": "1"}))
    assert methods == ["GET", "POST", "POST", "POST", "GET"]


def test_what_is_behind_the_question_mark_is_in_no_message() -> None:
    with Web({}).source() as http, pytest.raises(SourceFailed) as caught:
        http.json("/list?token=secret-word")
    assert "secret-word" not in str(caught.value)


def test_own_addresses_are_told_without_the_host() -> None:
    reach = Reach("http://portal:8080/base", ["files.portal"])
    assert reach.own_path("http://portal:8080/base/a?b=1") == "/base/a?b=1"
    assert reach.own_path("http://files.portal/a") == "http://files.portal/a"
    assert reach.allows("http://files.portal/a")
    assert not reach.allows("http://files.portal:99/a")


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's own name
        pass

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")


class _Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def served(certificate: Path) -> Iterator[str]:
    """A server with TLS; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = _Quiet(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"https://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[..., Path]:
    def make(host: str = "localhost", days: int = 30) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        (tmp_path / "authority.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return path

    return make


@pytest.mark.parametrize(
    ("host", "days", "trusting", "expected"),
    [
        ("localhost", 30, True, None),
        ("localhost", 30, False, "source-certificate-unknown"),
        ("localhost", -1, True, "source-certificate-expired"),
        ("portal.example", 30, True, "source-certificate-host"),
    ],
)
def test_a_certificate_is_trusted_or_the_reason_is_named(
    certificate: Callable[..., Path], host: str, days: int, trusting: bool, expected: str | None
) -> None:
    made = certificate(host, days)
    authority = made.with_name("authority.pem") if trusting else None
    with served(made) as base, HttpSource(base, QUICK, certificates=authority) as http:
        if expected is None:
            assert http.json("/a") == {}
            return
        with pytest.raises(SourceFailed) as caught:
            http.json("/a")
    assert caught.value.code == expected
    assert "。" in caught.value.message()


def test_a_server_without_tls_is_named(certificate: Callable[..., Path]) -> None:
    made = certificate()
    server = _Quiet(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        base = f"https://localhost:{server.server_address[1]}"
        with HttpSource(base, QUICK, certificates=made) as http, pytest.raises(SourceFailed) as caught:
            http.fetch("/a")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert caught.value.code == "source-tls"


def test_a_file_of_certificates_that_holds_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.pem"
    path.write_text("-", encoding="ascii")
    with pytest.raises(InvalidInput) as caught:
        HttpSource("https://localhost", QUICK, certificates=path)
    assert (caught.value.code, caught.value.params["name"]) == ("source-certificates-unreadable", "none.pem")
