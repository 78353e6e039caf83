"""The real servers, as benchmarks see them: settings of a new archive on them, and their processes."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

from archive.settings import environment

ROOT = Path(__file__).resolve().parents[1]
_SERVICES = ROOT / "deploy" / "services"
_NEEDED = ("postgres", "minio", "elasticsearch", "tika", "rabbitmq")


def new_archive() -> dict[str, str]:
    """Settings of an archive that nobody has used; the servers are started where they do not run."""
    subprocess.run([_SERVICES, "start", *_NEEDED], check=True, cwd=ROOT)
    given = [str(_SERVICES), "env", "--profile", f"b{secrets.token_hex(5)}"]
    printed = subprocess.run(given, check=True, cwd=ROOT, capture_output=True, text=True).stdout
    lines = [line.removeprefix("export ").partition("=") for line in printed.splitlines()]
    return {name: value.strip("'") for name, _, value in lines}


def processes() -> dict[str, int]:
    """The process of each server."""
    state = json.loads((ROOT / ".services" / "state.json").read_text(encoding="utf-8"))
    return {name: int(known["process"]["pid"]) for name, known in state.items() if "process" in known}


def stocked_home(home: Path, settings: dict[str, str], projects: int = 12) -> None:
    """A home with the records of a demonstration, all of them through the whole archive."""
    juanzong = str(Path(sys.executable).with_name("juanzong"))
    command = [juanzong, "--home", str(home), "demo", "--no-serve", "--json", "--projects", str(projects)]
    environ = {**environment(), **settings}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
