"""Commands for whoever writes a connector: test."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.clock import SystemClock
from archive.plan.service import load_plan
from web.cli.context import Desk, Failure, common, say
from web.cli.sources import Given, read_options, with_options

if TYPE_CHECKING:
    from ingest.connectors.contract.bench import Bench
    from ingest.connectors.contract.types import Finding, Report

_MARKS = {"pass": "[green]✓[/green] ", "fail": "[red]✗[/red] ", "not checked": "[yellow]–[/yellow] "}


@click.group()
@common
def connector() -> None:
    """连接器。Connectors, for whoever writes one."""


@connector.command()
@click.argument("reference", metavar="PACKAGE.MODULE:NAME")
@click.option("--location", required=True, help="用来测试的来源 a source to test it with")
@with_options
@click.option("--bad", default="", help="已知有问题的一件的来源编号 the id of a document known to be bad")
@click.option("--most", type=click.IntRange(1, 100_000), help="最多读几件 documents to read at most")
@common
def test(
    desk: Desk,
    reference: str,
    location: str,
    given: Given,
    bad: str,
    most: int | None,
) -> None:
    """检验连接器是否守约；也可写已登记的连接器名称。Ask a connector, or one installed by name, all that is asked."""
    bench = _bench(desk, reference, location, given)
    bench.bad = bad
    bench.most = most or bench.most
    report = _examined(desk, bench)
    desk.answer(_value(report), lambda console: say(console, _verdict(report)))
    if not report.sound:
        raise Failure


def _bench(desk: Desk, reference: str, location: str, given: Given) -> "Bench":
    from ingest.connectors.contract.bench import Bench, Tools  # noqa: PLC0415 - help must not load connectors
    from ingest.connectors.contract.suite import load_kind  # noqa: PLC0415 - as above
    from ingest.connectors.locale import Locale  # noqa: PLC0415 - as above
    from ingest.connectors.registry import Registry  # noqa: PLC0415 - as above
    from ingest.connectors.secrets import Secrets  # noqa: PLC0415 - as above
    from ingest.sources.service import require_location  # noqa: PLC0415 - as above
    from ingest.types import Source  # noqa: PLC0415 - as above

    require_location(location)
    kind = load_kind(reference, Path.cwd()) if ":" in reference else Registry().kind(reference)
    settings, clock = desk.settings, SystemClock()
    plan = load_plan(settings.plan.id)
    locale = Locale(settings.web.timezone, lambda name: plan.region_code(name) or settings.centre.region)
    source = Source("test", kind.name, location, {}, clock.now(), options=read_options(kind, given))
    return Bench(kind, source, Tools(locale, clock, Secrets(settings.secrets)))


def _examined(desk: Desk, bench: "Bench") -> "Report":
    from ingest.connectors.contract.suite import examine  # noqa: PLC0415 - as above

    def look(finding: "Finding") -> None:
        if not desk.as_json:
            say(desk.people, f"{finding.name()} · {finding.code} · {finding.evidence}", _MARKS[finding.result])

    return examine(bench, look)


def _value(report: "Report") -> dict[str, Any]:
    return {
        "connector": report.connector,
        "fine": report.sound,
        "checks": [
            {
                "code": finding.code,
                "name": finding.name(),
                "result": str(finding.result),
                "evidence": finding.evidence,
            }
            for finding in report.findings
        ],
    }


def _verdict(report: "Report") -> str:
    results = [str(finding.result) for finding in report.findings]
    counted = f"通过 pass {results.count('pass')} · 未通过 fail {results.count('fail')}"
    return f"{report.connector} · {counted} · 未能检验 not checked {results.count('not checked')}"


COMMANDS = (connector,)
