"""Commands for packages as others deliver them: validate."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from archive.clock import SystemClock
from archive.messages import render
from web.cli.context import Desk, Failure, common, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.checks.types import CheckResult
    from ingest.packages.types import PackageReport

_MARKS = {"error": "[red]✗[/red] ", "warning": "[yellow]![/yellow] ", "info": "[dim]·[/dim] "}
_OUTCOMES = {
    "pass": "[green]✓[/green] ",
    "fail": "[red]✗[/red] ",
    "not_checked": "[yellow]?[/yellow] ",
    "not_applicable": "[dim]·[/dim] ",
}


@click.group()
@common
def package() -> None:
    """数据包（BagIt、E-ARK、DA/T 93、DA/T 103、EEP）。Packages as others deliver them."""


@package.command()
@click.argument("path", type=click.Path(path_type=Path))
@common
def validate(desk: Desk, path: Path) -> None:
    """验证一个数据包，逐项列出问题，不入库。Validate a package, file nothing: exit 1 when not valid."""
    from ingest.checks.received import check_package  # noqa: PLC0415 - help must not load readers
    from ingest.packages.bounded import validate as validated  # noqa: PLC0415 - help must not load readers

    with desk.notes.status("正在验证 validating", spinner="dots"):
        report = validated(path)
    results = check_package(path.name, report, SystemClock().now())
    value = report.value() | {"checks": [_check_value(result) for result in results]}
    desk.answer(value, lambda console: _show(console, report, results))
    if not report.valid:
        raise Failure


def _check_value(result: "CheckResult") -> dict[str, object]:
    return {
        "code": result.code,
        "nature": str(result.nature),
        "outcome": str(result.outcome),
        "reason": result.reason_code,
    }


def _show(console: Console, report: "PackageReport", results: "Sequence[CheckResult]") -> None:
    console.print("[green]✓ 有效 valid[/green]" if report.valid else "[red]✗ 无效 not valid[/red]")
    say(console, f"{report.kind} {report.version}".rstrip())
    for finding in report.findings:
        say(console, f"{finding.code} {finding.path}", _MARKS[finding.severity])
        say(console, f"    {finding.message('zh')}")
        say(console, f"    {finding.message('en')}")
    say(console, "四性检测 checks")
    for result in results:
        say(console, f"{result.code} {render(result.code, {})}", _OUTCOMES[result.outcome])
        if result.reason_code is not None:
            say(console, f"    {render(result.reason_code, result.params)}")


COMMANDS = (package,)
