"""What the contract suite looks after while it reads: where connections go, how much memory is taken, what is kept."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Self

import httpx
import pytest

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Incoming
from ingest.connectors.contract.guard import Guard, hosts_of
from ingest.connectors.contract.suite import load_kind
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import ConnectorKind, Context
from ingest.connectors.streams import from_bytes
from ingest.types import Source
from tests.small_archive import START
from tests.unit.connectors.benches import bench, delivery, found, handing, kind

LARGE = 72 << 20


def source(location: str, **options: object) -> Source:
    return Source("s", "made", location, {}, START, options=options)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def test_the_hosts_of_a_source_are_those_of_its_location_and_options() -> None:
    named = source(
        "https://portal.example/list",
        host="sftp.example:22",
        mirrors=["http://10.0.0.7:9000/", "/srv/files"],
        more={"login": "https://login.example"},
        key="secret:key",
    )
    assert hosts_of(named) == {"portal.example", "sftp.example", "10.0.0.7", "login.example"}
    assert hosts_of(source("/srv/交来")) == frozenset()


def test_a_connection_to_a_host_that_is_not_named_is_refused_and_remembered(port: int) -> None:
    guard = Guard(frozenset({"localhost"}))
    before = socket.socket.connect
    with guard.standing():
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("elsewhere.example", 80)):
            pass
        with closing(socket.socket()) as direct:
            with pytest.raises(ConnectionRefusedError):
                direct.connect(("10.1.2.3", 80))
            with pytest.raises(ConnectionRefusedError):
                direct.connect_ex(("10.1.2.4", 80))
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as spoken, pytest.raises(ConnectionRefusedError):
            spoken.sendto(b"?", ("10.1.2.5", 53))
        with socket.create_connection(("localhost", port)):
            pass
    assert socket.socket.connect is before
    assert guard.elsewhere == {"elsewhere.example", "10.1.2.3", "10.1.2.4", "10.1.2.5"}
    assert guard.reached == {"localhost"}


def test_a_connector_that_goes_elsewhere_is_found(port: int) -> None:
    def asks(*_: object) -> MemoryConnector:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/")
        return MemoryConnector([delivery("a")])

    finding = found(kind(asks), "http://portal.example/")["hosts"]
    assert (finding.result, "127.0.0.1" in finding.evidence) == ("fail", True)
    assert found(handing(delivery("a")))["hosts"].result == "pass"


class _Zeros:
    """A large file that lies nowhere."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, most: int = -1) -> bytes:
        block = bytes(min(self._left, most) if most >= 0 else self._left)
        self._left -= len(block)
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._left = 0


def test_memory_is_bounded_only_where_a_large_file_shows_it() -> None:
    def zeros() -> BinaryIO:
        return _Zeros(LARGE)  # type: ignore[return-value]  # as much of a file as is asked for

    def held() -> BinaryIO:
        return from_bytes(bytes(LARGE))()

    assert found(handing(delivery("a", Incoming("z.bin", ComponentRole.MAIN, zeros))))["memory"].result == "pass"
    assert found(handing(delivery("a", Incoming("z.bin", ComponentRole.MAIN, held))))["memory"].result == "fail"
    assert found(handing(delivery("a")))["memory"].result == "not checked"


def test_a_connector_is_told_that_nothing_is_kept() -> None:
    told = []

    def notes(_: Source, context: Context) -> MemoryConnector:
        told.append(context.trial)
        return MemoryConnector([delivery("a")])

    found(kind(notes))
    assert set(told) == {True}


def test_options_that_cannot_be_used_are_said_before_anything_is_read() -> None:
    with pytest.raises(InvalidInput) as refused:
        found(handing(delivery("a")), options={"nothing": 1})
    assert refused.value.code == "source-option-unknown"
    assert bench(handing()).first.notes == []


@pytest.mark.parametrize(
    "text",
    [None, "KIND = ", "import not_installed_anywhere\nKIND = 1", "1 / 0", "KIND = 1", "OTHER = 1"],
    ids=["no file", "no Python", "lacks a package", "crashes", "no connector", "no such name"],
)
def test_a_connector_that_cannot_be_loaded_is_named(
    tmp_path: Path, request: pytest.FixtureRequest, text: str | None
) -> None:
    name = f"made_{abs(hash(request.node.name))}"
    if text is not None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as broken:
        load_kind(f"{name}:KIND", tmp_path)
    assert broken.value.code == "connector-broken"


def test_a_connector_is_loaded_from_the_folder_one_stands_in() -> None:
    loaded = load_kind("csv_list:KIND", Path(__file__).parents[3] / "docs/examples")
    assert isinstance(loaded, ConnectorKind)
    assert loaded.name == "csv-list"
