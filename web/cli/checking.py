"""`juanzong check FILE…`: what files are and whether they would be accepted; nothing is filed."""

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from archive.clock import SystemClock
from archive.errors import ArchiveError, InvalidInput
from archive.messages import render
from ingest.checks.gate import Ruling
from ingest.checks.loose_files import FileLooker, Looked
from ingest.checks.types import CheckResult
from ingest.formats.types import EXTENSION_MISMATCH
from ingest.outcomes import Outcome
from ingest.wiring import build_looker
from web.cli.context import Desk, Failure, common, error_value, say

_MARKS = {
    Outcome.PASS: "[green]✓[/green]",
    Outcome.FAIL: "[red]✗[/red]",
    Outcome.NOT_CHECKED: "[yellow]?[/yellow]",
    Outcome.NOT_APPLICABLE: "[dim]–[/dim]",
}
_VERDICTS = {
    Ruling.ACCEPT: "[green]可接收 accept[/green]",
    Ruling.ASK: "[yellow]待人工 ask[/yellow]",
    Ruling.REFUSE: "[red]退回 refuse[/red]",
}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@common
def check(desk: Desk, files: tuple[Path, ...]) -> None:
    """检测文件，不归档。Check files; nothing is filed. With `--json` one line for each file."""
    clock = SystemClock()
    looker = build_looker(desk.settings)
    failed = False
    try:
        for path in files:
            try:
                line, looked = _line(looker, path, clock)
            except ArchiveError as error:
                failed = True
                _show_error(desk, path, error)
                continue
            if desk.as_json:
                _write(line)
            else:
                _show(desk.people, path, looked)
    finally:
        looker.close()
    if failed:
        raise Failure


def _line(looker: FileLooker, path: Path, clock: SystemClock) -> tuple[dict[str, Any], Looked]:
    _require_file(path)
    looked = looker.look(path, clock.now())
    examination = looked.examination
    identified = examination.reading.identified
    line = {
        "path": str(path),
        "format": {
            "puid": identified.puid,
            "name": identified.label,
            "mime": identified.mime,
            "mismatch": identified.warning == EXTENSION_MISMATCH,
        },
        "checks": [
            {
                "code": result.code,
                "nature": str(result.nature),
                "outcome": str(result.outcome),
                "severity": str(severity),
                "reason": result.reason_code,
                "message": _sentence(result),
            }
            for result, severity in zip(looked.results, looked.severities, strict=True)
        ],
        # None says that the signatures could not be looked at; the check of signatures says why.
        "signatures": _signatures(looked),
        "verdict": str(looked.ruling),
    }
    return line, looked


def _require_file(path: Path) -> None:
    """Only a regular file is looked at: a pipe or a device never ends."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise InvalidInput("import-path", path=_shown(path), detail="not found") from error
    if not regular:
        raise InvalidInput("check-no-file", path=_shown(path))


def _signatures(looked: Looked) -> list[dict[str, Any]] | None:
    found = looked.examination.signatures
    if found is None:
        return None
    return [
        {
            "kind": str(each.kind),
            "integrity": str(each.integrity),
            "trust": str(each.trust),
            "coverage": str(each.coverage),
            "signer": each.signer or None,
            "time": each.time.isoformat() if each.time else None,
            "reasons": [seen.code for seen in each.observations],
        }
        for each in found.signatures
    ]


def _sentence(result: CheckResult) -> str | None:
    return render(result.reason_code, result.params) if result.reason_code else None


def _show(console: Console, path: Path, looked: Looked) -> None:
    identified = looked.examination.reading.identified
    say(console, f"{_shown(path)}  {identified.label} {identified.puid or ''}", f"{_VERDICTS[looked.ruling]} ")
    for result in looked.results:
        name = f"{result.code} {render(result.code, {})}"
        say(console, " ".join(part for part in (name, _sentence(result)) if part), f"  {_MARKS[result.outcome]} ")
    for each in _signatures(looked) or ():
        about = (each["kind"], each["integrity"], each["coverage"], each["trust"], each["signer"] or "")
        console.print(f"  [bold]签名[/bold] {escape(' · '.join(about))}", highlight=False, soft_wrap=True)


def _show_error(desk: Desk, path: Path, error: ArchiveError) -> None:
    if desk.as_json:
        _write({"path": str(path), "error": error_value(error.code, error.message())})
    desk.complain(error)


def _write(line: dict[str, Any]) -> None:
    text = json.dumps(line, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # A name that is no UTF-8: its bytes pass as escapes, which whoever reads the line can turn back.
        text = json.dumps(line)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _shown(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


COMMANDS = (check,)
