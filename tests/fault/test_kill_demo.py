"""`kill -9` of a whole demo at any moment, then `juanzong run`: the same end state, nothing twice."""

import random
import sys
from pathlib import Path

import pytest

from tests.fault.end_state import EndState, differences, end_state, entries
from tests.fault.killing import Material, after, at_entry, go_on, interrupted, kill_and_go_on, undisturbed

pytestmark = pytest.mark.slow

MATERIAL = Material(projects=1, seed=11)
MOMENTS = 3


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> EndState:
    return undisturbed(MATERIAL, tmp_path_factory.mktemp("undisturbed") / "home")[0]


def test_an_undisturbed_run_is_sound_and_shows_everything(expected: EndState) -> None:
    assert expected.records.total() == expected.indexed > 10
    assert set(expected.records.values()) == set(expected.volumes.values()) == {1}
    assert (expected.damage, expected.lag, expected.unpublished, expected.jobs.total()) == ((), 0, 0, 0)


@pytest.mark.parametrize("part", range(MOMENTS))
def test_killed_at_a_random_moment(part: int, expected: EndState, tmp_path: Path) -> None:
    # One moment in each third of the work, measured in ledger entries: a busy machine does not move it.
    written = random.Random(part).uniform(part, part + 1) * expected.ledger_size / MOMENTS  # noqa: S311 - drawn again by its seed
    kill = kill_and_go_on(MATERIAL, tmp_path / "home", at_entry(round(written)), expected)
    sys.stdout.write(f"entry {written:.0f} of {expected.ledger_size} | {kill}\n")
    assert kill.differences == (), str(kill)


def test_killed_before_there_is_a_home(expected: EndState, tmp_path: Path) -> None:
    home = tmp_path / "home"
    interrupted(home, after(0.3), *MATERIAL.command(home))
    assert go_on(MATERIAL, home).startswith("run: home-missing")
    assert differences(end_state(home), expected) == []


def test_killed_twice_on_the_same_home(expected: EndState, tmp_path: Path) -> None:
    home = tmp_path / "home"
    interrupted(home, at_entry(expected.ledger_size // 4), *MATERIAL.command(home))
    interrupted(home, at_entry(expected.ledger_size // 2), "run", "--home", str(home))
    assert entries(home) < expected.ledger_size
    assert go_on(MATERIAL, home) == "run"
    assert differences(end_state(home), expected) == []
