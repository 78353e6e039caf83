"""What is asked of a malware scanner, on a stand-in and on the real clamd; and how bad answers are borne."""

import io
import socket
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

import pytest

from archive.errors import ArchiveError, InvalidInput, Unavailable
from ingest.malware.clamd import ClamScanner, Patience
from ingest.malware.types import Scan, Scanner
from tests.contracts.clam_servers import (
    LIMIT,
    TEXT,
    VERSION,
    Answer,
    cuts,
    drips,
    says,
    sleeps,
    standing_in,
    stops_taking,
)
from tests.services import service_url

QUICK = Patience(connect=0.5, file=0.5)


@pytest.fixture(params=["stand-in", pytest.param("real", marks=pytest.mark.services)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "real":
        yield service_url("clamd")
        return
    with standing_in() as server:
        yield server.url


class Zeros(io.RawIOBase):
    """A file of zeros that takes no memory."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 1 << 20
        given = min(size, self._size - self._at)
        self._at += given
        return bytes(given)


def zeros(size: int) -> BinaryIO:
    return cast("BinaryIO", Zeros(size))


def scan(scanner: Scanner, content: bytes) -> Scan:
    return scanner.scan(io.BytesIO(content), len(content))


def refused(url: str, content: bytes = b"content", patience: Patience = QUICK) -> ArchiveError:
    with pytest.raises(ArchiveError) as caught:
        scan(ClamScanner(url, patience), content)
    return caught.value


@pytest.mark.parametrize("content", [b"", b"clean", bytes(3 << 20)], ids=["empty", "small", "many-chunks"])
def test_a_clean_file_is_clean(url: str, content: bytes) -> None:
    assert scan(ClamScanner(url), content).found is None


@pytest.mark.parametrize("before", [0, (256 << 10) - 10, 1 << 20])
def test_what_is_known_is_found_wherever_it_stands(url: str, before: int) -> None:
    found = scan(ClamScanner(url), b" " * before + TEXT + b" " * 1000).found
    assert found == "Juanzong.Test.Text.UNOFFICIAL"


def test_the_engine_stands_in_every_answer(url: str) -> None:
    scanner = ClamScanner(url)
    engine, scanned = scanner.engine(), scan(scanner, b"clean")
    assert engine.name.startswith("ClamAV 1.")
    assert (scanned.engine, scanned.definitions, scanned.definitions_date) == (
        engine.name,
        engine.definitions,
        engine.definitions_date,
    )


def test_a_daemon_that_reports_its_limits_lacks_nothing(url: str) -> None:
    described = ClamScanner(url).describe()
    assert described.lacks == ()
    assert described.place == url.removeprefix("tcp://")


def test_a_file_above_the_limit_of_the_engine_is_not_scanned_and_not_clean(url: str) -> None:
    size = LIMIT + (1 << 20)
    with pytest.raises(InvalidInput) as caught:
        ClamScanner(url, most=1 << 40).scan(zeros(size), size)
    assert (caught.value.code, caught.value.params["size"]) == ("virus-scan-too-large", size)


@pytest.mark.services
def test_a_large_file_takes_no_memory_here() -> None:
    scanner = ClamScanner(service_url("clamd"))
    tracemalloc.start()
    try:
        assert scanner.scan(zeros(64 << 20), 64 << 20).found is None
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2 << 20


def test_a_daemon_at_a_socket_in_the_file_system(tmp_path: Path) -> None:
    place = tmp_path / "clamd.ctl"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        answering = Thread(target=answer_once, args=(listening, VERSION))
        answering.start()
        engine = ClamScanner(f"unix:{place}").engine()
        answering.join()
    assert engine.definitions == "27480"


def answer_once(listening: socket.socket, answer: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(64)
        connection.sendall(answer)


def test_a_file_above_our_own_limit_is_not_even_sent() -> None:
    with standing_in() as server, pytest.raises(InvalidInput, match="virus-scan-too-large"):
        ClamScanner(server.url, most=10).scan(io.BytesIO(bytes(11)), 11)
    assert server.files == 0


def test_number_and_date_of_the_definitions_are_read() -> None:
    with standing_in() as server:
        engine = ClamScanner(server.url).engine()
    assert (engine.name, engine.definitions) == ("ClamAV 1.4.6", "27480")
    assert engine.definitions_date == datetime(2026, 11, 23, 8, 26, 4, tzinfo=UTC)


@pytest.mark.parametrize("date", [b"", b"/27480", b"/27480/yesterday", b"/27480/Mon Foo 23 08:26:04 2026"])
def test_a_date_that_is_none_is_not_made_up(date: bytes) -> None:
    with standing_in(version=b"ClamAV 1.4.6" + date + b"\0") as server:
        assert ClamScanner(server.url).engine().definitions_date is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (cuts, "virus-scan-broken-off"),
        (sleeps, "virus-scan-too-slow"),
        (drips, "virus-scan-too-slow"),
        (says(b""), "virus-scan-broken-off"),
        (says(b"stream: OK"), "virus-scan-broken-off"),
        (says(b"stream: Some.Name FO"), "virus-scan-broken-off"),
        (says(b"\0"), "virus-scanner-answer"),
        (says(b"OK\0"), "virus-scanner-answer"),
        (says(b"stream: OK stream: OK\0"), "virus-scanner-answer"),
        (says(b"stream:  FOUND\0"), "virus-scanner-answer"),
        (says(b"\xff\xfe\x00\0"), "virus-scanner-answer"),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n\0"), "virus-scanner-answer"),
        (says(b"x" * 10_000 + b"\0"), "virus-scanner-answer"),
        (says(b"stream: Can't allocate memory ERROR\0"), "virus-scanner-error"),
        (says(b"COMMAND READ TIMED OUT ERROR\0"), "virus-scanner-error"),
    ],
)
def test_no_answer_and_a_bad_answer_are_never_a_clean_file(answer: Answer, code: str) -> None:
    with standing_in(answer) as server:
        error = refused(server.url)
    assert isinstance(error, Unavailable)
    assert error.code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Heuristics.Limits.Exceeded.MaxFileSize", "virus-scan-incomplete"),
        ("Heuristics.Encrypted.PDF", "virus-scan-encrypted"),
    ],
)
def test_a_file_that_was_not_looked_at_wholly_is_neither_clean_nor_infected(name: str, code: str) -> None:
    with standing_in(says(f"stream: {name} FOUND\0".encode())) as server:
        error = refused(server.url)
    assert (error.code, error.params) == (code, {"limit": name})


def test_digest_and_size_behind_a_name_do_not_belong_to_it() -> None:
    answer = b"stream: Eicar-Test-Signature(44d88612fea8a8f36de82e1278abb02f:68) FOUND\0"
    with standing_in(says(answer)) as server:
        assert scan(ClamScanner(server.url), b"content").found == "Eicar-Test-Signature"


def test_a_daemon_that_dies_while_a_large_file_is_sent_gave_no_answer() -> None:
    with standing_in(cuts) as server:
        error = refused(server.url, bytes(32 << 20), Patience(connect=1, file=10))
    assert error.code == "virus-scan-broken-off"


def test_a_daemon_that_takes_nothing_more_is_not_waited_for_for_ever() -> None:
    started = time.monotonic()
    with standing_in(stops_taking) as server:
        error = refused(server.url, bytes(64 << 20))
    assert error.code == "virus-scan-too-slow"
    assert time.monotonic() - started < 2


def test_nobody_there_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert refused(f"tcp://127.0.0.1:{port}").code == "virus-scanner-unavailable"
    assert refused("unix:/nowhere/clamd.sock").code == "virus-scanner-unavailable"


def test_another_kind_of_server_is_no_scanner() -> None:
    with standing_in(version=b"SSH-2.0-OpenSSH_9.2\0") as server:
        assert refused(server.url).code == "virus-scanner-answer"


def test_a_daemon_that_keeps_quiet_about_its_limits_is_told_of() -> None:
    with standing_in(says(b"stream: OK\0")) as server:
        assert [lack.code for lack in ClamScanner(server.url).describe().lacks] == ["virus-scanner-silent"]


@pytest.mark.parametrize("size", [6, 8])
def test_a_file_of_another_size_than_was_said_is_not_clean(size: int) -> None:
    with standing_in() as server, pytest.raises(InvalidInput, match="file-unreadable"):
        ClamScanner(server.url).scan(io.BytesIO(b"content"), size)
