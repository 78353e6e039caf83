"""A service that does not answer what it was asked: nothing it sends is put where other bytes belong."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from archive.blobs.s3.address import parse_address
from archive.blobs.s3.drop import DropBucket, OtherState
from archive.errors import SourceFailed

DATA = bytes(range(200))
Answer = Callable[[int], tuple[int, Mapping[str, str], bytes]]


@contextmanager
def serving(answer: Answer) -> Iterator[DropBucket]:
    """A bucket whose every object is what `answer` makes of the first byte that is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's own name
            """Silent."""

        def do_GET(self) -> None:
            span = self.headers.get("Range", "bytes=0-")
            status, headers, body = answer(int(span.removeprefix("bytes=").partition("-")[0]))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield DropBucket(parse_address(f"s3+http://a:b@127.0.0.1:{server.server_port}/bucket?region=us-east-1"))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def honest(first: int) -> tuple[int, Mapping[str, str], bytes]:
    headers = {"ETag": '"1"'}
    if not first:
        return 200, headers, DATA
    return 206, headers | {"Content-Range": f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"}, DATA[first:]


def whole(_: int) -> tuple[int, Mapping[str, str], bytes]:
    return 200, {"ETag": '"1"'}, DATA


def elsewhere(_: int) -> tuple[int, Mapping[str, str], bytes]:
    return 206, {"ETag": '"1"', "Content-Range": "bytes 0-199/200"}, DATA


def changed(_: int) -> tuple[int, Mapping[str, str], bytes]:
    return 200, {"ETag": '"2"'}, DATA


@pytest.mark.parametrize("offset", [0, 50])
def test_what_is_asked_for_from_some_byte_on_begins_there(offset: int) -> None:
    with serving(honest) as bucket, bucket.open("a", offset, "1") as stream:
        assert stream.read() == DATA[offset:]


@pytest.mark.parametrize("answer", [whole, elsewhere])
def test_an_answer_that_begins_at_another_byte_is_not_put_behind_what_came_before(answer: Answer) -> None:
    with serving(answer) as bucket, pytest.raises(SourceFailed, match="source-unreachable"):
        bucket.open("a", 50, "1")


@pytest.mark.parametrize("offset", [0, 50])
def test_an_answer_of_another_state_is_not_taken_for_the_one_that_was_listed(offset: int) -> None:
    with serving(changed) as bucket, pytest.raises(OtherState):
        bucket.open("a", offset, "1")
