"""Homes to look at: made once for all tests of a run, copied for tests that change them."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.command_line import juanzong

PROJECTS = 3


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once, however many processes run the tests."""
    base = tmp_path_factory.getbasetemp()
    base = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, complete = base / name, base / f"{name}.complete"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                complete.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def demo_home(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """The home of a finished demo. Not to be changed: take `demo_copy` for that."""

    def fill(folder: Path) -> None:
        done = juanzong("demo", "--no-serve", "--projects", str(PROJECTS), "--home", folder, "--json")
        assert done.code == 0, done.err
        folder.with_suffix(".summary").write_text(done.out, encoding="utf-8")

    return once("demo", fill)


@pytest.fixture
def demo_copy(demo_home: Path, tmp_path: Path) -> Path:
    """The same, to be changed at will."""
    return Path(shutil.copytree(demo_home, tmp_path / "home"))


@pytest.fixture
def empty_home(once: Callable[[str, Callable[[Path], None]], Path], tmp_path: Path) -> Path:
    """A founded home with nothing in it, to be changed at will."""

    def fill(folder: Path) -> None:
        done = juanzong("init", "--home", folder)
        assert done.code == 0, done.err

    return Path(shutil.copytree(once("founded", fill), tmp_path / "home"))
