"""Commands that stay until they are stopped."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.functional.command_line import PROGRAM, ROOT, bare_environment, called, json_lines
from tests.functional.test_cli_intake import CANDIDATES

pytestmark = pytest.mark.slow

PATIENCE = 60


@contextmanager
def staying(log: Path, *arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)], stdout=output, stderr=output, cwd=ROOT, env=bare_environment()
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def address(log: Path) -> str:
    """Where it serves, once it says so."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


def stopped(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    process.send_signal(how)
    return process.wait(PATIENCE)


def test_the_stand_in_platform_serves_until_interrupted_and_is_read_by_its_address(
    empty_home: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with staying(log, "simulator", "--projects", "1", "--port", "0", "--home", tmp_path / "none") as process:
        portal = address(log)
        listed = httpx.get(f"{portal}/api/list?page=1&size=5").json()
        assert len(listed["items"]) == 5
        imported = called("import", portal, "--connector", "portal", "--home", empty_home, "--json")
        assert imported.code == 0, imported.err
        assert 0 < imported.value["captured"] <= imported.value["received"] <= listed["total"]
        (source,) = called("sync", "--home", empty_home, "--json").value
        assert source == portal.replace("http://", "portal:")
        assert stopped(process, signal.SIGINT) in {0, 1}
    assert "Traceback" not in log.read_text(encoding="utf-8")
    assert not (tmp_path / "none").exists()


def test_serve_answers_until_interrupted(demo_copy: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with staying(log, "serve", "--port", "0", "--home", demo_copy) as process:
        assert httpx.get(f"{address(log)}/").status_code == 200
        assert stopped(process, signal.SIGTERM) in {0, -signal.SIGTERM}
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_worker_does_what_comes_and_ends_when_asked(empty_home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    notices = json_lines(tmp_path / "notices.jsonl", [CANDIDATES])
    with staying(log, "worker", "--home", empty_home) as process:
        assert called("import", notices, "--connector", "notices", "--home", empty_home).code == 0
        end = time.monotonic() + PATIENCE
        while called("search", "中标候选人", "--home", empty_home, "--json").value["total"] == 0:
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        busy = called("run", "--home", empty_home, "--json")
        assert (busy.code, busy.value["error"]["code"]) == (1, "run-busy")
        assert stopped(process, signal.SIGTERM) == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")
