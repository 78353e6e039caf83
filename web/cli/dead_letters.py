"""The command of dead letters."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.authorization import SYSTEM_ACTOR
from archive.messages import render
from web.cli.context import Desk, common, table

if TYPE_CHECKING:
    from ingest.dead_letters.types import DeadLetter


@click.command(name="dead-letters")
@click.option("--reason", metavar="CODE", help="只看一种原因 of one reason only")
@click.option("--source", help="只看一个来源 of one source only")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--resume", is_flag=True, help="从失败处继续，可用 --reason、--source 限定 go on with them, as narrowed")
@click.option("--orphans", is_flag=True, help="列出无所归属的条目 list what belongs to nothing instead")
@common
def dead_letters(
    desk: Desk, *, reason: str | None, source: str | None, limit: int, resume: bool, orphans: bool
) -> None:
    """列出未能接收和未能完成的，并可继续。List what could not be taken in or done, and go on where it failed."""
    letters = desk.runtime.ingest.reconciliation.dead_letters
    if orphans:
        belonging = asdict(letters.orphans(limit))
        desk.answer(belonging, lambda console: table(console, "无所归属", belonging))
        return
    answer: dict[str, Any] = {}
    if resume:
        answer["resumed"] = letters.resume(SYSTEM_ACTOR, reason, source).as_json()
    found = letters.all(reason, source, limit)
    answer |= {"reasons": dict(letters.by_reason(source)), "dead_letters": [_value(letter) for letter in found]}
    desk.answer(answer, lambda console: _show(console, found, answer))


def _value(letter: "DeadLetter") -> dict[str, Any]:
    advice = None if letter.by_us else render("dead-letter-sender", {"sha256": letter.raw_sha256 or "-"})
    moments = {"first": letter.first, "last": letter.last}
    shown = {name: moment.isoformat() if moment else None for name, moment in moments.items()}
    return asdict(letter) | {"what": str(letter.what), "advice": advice} | shown


def _show(console: Console, found: "list[DeadLetter]", answer: dict[str, Any]) -> None:
    if "resumed" in answer:
        resumed = answer["resumed"]
        table(
            console,
            "继续",
            {
                "重新排队的任务 jobs": resumed["jobs"],
                "将重新采集 fetched again": resumed["arrivals"],
                "须请对方重报 to be sent again": resumed["sender"],
            },
        )
    table(console, "原因 reasons", answer["reasons"])
    grid = Table("来源", "编号", "环节", "原因", "次数", "最近")
    for letter in found:
        last = letter.last.isoformat(timespec="seconds") if letter.last else "—"
        cells = (letter.source or "—", letter.key, letter.step, letter.code, str(letter.tries), last)
        grid.add_row(*map(escape, cells))
    console.print(grid if found else "没有待处理的 none")


COMMANDS = (dead_letters,)
