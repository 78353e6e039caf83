"""What `juanzong doctor --object-store` says of an S3 service."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress

from archive.clock import SystemClock
from web.cli.context import Desk, say

if TYPE_CHECKING:
    from archive.blobs.conformance.types import Report

_MARKS = {"pass": "[green]✓[/green] ", "fail": "[red]✗[/red] ", "absent": "[yellow]–[/yellow] "}


def examine_object_store(desk: Desk) -> "Report":
    """Run the conformance suite against the store that the settings name, and show how far it is.

    Raises:
        InvalidInput: the bytes do not lie in an S3 store.
        Unavailable: it does not answer.
        ArchiveError: it refuses the keys.
    """
    from archive.blobs.conformance.suite import CHECKS, examine  # noqa: PLC0415 - the client library: help must not take it

    blobs = desk.settings.blobs
    with Progress(console=desk.notes, transient=True) as progress:
        task = progress.add_task("检验对象存储 looking", total=len(CHECKS))
        return examine(blobs.url, blobs.retention_days, SystemClock(), lambda _: progress.advance(task))


def object_store_value(report: "Report") -> dict[str, Any]:
    """The report as `doctor --json` prints it."""
    return {
        "place": report.place,
        "fine": report.sound,
        "left": list(report.left),
        "checks": [
            {
                "code": finding.code,
                "name": finding.name(),
                "result": str(finding.result),
                "required": finding.required,
                "evidence": finding.evidence,
                "instead": None if finding.result == "pass" else finding.instead(),
            }
            for finding in report.findings
        ],
    }


def show_object_store(console: Console, report: "Report") -> None:
    """The report for people; what the archive does instead stands under what did not pass."""
    say(console, f"对象存储 object store {report.place}")
    for finding in report.findings:
        need = "（必需 required）" if finding.required else ""
        say(console, f"{finding.name()}{need} · {finding.code} · {finding.evidence}", _MARKS[finding.result])
        if finding.result != "pass":
            say(console, f"  {finding.instead()}")
    for place in report.left:
        say(console, f"未能清除，请手工删除 could not be removed: {place}")
