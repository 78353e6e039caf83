"""Uploads over the real protocol: a client of others, connections that break, a server that is killed."""

import hashlib
import http.client
import io
import os
import random
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from access_control.types import Role
from archive.authorization import SYSTEM_ACTOR
from archive.records.types import ComponentRole
from tests.functional.pages.world import ARCHIVIST, INSPECTOR, World, build_home, open_world
from tests.intake.stands.upload import BYTES, TUS, UPLOADS, metadata
from tests.wire import Wire

MIB = 1 << 20


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("uploads") / "home"
    build_home(home)
    return home


@pytest.fixture
def world(made: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(made, tmp_path / "home") as opened:
        yield opened


def tus(world: World, url: str | None = None, account: str = ARCHIVIST[0]) -> Any:
    """The client of others; what it hands out is not typed."""
    return TusClient((url or world.url) + UPLOADS, headers={"Cookie": f"juanzong_session={world.sessions[account]}"})


def main_digests(world: World, source: str = "upload") -> dict[str, list[str]]:
    """The digests of every version's main file, by external id: what became of what was sent."""
    found: dict[str, list[str]] = {}
    for record in world.services.records.page(SYSTEM_ACTOR, limit=200):
        if record.source == source:
            versions = world.services.records.find(SYSTEM_ACTOR, record.id).versions
            views = [world.services.records.find(SYSTEM_ACTOR, record.id, one.number) for one in versions]
            found[record.external_id] = [
                component.sha256
                for view in views
                for component in view.components
                if component.role is ComponentRole.MAIN
            ]
    return found


def at(offset: int) -> dict[str, str]:
    """The headers of bytes that go on from `offset`."""
    return {**TUS, **BYTES, "Upload-Offset": str(offset)}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def break_off(world: World, address: str, offset: int, data: bytes, sent: int, **headers: str) -> None:
    """Announce `data`, send so much of it, and be gone."""
    parts = urlsplit(world.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    connection.putrequest("PATCH", urlsplit(address).path)
    given = {**TUS, **BYTES, "Upload-Offset": str(offset), "Content-Length": str(len(data)), **headers}
    given["Cookie"] = f"juanzong_session={world.sessions[ARCHIVIST[0]]}"
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(data[:sent])
    time.sleep(0.05)
    connection.close()


def created(client: httpx.Client, data: bytes, **said: str | bytes) -> str:
    answer = client.post(UPLOADS, headers={**TUS, "Upload-Length": str(len(data)), **metadata(**said)})
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def offset_of(client: httpx.Client, address: str) -> int:
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


@pytest.mark.parametrize("checked", [False, True])
def test_the_client_of_others_uploads_in_pieces(world: World, checked: bool) -> None:
    data = os.urandom(700_001)
    given = {"filename": "录音.bin", "title": "开标录音", "sha256": digest(data)}
    uploader = tus(world).uploader(
        file_stream=io.BytesIO(data), chunk_size=65_537, metadata=given, upload_checksum=checked
    )
    uploader.upload()
    assert main_digests(world) == {"录音.bin": [digest(data)]}
    assert uploader.request.response_headers["tus-resumable"] == "1.0.0"
    with world.client(ARCHIVIST) as client:
        told = client.get(UPLOADS).json()
        assert [(one["name"], one["state"], one["receipt"]) for one in told] == [("录音.bin", "taken", "captured")]
        page = client.get("/console/uploads").text
    assert "录音.bin" in page
    assert f"/console/records/{told[0]['record']}" in page


@pytest.mark.parametrize("seed", range(4))
def test_a_client_killed_at_any_byte_goes_on_where_it_was(world: World, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - draws where to break off, no secret
    data = draw.randbytes(3 * MIB + 17)
    with world.client(ARCHIVIST) as client:
        address = created(client, data, filename="a.bin")
        for _ in range(4):
            offset = offset_of(client, address)
            sent = draw.randrange(len(data) - offset)
            break_off(world, address, offset, data[offset:], sent)
        reached = offset_of(client, address)
        assert 0 < reached < len(data)
    uploader = tus(world).uploader(file_stream=io.BytesIO(data), url=world.url + address, chunk_size=MIB)
    assert uploader.offset == reached
    uploader.upload()
    assert main_digests(world) == {"a.bin": [digest(data)]}


def test_connections_cut_before_the_answer_lose_and_double_nothing(world: World) -> None:
    data = os.urandom(MIB)
    with Wire(urlsplit(world.url).netloc, cut_after=120) as wire:
        uploader = tus(world, f"http://{wire.endpoint}").uploader(
            file_stream=io.BytesIO(data), chunk_size=100_000, metadata={"filename": "a"}
        )
        with pytest.raises((TusCommunicationError, TusUploadFailed)):
            uploader.upload()
    with world.client(ARCHIVIST) as client:
        # Made, though nobody learnt its address: it expires by itself.
        assert [one["state"] for one in client.get(UPLOADS).json()] == ["open"]
        address = created(client, data, filename="a")
        with Wire(urlsplit(world.url).netloc, cut_after=10) as wire:
            for _ in range(3):
                offset = offset_of(client, address)
                uploader = tus(world).uploader(
                    file_stream=io.BytesIO(data), url=world.url + address, chunk_size=400_000
                )
                uploader.url = f"http://{wire.endpoint}{address}"
                assert uploader.offset == offset
                with pytest.raises((TusCommunicationError, TusUploadFailed)):
                    uploader.upload_chunk()
                time.sleep(0.1)
        assert offset_of(client, address) == len(data)
    assert main_digests(world) == {"a": [digest(data)]}


def test_unchecked_bytes_of_a_checked_request_that_broke_off_are_dropped(world: World) -> None:
    data = os.urandom(MIB)
    right = {"Upload-Checksum": f"sha256 {b64encode(hashlib.sha256(data).digest()).decode()}"}
    with world.client(ARCHIVIST) as client:
        address = created(client, data, filename="a")
        break_off(world, address, 0, data, 500_000, **right)
        assert offset_of(client, address) == 0
        damaged = b"\x00" + data[1:]
        answer = client.patch(address, headers=at(0) | right, content=damaged)
        assert (answer.status_code, answer.json()["error"]["code"]) == (460, "upload-checksum")
        assert (offset_of(client, address), answer.headers["Tus-Resumable"]) == (0, "1.0.0")
        assert client.patch(address, headers=at(0) | right, content=data).status_code == 204


def test_two_at_once_on_one_upload(world: World) -> None:
    data, begun, go_on = b"x" * 200_000, threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield data[:100_000]
        begun.set()
        go_on.wait(20)
        yield data[100_000:]

    with world.client(ARCHIVIST) as client, world.client(ARCHIVIST) as other:
        address = created(client, data, filename="a")
        answers: list[httpx.Response] = []
        first = threading.Thread(target=lambda: answers.append(client.patch(address, headers=at(0), content=slowly())))
        first.start()
        assert begun.wait(20)
        time.sleep(0.2)
        second = other.patch(address, headers=at(0), content=data)
        assert (second.status_code, second.json()["error"]["code"]) == (423, "upload-locked")
        assert other.delete(address, headers=TUS).status_code == 423
        go_on.set()
        first.join()
        assert answers[0].status_code == 204
        late = other.patch(address, headers=at(0), content=data)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "upload-offset")
    assert main_digests(world) == {"a": [digest(data)]}


def test_the_protocol_is_kept(world: World) -> None:
    with world.client(ARCHIVIST) as client:
        able = client.options(UPLOADS)
        assert able.headers["Tus-Extension"] == "creation,creation-with-upload,termination,checksum,expiration"
        assert (able.headers["Tus-Version"], able.headers["Tus-Max-Size"]) == ("1.0.0", str(32 << 30))
        said = {**TUS, **metadata(filename="a")}
        whole = client.post(UPLOADS, headers={**said, **BYTES, "Upload-Length": "3"}, content=b"one")
        assert (whole.status_code, whole.headers["Upload-Offset"], whole.headers["Juanzong-Receipt"]) == (
            201,
            "3",
            "captured",
        )
        empty = client.post(UPLOADS, headers={**TUS, **metadata(filename="empty"), "Upload-Length": "0"})
        assert (empty.status_code, empty.headers["Juanzong-Receipt"]) == (201, "captured")
        first = {**said, **BYTES, "Upload-Length": "3"}
        address = created(client, b"one", filename="b")
        refused = {
            (412, "upload-version"): client.post(UPLOADS, headers={**metadata(filename="a"), "Upload-Length": "3"}),
            (422, "upload-length"): client.post(UPLOADS, headers={**said, "Upload-Defer-Length": "1"}),
            (413, "upload-too-large"): client.post(UPLOADS, headers={**said, "Upload-Length": str(33 << 30)}),
            (413, "upload-too-long"): client.post(UPLOADS, headers=first, content=b"four"),
            (415, "upload-content-type"): client.patch(address, headers=at(0) | {"Content-Type": "text/plain"}),
            (422, "upload-offset-missing"): client.patch(address, headers=at(0) | {"Upload-Offset": "x"}),
            (422, "upload-checksum-unknown"): client.patch(address, headers=at(0) | {"Upload-Checksum": "crc32 AA=="}),
            (405, "method-not-allowed"): client.post(address, headers=TUS),
        }
        assert {(one.status_code, one.json()["error"]["code"]) for one in refused.values()} == set(refused)
        assert {one.headers["Tus-Resumable"] for one in refused.values()} == {"1.0.0"}
        head = client.head(address, headers=TUS)
        assert (head.headers["Upload-Length"], head.headers["Cache-Control"]) == ("3", "no-store")
        assert "Upload-Expires" in head.headers
        done = client.post(address, headers=at(0) | {"X-HTTP-Method-Override": "PATCH"}, content=b"one")
        assert done.status_code == 204
        gone = created(client, b"two", filename="c")
        assert client.delete(gone, headers=TUS).status_code == 204
        assert client.head(gone, headers=TUS).status_code == 404
    assert set(main_digests(world)) == {"a", "empty"}


def test_nobody_else_and_no_other_site_can_upload(world: World) -> None:
    with world.client(ARCHIVIST) as client, world.client() as stranger, world.client(INSPECTOR) as inspector:
        address = created(client, b"one", filename="a")
        for who, status in ((stranger, 401), (inspector, 403)):
            answers = [
                who.options(UPLOADS),
                who.get(UPLOADS),
                who.post(UPLOADS, headers={**TUS, "Upload-Length": "3", **metadata(filename="x")}),
                who.head(address, headers=TUS),
                who.patch(address, headers=at(0), content=b"one"),
                who.delete(address, headers=TUS),
            ]
            assert [one.status_code for one in answers] == [status] * 6
        # What a form of another site can send: no header of its own making.
        forged = [
            client.post(UPLOADS, data={"Upload-Length": "3"}),
            client.post(address, content=b"one"),
            client.patch(address, headers={**BYTES, "Upload-Offset": "0"}, content=b"one"),
            client.delete(address),
        ]
        assert [one.status_code for one in forged] == [412] * 4
        assert offset_of(client, address) == 0
        origin = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        asked = client.options(UPLOADS, headers=origin)
        assert not [name for name in asked.headers if name.startswith("access-control")]


def test_other_peoples_uploads_are_not_there(world: World) -> None:
    service, secret = world.runtime.access.service, "pages-of-the-colleague"
    service.create_account("colleague", "同事", Role.ARCHIVIST, "370000", secret, by=SYSTEM_ACTOR)
    session = service.authenticate("colleague", secret)[0]
    with world.client(ARCHIVIST) as client, world.client() as colleague:
        colleague.cookies.set("juanzong_session", session)
        address = created(client, b"one", filename="a")
        answers = [
            colleague.head(address, headers=TUS),
            colleague.patch(address, headers=at(0), content=b"one"),
            colleague.delete(address, headers=TUS),
        ]
        assert [one.status_code for one in answers] == [404] * 3
        assert colleague.get(UPLOADS).json() == []
        assert offset_of(client, address) == 0


def test_a_body_is_not_read_before_it_is_known_who_sends_it(world: World) -> None:
    parts = urlsplit(world.url)
    with socket.create_connection((str(parts.hostname), parts.port), timeout=10) as plain:
        head = f"POST {UPLOADS} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nContent-Length: {1 << 40}\r\n\r\n"
        plain.sendall(head.encode())
        answer = plain.recv(64)
    assert answer.startswith(b"HTTP/1.1 401")
