"""A worker process that dies is replaced, and its work is done; work that kills every worker is set aside."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archive.settings import Settings
from ingest.worker import build_runtime
from tests.fault.end_state import differences, end_state
from tests.fault.killing import started
from tests.functional.command_line import called, json_lines, juanzong

pytestmark = pytest.mark.slow

ROWS = 80
PATIENCE = 120


def notice(number: int) -> dict[str, object]:
    code = f"M371500202500{number:04}"
    return {
        "id": f"n-{number:03}",
        "title": f"望岳大道第{number}段改造工程中标候选人公示",
        "body": f"望岳大道第{number}段改造工程（项目编号：{code}）公示如下。第一中标候选人：示例建设有限公司。",
        "published": "2025-05-01 09:00:00",
        "source_label": "中标候选人公示",
        "category": "工程建设",
        "region": "371500",
    }


def workers(coordinator: int) -> list[int]:
    """The worker processes of a coordinator, in the order in which they were started."""
    children = Path(f"/proc/{coordinator}/task/{coordinator}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def ask(home: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
        return int(database.execute(query).fetchone()[0])


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, "it ended before what was waited for"
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes connections and never answers: reading from it lasts until somebody gives up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_killed_worker_is_replaced_and_nothing_is_missing(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    assert called("init", "--home", home).code == 0
    rows = json_lines(tmp_path / "notices.jsonl", [notice(number) for number in range(ROWS)])
    assert called("import", rows, "--connector", "notices", "--home", home).code == 0
    shutil.copytree(home, other)
    assert juanzong("run", "--home", other).code == 0

    log = tmp_path / "log"
    with started(log, "run", "--home", str(home), "--json", ARCHIVE_WORKERS="2") as coordinator:
        wait_for(lambda: ask(home, "SELECT count(*) FROM records_item WHERE state = 'placed'") > 0, coordinator)
        before = workers(coordinator.pid)
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: set(workers(coordinator.pid)) - set(before) != set(), coordinator)
        assert coordinator.wait(PATIENCE) == 0
    assert "worker.died" in log.read_text(encoding="utf-8")
    found = end_state(home)
    assert differences(found, end_state(other)) == []
    assert (found.records.total(), found.damage, found.lag, found.jobs.total()) == (ROWS, (), 0, 0)


def kill_at_work(home: Path, coordinator: subprocess.Popen[bytes], attempt: int) -> None:
    """Kill the only worker once it has taken the only job for the n-th time."""
    leased = f"SELECT count(*) FROM jobs_job WHERE state = 'leased' AND attempts = {attempt:d}"  # noqa: S608 - of one number
    wait_for(lambda: ask(home, leased) == 1, coordinator)
    (worker,) = workers(coordinator.pid)
    os.kill(worker, signal.SIGKILL)


def test_work_that_kills_every_worker_is_set_aside_with_a_code(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert called("init", "--home", home).code == 0
    with silent_server() as location:
        runtime = build_runtime(Settings.load({}, home))
        runtime.ingest.sources.request([("deadly", "portal", location)])
        runtime.kernel.database.dispose()
        settings = {"ARCHIVE_WORKERS": "1", "ARCHIVE_JOB_ATTEMPTS": "2"}
        with started(tmp_path / "log", "run", "--home", str(home), "--json", **settings) as coordinator:
            for attempt in (1, 2):
                kill_at_work(home, coordinator, attempt)
            assert coordinator.wait(PATIENCE) == 1
    status = called("status", "--home", home, "--json").value
    assert status["jobs"] == {
        "pending": 0,
        "failed": [{"kind": "sync", "key": "deadly", "code": "job-deadly"}],
    }
    assert called("fsck", "--home", home).code == 0
