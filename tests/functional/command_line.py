"""The command line as tests call it: as a process, where being one matters, or inside the test's own process."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from archive.settings import PREFIX, environment
from web.cli import cli
from web.cli.context import run_command

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("juanzong")
PATIENCE = 300


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The one JSON value on standard output."""
        return only_value(self.out)

    @property
    def lines(self) -> list[Any]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def only_value(text: str) -> Any:
    """The one JSON value that `text` is, on one line, with nothing around it."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text)


def bare_environment(**more: str) -> dict[str, str]:
    """The environment without any setting, and `more`."""
    return {name: value for name, value in environment().items() if not name.startswith(PREFIX)} | more


def juanzong(
    *arguments: str | Path,
    settings: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    patience: float = PATIENCE,
) -> Ran:
    """The installed command, as a process that may take `patience` seconds."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=bare_environment(**(settings or {})),
        cwd=cwd or ROOT,
        timeout=patience,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def called(*arguments: str | Path) -> Ran:
    """The same command without a process of its own: seconds faster."""
    out, err = io.StringIO(), io.StringIO()
    given = ["juanzong", *map(str, arguments)]
    with patch.object(sys, "argv", given), redirect_stdout(out), redirect_stderr(err):
        code = run_command(cli)
    return Ran(code, out.getvalue(), err.getvalue())


def json_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A file of notices."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
