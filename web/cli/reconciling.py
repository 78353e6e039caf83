"""Commands of reconciliation: reconcile, differences."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from archive.authorization import SYSTEM_ACTOR
from web.cli.context import Desk, Failure, common, say, table

if TYPE_CHECKING:
    from ingest.reconciliation.types import Difference, Run

_KINDS = ("missing", "extra", "changed", "moved")
_STATES = ("open", "asked", "repaired", "accepted")


@click.command()
@click.argument("source", required=False)
@click.option(
    "--inventory",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="来源提交的清单（JSON 行） a list that the source handed in, JSON lines",
)
@click.option("--report", is_flag=True, help="随后归档当日对账单 then file the report of the day")
@common
def reconcile(desk: Desk, source: str | None, inventory: Path | None, *, report: bool) -> None:
    """与来源对账。Compare what a source says it has with what is held; without SOURCE every one that can be asked."""
    if inventory is not None and source is None:
        raise click.UsageError("--inventory needs SOURCE")
    runs = [_run(desk, source, inventory)] if source else [_run(desk, name, None) for name in _all(desk)]
    answer: dict[str, Any] = {"runs": {run.source: run_value(run) for run in runs}}
    if report:
        reconciliation = desk.runtime.ingest.reconciliation
        day: date = reconciliation.daily.today()
        answer["report"] = {"day": day.isoformat(), **reconciliation.daily.file(day.isoformat()).as_json()}
    desk.answer(answer, lambda console: _show_runs(console, runs))
    if any(run.state != "done" or _unsettled(desk, run.source) for run in runs):
        raise Failure


def _run(desk: Desk, name: str, inventory: Path | None) -> "Run":
    from ingest.reconciliation.lists import read_listing  # noqa: PLC0415 - loads long, help must not

    service = desk.runtime.ingest.reconciliation.service
    if inventory is None:
        return service.reconcile(name)
    with inventory.open("rb") as lines:
        return service.hand_in(name, read_listing(lines))


def _all(desk: Desk) -> list[str]:
    service = desk.runtime.ingest.reconciliation.service
    registered = desk.runtime.ingest.sources.all()
    return [source.name for source in registered if source.paused_at is None and service.is_read(source)]


def _unsettled(desk: Desk, name: str) -> bool:
    return bool(desk.runtime.ingest.reconciliation.service.differences(name, limit=1))


def run_value(run: "Run") -> dict[str, Any]:
    """A run as programs get it."""
    return {
        "id": run.id,
        "state": str(run.state),
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat(),
        "counts": dict(run.counts),
        "code": run.code,
        "message": run.message,
    }


def _show_runs(console: Console, runs: "list[Run]") -> None:
    for run in runs:
        table(console, f"{run.source}：{run.state}", dict(run.counts))
        if run.message:
            say(console, f" {run.message}", f"  [yellow]{run.code}[/yellow]")
    if not runs:
        console.print("没有可对账的来源 no source that can be asked")


@click.command()
@click.option("--source", help="只看一个来源 of one source only")
@click.option("--kind", type=click.Choice(_KINDS), help="只看一种差异 of one kind only")
@click.option("--state", type=click.Choice(_STATES), help="缺省为未处理的 by default those not settled")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--repair", metavar="ID", help="修复一项差异 repair one")
@click.option("--all", "repair_all", is_flag=True, help="修复所列全部 repair all of them, as narrowed")
@click.option("--accept", metavar="ID", help="接受一项差异，须写 --reason let one stay, with --reason")
@click.option("--reason", default="", help="接受的理由 why it may stay")
@common
def differences(  # noqa: PLR0913 - one option each of the command line
    desk: Desk,
    *,
    source: str | None,
    kind: str | None,
    state: str | None,
    limit: int,
    repair: str | None,
    repair_all: bool,
    accept: str | None,
    reason: str,
) -> None:
    """列出或修复差异。List what differs from the sources, repair it, or say why it may stay."""
    from ingest.reconciliation.repository import UNSETTLED  # noqa: PLC0415 - loads long, help must not
    from ingest.reconciliation.types import DifferenceState, Kind  # noqa: PLC0415 - the same

    if sum((repair is not None, repair_all, accept is not None)) > 1:
        raise click.UsageError("--repair, --all and --accept exclude each other")
    reconciliation = desk.runtime.ingest.reconciliation
    wanted = Kind(kind) if kind else None
    answer: dict[str, Any] = {}
    if accept is not None:
        reconciliation.repairs.accept(SYSTEM_ACTOR, accept, reason)
    elif repair is not None:
        answer["repaired"] = reconciliation.repairs.repair(SYSTEM_ACTOR, repair).as_json()
    elif repair_all:
        answer["repaired"] = reconciliation.repairs.repair_all(SYSTEM_ACTOR, source, wanted).as_json()
    states = (DifferenceState(state),) if state else UNSETTLED
    found = reconciliation.service.differences(source, states, wanted, "", limit)
    answer["differences"] = [_value(difference) for difference in found]
    desk.answer(answer, lambda console: _show(console, found, answer.get("repaired")))


def _value(difference: "Difference") -> dict[str, Any]:
    return {
        "id": difference.id,
        "source": difference.source,
        "external_id": difference.external_id,
        "kind": str(difference.kind),
        "state": str(difference.state),
        "data_set": difference.data_set,
        "day": difference.day.isoformat() if difference.day else None,
        "theirs": difference.theirs,
        "ours": difference.ours,
        "found": difference.found.isoformat(),
        "reason": difference.reason,
    }


def _show(console: Console, found: "list[Difference]", repaired: dict[str, int] | None) -> None:
    if repaired is not None:
        table(
            console,
            "修复",
            {
                "将重新采集 fetched again": repaired["asked"],
                "已标记来源不再提供 flagged": repaired["flagged"],
                "须请对方重报 to be sent again": repaired["sender"],
            },
        )
    # Whoever repairs one has to type its id: it is never cut short.
    grid = Table(Column("差异号", no_wrap=True), "来源", Column("编号", overflow="fold"), "差异", "状态", "日期")
    for difference in found:
        cells = (difference.id, difference.source, difference.external_id, str(difference.kind), str(difference.state))
        grid.add_row(*map(escape, cells), difference.day.isoformat() if difference.day else "—")
    console.print(grid if found else "没有差异 nothing differs")


COMMANDS = (reconcile, differences)
