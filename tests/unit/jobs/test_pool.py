"""Worker processes: started fresh, replaced when they die, gone when their parent goes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.jobs.pool import Pool

pytestmark = pytest.mark.slow

_PATIENCE = 30.0


def leave_a_mark(folder: str, number: int) -> None:
    Path(folder, str(number)).write_text(str(os.getpid()), encoding="utf-8")


def sleep(folder: str, number: int) -> None:
    leave_a_mark(folder, number)
    time.sleep(_PATIENCE)


def wait_for(folder: Path, count: int) -> list[int]:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        marks = [mark.read_text(encoding="utf-8") for mark in folder.iterdir()]
        if len(marks) == count and all(marks):
            return [int(mark) for mark in marks]
        time.sleep(0.02)
    pytest.fail("the workers did not start")


def runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_each_process_knows_its_number_and_ends_when_it_is_done(tmp_path: Path) -> None:
    pool = Pool(leave_a_mark, (str(tmp_path),), 2)
    pool.start()
    wait_for(tmp_path, 2)
    pool.stop()
    assert {mark.name for mark in tmp_path.iterdir()} == {"1", "2"}
    assert pool.alive() == 0


def fail(number: int) -> None:
    del number
    sys.exit(1)


def test_one_that_dies_by_force_is_buried_and_replaced(tmp_path: Path) -> None:
    pool = Pool(sleep, (str(tmp_path),), 1)
    pool.start()
    try:
        (first,) = wait_for(tmp_path, 1)
        (tmp_path / "1").unlink()
        os.kill(first, signal.SIGKILL)
        buried: list[tuple[int, int]] = []

        def bury(number: int, code: int) -> int:
            buried.append((number, code))
            return 1

        deadline = time.monotonic() + _PATIENCE
        while not buried and time.monotonic() < deadline:
            pool.replace_dead(bury)
            time.sleep(0.02)
        assert buried == [(1, -signal.SIGKILL)]
        (second,) = wait_for(tmp_path, 1)
        assert second != first
        assert pool.alive() == 1
    finally:
        pool.stop()
    assert not runs(second)


def test_one_that_ends_by_itself_is_replaced_too(tmp_path: Path) -> None:
    pool = Pool(leave_a_mark, (str(tmp_path),), 1)
    pool.start()
    (first,) = wait_for(tmp_path, 1)
    deadline = time.monotonic() + _PATIENCE
    while pool.alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    (tmp_path / "1").unlink()
    buried: list[int] = []

    def bury(number: int, exit_code: int) -> int:
        buried.append(exit_code)
        return number

    pool.replace_dead(bury)
    (second,) = wait_for(tmp_path, 1)
    assert buried == [0]
    assert second != first
    pool.stop()


def test_workers_that_never_come_up_are_not_started_for_ever() -> None:
    pool = Pool(fail, (), 1)
    pool.start()
    burials = 0

    def bury(number: int, code: int) -> int:
        nonlocal burials
        assert (number, code) == (1, 1)
        burials += 1
        return 0

    def watch() -> None:
        deadline = time.monotonic() + 4 * _PATIENCE
        while time.monotonic() < deadline:
            pool.replace_dead(bury)
            time.sleep(0.02)

    with pytest.raises(Unavailable, match="workers-dying"):
        watch()
    assert burials == 6
    pool.stop()


def test_no_worker_outlives_its_parent(tmp_path: Path) -> None:
    script = (
        "from archive.jobs.pool import Pool\n"
        "from tests.unit.jobs.test_pool import sleep\n"
        "if __name__ == '__main__':\n"
        f"    pool = Pool(sleep, ({str(tmp_path)!r},), 1)\n"
        "    pool.start()\n"
        "    pool.stop()\n"
    )
    main = tmp_path.parent / f"{tmp_path.name}.py"
    main.write_text(script.replace("pool.stop()", f"__import__('time').sleep({_PATIENCE})"), encoding="utf-8")
    root = Path(__file__).parents[3]
    parent = subprocess.Popen([sys.executable, main], cwd=root, env={"PYTHONPATH": str(root)})
    try:
        (child,) = wait_for(tmp_path, 1)
        assert runs(child)
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + _PATIENCE
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(child)
