"""A worker that dies in each step, with what it found out and before that is stored: the same end state."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive.settings import Settings
from ingest.pipeline.graph import build_graph
from ingest.worker import build_runtime, build_worker, worker_name
from tests.fault.end_state import EndState, differences, end_state
from tests.fault.killing import Material
from tests.functional.command_line import ROOT, bare_environment, juanzong

pytestmark = pytest.mark.slow

MATERIAL = Material(projects=1, seed=11)
STEPS = sorted(build_graph().versions())


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken in a project's documents and done nothing with them yet."""
    home = tmp_path_factory.mktemp("captured") / "home"
    location = f"simulator:?seed={MATERIAL.seed}&projects={MATERIAL.projects}"
    assert juanzong("init", "--home", home).code == 0
    runtime = build_runtime(Settings.load({}, home))
    runtime.ingest.sources.register("portal", "portal", location)
    runtime.ingest.intake.sync("portal", runtime.ingest.opener)
    runtime.kernel.close()
    return home


@pytest.fixture(scope="module")
def expected(captured: Path, tmp_path_factory: pytest.TempPathFactory) -> EndState:
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(captured, home)
    assert juanzong("run", "--home", home).code == 0
    return end_state(home)


@pytest.mark.parametrize("step", STEPS)
def test_killed_in_a_step(step: str, captured: Path, expected: EndState, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(captured, home)
    given = [sys.executable, "-m", "tests.fault.test_killed_in_each_step", str(home), step]
    died = subprocess.run(given, check=False, cwd=ROOT, env=bare_environment(), capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert juanzong("run", "--home", home).code == 0
    assert differences(end_state(home), expected) == []


def work_and_die(home: str, step: str) -> None:
    """Work as a worker does, and die over the third record that comes to `step`."""
    runtime = build_runtime(Settings.load({}, Path(home)))
    chosen, seen = runtime.ingest.runner._steps[step], 0
    found_out = chosen.run

    def run(item: object) -> object:
        nonlocal seen
        seen += 1
        result = found_out(item)  # type: ignore[arg-type]  # handed on as it came
        if seen == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    object.__setattr__(chosen, "run", run)
    # Under a name of this home's, so that whoever comes next knows that nobody works under it any more.
    build_worker(runtime, worker_name(Path(home), 1)).run_until_idle()


if __name__ == "__main__":
    work_and_die(*sys.argv[1:])
