"""The real program, killed while somebody uploads to it."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from archive.settings import Settings
from ingest.worker import build_runtime
from tests.functional.command_line import PROGRAM, bare_environment
from tests.functional.pages.world import ARCHIVIST, build_home
from tests.functional.test_uploads import at, created, offset_of
from tests.small_archive import SmallArchive

pytestmark = pytest.mark.slow

MIB = 1 << 20
PIECE = 100_000
KILLS = 5


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """`juanzong serve`, and the archivist's browser."""
    command = [str(PROGRAM), "serve", "--home", str(home), "--port", "0"]
    with subprocess.Popen(command, env=bare_environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next((line.split()[-1] for line in process.stderr if "http://" in line), "")
        session = json.loads((home / "sessions.json").read_text(encoding="utf-8"))[ARCHIVIST[0]]
        try:
            with httpx.Client(base_url=url.rstrip("/"), timeout=60) as client:
                client.cookies.set("juanzong_session", session)
                yield process, client
        finally:
            process.kill()


def pieces(data: bytes, victim: int, after: int) -> Iterator[bytes]:
    """`data` in pieces; the server is killed when so many bytes have been sent."""
    for start in range(0, len(data), PIECE):
        if start >= after:
            os.kill(victim, signal.SIGKILL)
        yield data[start : start + PIECE]


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    build_home(tmp_path / "made")
    home = Path(shutil.copytree(tmp_path / "made", tmp_path / "home"))
    draw = random.Random(7)  # noqa: S311 - draws when to kill, no secret
    data, address, reached = draw.randbytes(24 * MIB), "", [0]
    for _ in range(KILLS):
        with serving(home) as (process, client):
            address = address or created(client, data, filename="a.bin", sha256=hashlib.sha256(data).hexdigest())
            offset = offset_of(client, address)
            assert offset >= reached[-1]
            reached.append(offset)
            rest = data[offset:]
            after = draw.randrange(len(rest) // 2)
            with pytest.raises(httpx.TransportError):
                client.patch(address, headers=at(offset), content=pieces(rest, process.pid, after))
    with serving(home) as (process, client):
        offset = offset_of(client, address)
        # Nobody waits for the answer to the last bytes: it is killed while the document is taken in, or just after.
        with suppress(httpx.TransportError):
            client.patch(address, headers=at(offset), content=data[offset:], timeout=0.05)
        process.kill()
    with serving(home) as (_, client):
        offset = offset_of(client, address)
        if offset < len(data):
            assert client.patch(address, headers=at(offset), content=data[offset:]).status_code == 204
        told = client.get("/api/v1/uploads").json()
        assert [(one["name"], one["state"]) for one in told] == [("a.bin", "taken")]
    assert reached[-1] > 0
    _only_one(home, hashlib.sha256(data).hexdigest(), len(data))


def _only_one(home: Path, digest: str, size: int) -> None:
    runtime = build_runtime(Settings.load({}, home))
    try:
        assert runtime.kernel.blobs.size(digest) == size
    finally:
        runtime.kernel.database.dispose()
    with SmallArchive.opened(home) as archive:
        record = archive.records()["a.bin"]
        assert record.version == 1
        assert archive.history("a.bin")[:1] == ["record.captured"]
        assert archive.fsck().findings == ()
    assert list((home / "uploads").iterdir()) == []
