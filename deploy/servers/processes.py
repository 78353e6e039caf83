"""Starting and ending processes that outlive us: each in a session of its own, known by number and start time."""

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from deploy.servers.kinds import Start
from deploy.servers.places import own, runs_as

_PATIENCE = 20.0


def launch(start: Start, log: Path) -> dict[str, Any]:
    """Start a server; how it can be found again."""
    log.touch()
    own(log)
    inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with log.open("ab") as output:
        process = subprocess.Popen(
            start.command,
            env={**inherited, **start.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=log.parent,
            user=runs_as() if os.geteuid() == 0 else None,
            group=_group(),
            extra_groups=[] if os.geteuid() == 0 else None,
        )
    return {"pid": process.pid, "born": _born(process.pid)}


def _group() -> int | None:
    return pwd.getpwnam(runs_as()).pw_gid if os.geteuid() == 0 else None


def running(known: dict[str, Any]) -> bool:
    """Whether the process is still there, and is the same."""
    return "pid" in known and _born(int(known["pid"])) == known["born"]


def end(known: dict[str, Any], *, at_once: bool = False) -> None:
    """Ask a server to end, insist after a while, and wait. `at_once` insists from the beginning, as a crash does."""
    if not running(known):
        return
    pid = int(known["pid"])
    _signal(pid, signal.SIGKILL if at_once else signal.SIGTERM)
    limit = time.monotonic() + _PATIENCE
    while running(known):
        if time.monotonic() > limit:
            _signal(pid, signal.SIGKILL)
        time.sleep(0.05)
    # Whatever it had started itself is in its session still.
    _signal(pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _born(pid: int) -> int | None:
    """When a process was started, in ticks; None for one that is gone or only waits to be noticed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] == "Z":
        _reap(pid)
        return None
    return int(fields[19])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
