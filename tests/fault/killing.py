"""Starts a demo, kills everything it consists of at a moment, goes on as a person would, and compares the ends."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fault.end_state import EndState, differences, end_state, entries, phase
from tests.functional.command_line import PROGRAM, ROOT, Ran, bare_environment, juanzong

_LONG = 3600
"""Seconds: somebody may ask for hundreds of projects."""

NOT_FOUNDED = frozenset({"home-missing", "database-outdated"})
"""What `run` answers where the demo was killed before it had made the home, or all of it."""


@dataclass(frozen=True)
class Material:
    """What a demo reads: as many projects, drawn from this seed."""

    projects: int
    seed: int

    def command(self, home: Path) -> list[str]:
        """The demo over this material, as it is typed."""
        given = ["--projects", str(self.projects), "--seed", str(self.seed), "--home", str(home), "--json"]
        return ["demo", "--no-serve", *given]


Moment = Callable[[Path], bool]
"""Asked about a home again and again while the command works on it; the command is killed when it says yes."""


def after(seconds: float) -> Moment:
    """So many seconds after it is first asked."""
    start = time.monotonic()
    return lambda _: time.monotonic() - start >= seconds


def at_entry(number: int) -> Moment:
    """When the ledger has so many entries, which does not depend on how busy the machine is."""
    return lambda home: entries(home) >= number


@dataclass(frozen=True)
class Kill:
    """One interrupted demo: when it was killed, how far it was, how it went on, and how its end differs."""

    seconds: float
    phase: str
    went_on_with: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        verdict = "same end state" if not self.differences else "; ".join(self.differences)
        return f"{self.seconds:7.2f} s | {self.phase} | {self.went_on_with} | {verdict}"


def undisturbed(material: Material, home: Path) -> tuple[EndState, float]:
    """Run the demo to its end; what it came to, and how many seconds it took."""
    start = time.monotonic()
    done = juanzong(*material.command(home), patience=_LONG)
    seconds = time.monotonic() - start
    assert done.code == 0, done.err
    return end_state(home), seconds


@contextmanager
def started(log: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command in a process group of its own, which is gone when the block ends; what it says goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=bare_environment(**settings),
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """`kill -9` for a process and everything it started, and wait until all of it is gone."""
    while True:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            break
        if not _members(process.pid):
            break
        time.sleep(0.01)
    process.wait()


def _members(group: int) -> list[int]:
    """The processes of a group that still run; what has ended and only waits to be noticed does not count."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                state, _, pgrp = (place / "stat").read_text().rpartition(")")[2].split()[:3]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(pgrp) == group and state != "Z":
                found.append(int(place.name))
    return found


def kill_and_go_on(material: Material, home: Path, moment: Moment, expected: EndState) -> Kill:
    """Kill a demo at a moment, let `juanzong run` finish, and compare."""
    seconds = interrupted(home, moment, *material.command(home))
    stopped_at = phase(home)
    went_on_with = go_on(material, home)
    return Kill(seconds, stopped_at, went_on_with, tuple(differences(end_state(home), expected)))


def interrupted(home: Path, moment: Moment, *command: str) -> float:
    """Start a command that works on `home` and kill it with everything it started; after how many seconds."""
    start = time.monotonic()
    with started(home.with_suffix(".log"), *command) as process:
        while process.poll() is None and not moment(home):
            time.sleep(0.01)
    return time.monotonic() - start


def go_on(material: Material, home: Path) -> str:
    """What a person does after a crash: `run`, and the demo again where it had not yet asked for anything."""
    ran = juanzong("run", "--home", home, "--json")
    if ran.code == 0 and any(ran.value["records"].values()):
        return "run"
    told = "run: nothing to do" if ran.code == 0 else f"run: {_not_founded(ran)}"
    again = juanzong(*material.command(home))
    assert again.code == 0, again.err
    return f"{told}, demo again"


def _not_founded(ran: Ran) -> str:
    """The code with which `run` says that there is no home yet; anything else is a failure of ours."""
    code = str(ran.value["error"]["code"])
    assert code in NOT_FOUNDED, ran.err
    assert ran.code == 1
    return code
