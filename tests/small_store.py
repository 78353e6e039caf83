"""A stand-in for an S3 service that lacks much and lies about some: for seeing that the conformance suite notices."""

import hashlib
import http.server
import itertools
import threading
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY = "archive"


class PoorStore:
    """Stores, gives, lists and removes objects, and nothing else.

    No ranges, no parts, no versions, no locks, no conditions, no checksums, no refusal of strangers; what is missing is
    an error of its own, and a listing is in the order of writing, all on one page.
    """

    makes_buckets = True

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {"given": {}}
        self.headers: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                parts = urlsplit(self.path)
                bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = outer.answer(self.command, bucket, key, query, headers, body)
                if answer is None:
                    self.close_connection = True
                    return
                status, content, more = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"s3+http://{KEY}:unknown@127.0.0.1:{self._server.server_port}/given"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, bucket: str, key: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]] | None:
        """Status, body and headers; None breaks the connection off."""
        if not headers.get("authorization", KEY).count(KEY):
            return 403, b"<Error><Code>InvalidAccessKeyId</Code></Error>", {}
        if not key:
            return self._of_bucket(method, bucket, query)
        if query.keys() & {"uploads", "uploadId", "retention", "legal-hold"}:
            return 501, b"not made", {}
        return self._of_object(method, self.buckets.get(bucket, {}), key, headers, body)

    def _of_bucket(self, method: str, bucket: str, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        if method == "PUT" and not self.makes_buckets:
            return 403, b"<Error><Code>AccessDenied</Code></Error>", {}
        if method == "PUT":
            self.buckets[bucket] = {}
        elif bucket not in self.buckets:
            return 404, b"no bucket", {}
        elif method == "DELETE":
            del self.buckets[bucket]
        elif query.keys() & {"versions", "uploads", "object-lock", "versioning"}:
            return 501, b"not made", {}
        elif method == "GET":
            prefix = query.get("prefix", "")
            keys = [key for key in self.buckets[bucket] if key.startswith(prefix)]
            return 200, "".join(f"<Key>{escape(key)}</Key>" for key in keys).encode(), {}
        return 200, b"", {}

    def _of_object(
        self, method: str, held: dict[str, bytes], key: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]] | None:
        if method == "PUT":
            if "x-amz-copy-source" in headers:
                return None
            held[key] = body
            return 200, b"", {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
        if method == "DELETE":
            held.pop(key, None)
            return 204, b"", {}
        return (200, held[key], {}) if key in held else (500, b"oops", {})


class LyingStore(PoorStore):
    """Says that it locks, repeats what it was told of locks, names versions, and removes whatever it is told to."""

    def answer(
        self, method: str, bucket: str, key: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]] | None:
        if "object-lock" in query:
            return 200, b"<ObjectLockEnabled>Enabled</ObjectLockEnabled>", {}
        if "versioning" in query:
            return 200, b"<Status>Enabled</Status>", {}
        if "legal-hold" in query:
            return 200, b"", {}
        if "retention" in query:
            return self._of_retention(method, key, body)
        if key and method == "PUT":
            self.headers[key] = headers
        if key and method in {"GET", "HEAD"} and key not in self.buckets.get(bucket, {}):
            return 404, b"", {}
        answer = super().answer(method, bucket, key, query, headers, body)
        if answer is not None and key and method == "PUT":
            answer[2]["x-amz-version-id"] = str(next(self._numbers))
        return answer

    def _of_retention(self, method: str, key: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if method == "PUT":
            until = body.partition(b"<RetainUntilDate>")[2].partition(b"<")[0].decode()
            self.headers[key]["x-amz-object-lock-retain-until-date"] = until
        until = self.headers[key].get("x-amz-object-lock-retain-until-date", "")
        return 200, f"<Mode>COMPLIANCE</Mode><RetainUntilDate>{until}</RetainUntilDate>".encode(), {}


class SmallRightsStore(PoorStore):
    """Makes no buckets for this key."""

    makes_buckets = False
