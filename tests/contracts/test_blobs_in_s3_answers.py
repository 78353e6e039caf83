"""What the store in S3 makes of an address, and of answers that a real server gives rarely or never."""

import http.server
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.blobs.s3.address import parse_address
from archive.blobs.s3.store import build_s3
from archive.errors import ArchiveError, Damaged, InvalidInput, Unavailable
from archive.settings import BlobSettings
from archive.wiring import build_blobs
from tests.buckets import fresh_bucket
from tests.wire import Wire

NOTICE = "中标候选人公示".encode()
NOTHING = "0" * 64
LOOPBACK = IPv4Address("127.0.0.1")


@dataclass
class Answer:
    status: int = 200
    code: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Callable[[str, str, Mapping[str, str]], Answer | None]
"""Method, path with query and headers of a request to an answer; None leaves it to the bucket that takes everything."""


class Scripted:
    """A service on the loopback that answers as it is told, and remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                outer.asked.append((self.command, self.path))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = script(self.command, self.path, headers) or _takes_everything(self.command, self.path)
                self._answer(answer)

            def _answer(self, answer: Answer) -> None:
                body = answer.body
                kind = "application/octet-stream"
                if answer.code:
                    body = f"<Error><Code>{answer.code}</Code></Error>".encode()
                    kind = "application/xml"
                self.send_response(answer.status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"s3+http://archive:unknown@127.0.0.1:{self._server.server_port}/blobs?region=us-east-1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _takes_everything(method: str, path: str) -> Answer:
    """A bucket that is there and holds nothing."""
    if method == "HEAD" and "/blobs/" in path:
        return Answer(404)
    return Answer()


def only(method: str, answer: Answer, *, bucket: bool = False) -> Script:
    """The same answer to each request of a method about an object, or about the bucket."""

    def script(asked: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        del headers
        return answer if asked == method and ("/blobs/" in path) is not bucket else None

    return script


# Addresses.


def test_an_address_says_where_and_who() -> None:
    address = parse_address("s3+https://AK:se%2Fcr%40t@Store.example:9000/archive-1/a/b/?region=cn-east-1")
    assert (address.endpoint, address.secure) == ("store.example:9000", True)
    assert (address.access_key, address.secret_key) == ("AK", "se/cr@t")
    assert (address.bucket, address.prefix, address.region) == ("archive-1", "a/b/", "cn-east-1")
    assert address.place == "store.example:9000/archive-1/a/b"
    assert "se/cr@t" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "s3+http://127.0.0.1:9000/blobs",
        "s3+http://key@127.0.0.1:9000/blobs",
        "s3+http://key:secret@127.0.0.1:9000",
        "s3+http://key:secret@127.0.0.1:9000/Blobs",
        "s3+http://key:secret@127.0.0.1:9000/blobs/../other",
        "s3+http://key:secret@127.0.0.1:9000/blobs/a//b",
        "s3+http://key:secret@127.0.0.1:90000/blobs",
        "s3+http://key:secret@127.0.0.1:0/blobs",
        "s3+http://key:secret@[::1/blobs",
        "s3+http://key:secret@127.0.0.1:9000/blobs?regoin=x",
        "s3+http://key:secret@127.0.0.1:9000/blobs?region=A B",
        "s3+http://key:secret@127.0.0.1:9000/blobs#x",
        "s3+http://key:se/cret@127.0.0.1:9000/blobs",
        "s3+http://key:secret@/blobs",
        "s3://key:secret@127.0.0.1:9000/blobs",
        "ftp://key:secret@127.0.0.1/blobs",
        "file://host/blobs",
    ],
)
def test_an_address_that_is_none_is_said_without_its_keys(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        build_blobs(BlobSettings(url))
    assert caught.value.code == "blobs-url"
    assert "cret" not in str(caught.value)


def test_certificates_that_are_not_there_are_said() -> None:
    with pytest.raises(InvalidInput) as caught:
        build_blobs(BlobSettings("s3+https://key:secret@store.example/blobs?ca=/nowhere/ca.pem"))
    assert caught.value.code == "blobs-ca"


# Answers.


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (Answer(507, "XMinioStorageFull"), Unavailable, "blob-store-full"),
        (Answer(507), Unavailable, "blob-store-full"),
        (Answer(403, "QuotaExceeded"), Unavailable, "blob-store-full"),
        (Answer(503, "SlowDown"), Unavailable, "blob-store-unavailable"),
        (Answer(500, "InternalError"), Unavailable, "blob-store-unavailable"),
        (Answer(502, body=b"<html>no upstream</html>"), Unavailable, "blob-store-unavailable"),
        (Answer(404, "NoSuchBucket"), Unavailable, "blob-store-no-bucket"),
        (Answer(403, "AccessDenied"), ArchiveError, "blob-store-refused"),
        (Answer(403, "RequestTimeTooSkewed"), ArchiveError, "blob-store-refused"),
        (Answer(403, body=b"no"), ArchiveError, "blob-store-refused"),
        (Answer(400, "InvalidRequest"), Unavailable, "blob-store-unavailable"),
    ],
)
def test_what_a_service_answers_to_a_put_is_named(answer: Answer, kind: type[ArchiveError], code: str) -> None:
    with Scripted(only("PUT", answer)) as service, pytest.raises(kind) as caught:
        build_s3(service.url, 0).put(io.BytesIO(NOTICE))
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert "unknown" not in str(caught.value)


def test_a_service_in_trouble_is_asked_again_but_not_for_ever() -> None:
    answer = Answer(503, "SlowDown", headers={"Retry-After": "3600"})
    with Scripted(only("PUT", answer)) as service:
        with pytest.raises(Unavailable):
            build_s3(service.url, 0).put(io.BytesIO(NOTICE))
        assert len([path for method, path in service.asked if method == "PUT"]) == 3


def test_a_bucket_that_cannot_be_made_is_said() -> None:
    def script(method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        del path, headers
        return Answer(404) if method == "HEAD" else Answer(403, "AccessDenied")

    with Scripted(script) as service, pytest.raises(Unavailable) as caught:
        build_s3(service.url, 0).put(io.BytesIO(NOTICE))
    assert caught.value.code == "blob-store-no-bucket"


def test_a_service_that_does_not_know_conditions_is_asked_without() -> None:
    def script(method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        del path
        return Answer(501, "NotImplemented") if method == "PUT" and "if-none-match" in headers else None

    with Scripted(script) as service:
        store = build_s3(service.url, 0)
        store.put(io.BytesIO(b"first"))
        store.put(io.BytesIO(b"second"))
        assert [method for method, path in service.asked if "/blobs/" in path] == ["HEAD", "PUT", "PUT", "HEAD", "PUT"]


@pytest.mark.parametrize("answer", [Answer(404, "NoSuchKey"), Answer(404, body=b"<html>not here</html>")])
def test_a_missing_file_is_known_by_the_status_where_there_is_no_code(answer: Answer) -> None:
    with Scripted(only("GET", answer)) as service, pytest.raises(Damaged) as caught:
        build_s3(service.url, 0).open(NOTHING)
    assert caught.value.code == "blob-missing"


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"not even that <", b""])
def test_a_listing_that_is_none_is_an_error_and_no_empty_store(body: bytes) -> None:
    with Scripted(only("GET", Answer(body=body), bucket=True)) as service, pytest.raises(Unavailable) as caught:
        list(build_s3(service.url, 0).digests())
    assert caught.value.code == "blob-store-unavailable"


def test_an_upload_that_fails_under_the_head_of_a_success_is_no_success() -> None:
    def script(method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        del headers
        if method == "POST" and "uploads" in path:
            return Answer(body=b"<I><UploadId>u</UploadId></I>")
        if method == "POST":
            return Answer(200, "InternalError")
        return Answer(headers={"ETag": '"tag"'}) if method == "PUT" else None

    with Scripted(script) as service:
        with pytest.raises(Unavailable):
            build_s3(service.url, 0).put(io.BytesIO(b"x" * (9 << 20)))
        assert any(method == "DELETE" and "uploadId=u" in path for method, path in service.asked)


def test_locks_are_not_believed_of_a_service_that_does_not_tell_of_them() -> None:
    with Scripted(only("GET", Answer(501, "NotImplemented"), bucket=True)) as service:
        with pytest.raises(ArchiveError) as caught:
            build_s3(service.url, 1).put(io.BytesIO(NOTICE))
        assert caught.value.code == "blob-store-no-lock"
        assert not any(method == "PUT" for method, _ in service.asked)


# Encrypted connections, to the real server.


@contextmanager
def encrypted(folder: Path) -> Iterator[tuple[str, Path]]:
    """The address of a fresh bucket over TLS, and the certificate of the one who encrypts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "store of this test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = folder / "ca.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    both = folder / "both.pem"
    both.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + public.read_bytes()
    )
    with fresh_bucket() as url:
        endpoint = parse_address(url).endpoint
        with Wire(endpoint, certificate=both) as wire:
            yield url.replace("s3+http:", "s3+https:").replace(endpoint, wire.endpoint), public


@pytest.mark.services
def test_files_come_and_go_over_an_encrypted_connection(tmp_path: Path) -> None:
    with encrypted(tmp_path) as (url, ca):
        store = build_s3(f"{url}?ca={ca}", 0)
        for data in (NOTICE, b"x" * (20 << 20)):
            digest = store.put(io.BytesIO(data))
            with store.open(digest.sha256) as stream:
                assert stream.read() == data


@pytest.mark.services
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with encrypted(tmp_path) as (url, _), pytest.raises(Unavailable) as caught:
        build_s3(url, 0).put(io.BytesIO(NOTICE))
    assert "SSLError" in str(caught.value)
