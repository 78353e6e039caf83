"""Importing a module defines names and does nothing else.

Work at import time needs an environment before anybody has said which one, runs in an order nobody chose, and leaves
connections, threads and caches that a fork or a second configuration in the same process inherits. So every module is
imported in a bare process: no environment, and every socket, write, thread, child process and loaded data file noted.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT

pytestmark = pytest.mark.slow


def _probe(root: Path, *packages: str) -> list[str]:
    command = [sys.executable, "-B", str(ROOT / "tests/architecture/import_probe.py"), str(root), *packages]
    done = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def test_every_module_can_be_imported_in_a_bare_process_and_does_nothing() -> None:
    assert _probe(ROOT, *PACKAGES) == []


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))", "socket.connect"),
        ("open('{root}/made', 'w').close()", "for writing"),
        ("import pathlib\npathlib.Path('{root}/busy/rows.toml').read_text()", "loads"),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(5,), daemon=True).start()", "thread"),
        ("import subprocess\nsubprocess.run(['true'], check=True)", "subprocess.Popen"),
        ("import sqlite3\nsqlite3.connect(':memory:').close()", "sqlite3.connect"),
        ("import pathlib\npathlib.Path('{root}/folder').mkdir()", "os.mkdir"),
    ],
)
def test_an_import_that_does_something_is_noted(tmp_path: Path, text: str, noted: str) -> None:
    package = tmp_path / "busy"
    package.mkdir()
    (package / "rows.toml").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "module.py").write_text(text.replace("{root}", str(tmp_path)), encoding="utf-8")
    found = _probe(tmp_path, "busy")
    assert found
    assert all(sentence.startswith("importing busy.module: ") for sentence in found)
    assert noted in " ".join(found)
