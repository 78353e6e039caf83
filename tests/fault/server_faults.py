"""`python -m tests.fault.server_faults`: take servers away in the middle of an import, and compare the ends.

An undisturbed run on the embedded default says what must come out. Then the same material goes through the real
servers, and while it does, each of them is stopped for a while and killed, and so are workers. One line per fault; exit
status 0 if nothing was lost, doubled or stuck and `fsck` finds nothing, 1 otherwise.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fault.end_state import EndState, differences, end_state, entries
from tests.fault.killing import Material, kill_group, started, undisturbed
from tests.functional.command_line import ROOT, bare_environment

SERVICES = ROOT / "deploy" / "services"
SERVERS = ("postgres", "minio", "elasticsearch", "rabbitmq", "tika")
STOP_SECONDS = 20.0
KILL_SECONDS = 2.0
PATIENCE_SECONDS = 3600.0


@dataclass(frozen=True)
class Servers:
    """Servers in a folder of their own."""

    folder: Path

    def call(self, *arguments: str) -> str:
        """Call `deploy/services` for them; what it printed."""
        environ = bare_environment(JUANZONG_SERVICES=str(self.folder))
        done = subprocess.run([SERVICES, *arguments], check=True, cwd=ROOT, env=environ, capture_output=True, text=True)
        return done.stdout

    def settings(self) -> dict[str, str]:
        """Settings of an archive that nobody has used."""
        printed = self.call("env", "--profile", f"f{secrets.token_hex(5)}")
        lines = [line.removeprefix("export ").partition("=") for line in printed.splitlines()]
        # A short lease, so that the work of whoever stands still is taken over while we watch.
        return {key: value.strip("'") for key, _, value in lines} | {"ARCHIVE_LEASE_SECONDS": "10"}


@contextmanager
def own_servers() -> Iterator[Servers]:
    """A set of servers that nobody else uses, gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="juanzong-faults-", dir="/var/tmp"))
    servers = Servers(folder)
    try:
        servers.call("start", *SERVERS)
        yield servers
    finally:
        servers.call("wipe")
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong: its name, and what brings it about and ends it again, given the working process."""

    name: str
    happen: Callable[[Servers, int], None]


@dataclass(frozen=True)
class Outcome:
    """What a run with faults came to."""

    lost: int
    doubled: int
    stuck: int
    damage: int
    seconds: float
    details: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether it ended as the undisturbed run."""
        return not self.details and not self.damage

    def __str__(self) -> str:
        clean = "clean" if not self.damage else f"{self.damage} findings"
        counts = f"lost {self.lost} | doubled {self.doubled} | stuck {self.stuck} | fsck {clean}"
        return f"{counts} | {self.seconds:.0f} s"


def stopped(server: str, seconds: float = STOP_SECONDS) -> Fault:
    """A server is stopped and started again after a while."""

    def happen(servers: Servers, _: int) -> None:
        servers.call("stop", server)
        time.sleep(seconds)
        servers.call("start", server)

    return Fault(f"{server} stopped for {seconds:.0f} s", happen)


def killed(server: str) -> Fault:
    """A server is ended as by a power cut, and started again."""

    def happen(servers: Servers, _: int) -> None:
        servers.call("kill", server)
        time.sleep(KILL_SECONDS)
        servers.call("start", server)

    return Fault(f"{server} kill -9", happen)


def worker_killed() -> Fault:
    """A process that works on jobs dies."""

    def happen(_: Servers, coordinator: int) -> None:
        os.kill(_workers(coordinator)[0], signal.SIGKILL)

    return Fault("worker kill -9", happen)


def worker_frozen(seconds: float = STOP_SECONDS) -> Fault:
    """A process that works on jobs stands still, and goes on after a while."""

    def happen(_: Servers, coordinator: int) -> None:
        worker = _workers(coordinator)[0]
        os.kill(worker, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(worker, signal.SIGCONT)

    return Fault(f"worker stopped for {seconds:.0f} s", happen)


def every_fault() -> list[Fault]:
    """Each server stopped and killed, and workers: these first, since they are gone when only closing is left."""
    return [worker_frozen(), worker_killed(), *(fault for name in SERVERS for fault in (stopped(name), killed(name)))]


def _workers(coordinator: int) -> list[int]:
    """The processes below the one that coordinates that have no children of their own: those that work."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], list(children.get(coordinator, []))
    while waiting:
        pid = waiting.pop()
        below = children.get(pid, [])
        waiting += below
        if not below and b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found.append(pid)
    return sorted(found)


def disturbed(servers: Servers, material: Material, home: Path, faults: Sequence[Fault], expected: EndState) -> Outcome:
    """Run the material through the servers while the faults happen, evenly over the work."""
    settings = servers.settings()
    start = time.monotonic()
    with started(home.with_suffix(".log"), *material.command(home), **settings) as process:
        for number, fault in enumerate(faults, start=1):
            _wait(process, home, settings, expected.ledger_size * number // (len(faults) + 1))
            if process.poll() is None:
                fault.happen(servers, process.pid)
        try:
            code = process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            kill_group(process)
            code = -1
    seconds = time.monotonic() - start
    outcome = _compared(end_state(home, settings), expected, code, seconds)
    said = home.with_suffix(".log").read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
    return replace(outcome, details=(*outcome.details, *said)) if code else outcome


def _wait(process: subprocess.Popen[bytes], home: Path, settings: Mapping[str, str], wanted: int) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and entries(home, settings) < wanted and time.monotonic() < limit:
        time.sleep(0.2)


def _compared(found: EndState, expected: EndState, code: int, seconds: float) -> Outcome:
    lost = sum((expected.records - found.records).values()) + sum((expected.components - found.components).values())
    lost += sum((expected.versions - found.versions).values()) + sum((expected.volumes - found.volumes).values())
    doubled = sum((found.records - expected.records).values()) + sum((found.components - expected.components).values())
    doubled += sum((found.versions - expected.versions).values()) + sum((found.volumes - expected.volumes).values())
    stuck = found.jobs.total() + found.lag + found.unpublished + expected.indexed - found.indexed
    details = differences(found, expected) + ([f"exit {code}"] if code else [])
    return Outcome(lost, doubled, stuck, len(found.damage), seconds, tuple(details))


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; whether every end was the same."""
    options = _options(arguments)
    material = Material(options.projects, options.seed)
    chosen = [fault for fault in every_fault() if not options.only or options.only in fault.name]
    runs = [chosen] if options.together else [[fault] for fault in chosen]
    fine = True
    with tempfile.TemporaryDirectory(prefix="server-faults-") as folder, own_servers() as servers:
        expected, seconds = undisturbed(material, Path(folder) / "undisturbed")
        _say(f"undisturbed, embedded: {seconds:.0f} s, {expected.ledger_size} ledger entries")
        for number, faults in enumerate(runs):
            outcome = disturbed(servers, material, Path(folder) / f"run{number}", faults, expected)
            fine = fine and outcome.fine
            _say(f"{'; '.join(fault.name for fault in faults):34} | {outcome}")
            for detail in outcome.details:
                _say(f"    {detail}")
    return 0 if fine else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fault.server_faults", description=__doc__)
    parser.add_argument("--projects", type=int, default=6, help="projects of the import")
    parser.add_argument("--seed", type=int, default=7, help="seed of the material")
    parser.add_argument("--only", default="", help="only faults whose name has this in it")
    parser.add_argument("--together", action="store_true", help="all faults during one import")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
