"""Commands about formats: what the policy says of them, and what the archive holds."""

from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.authorization import SYSTEM_ACTOR
from archive.messages import render
from ingest.formats.policy import FormatAction, FormatRisk, FormatRule, read_format_policy
from ingest.formats.risk import FormatStanding, overview
from web.cli.context import Desk, common, say

_ACTIONS = {
    FormatAction.PRESERVE: "保存原样",
    FormatAction.DERIVE: "接收并制作副本",
    FormatAction.ASK: "由人决定",
    FormatAction.REFUSE: "拒收",
}
_RISKS = {FormatRisk.LOW: "低", FormatRisk.MEDIUM: "中", FormatRisk.HIGH: "高"}


@click.group()
@common
def formats() -> None:
    """格式：策略与风险。Formats: the policy, and the risks in what the archive holds."""


@formats.command(name="policy")
@common
def policy(desk: Desk) -> None:
    """各种格式如何处理，以及为什么。What follows from each format, and why."""
    current = read_format_policy(desk.settings.examination.format_policy)

    def show(console: Console) -> None:
        grid = Table("格式", "处理", "风险", "理由", "依据")
        for rule in current.rules:
            reasons = "".join(render(code, {}) for code in rule.grounds)
            grid.add_row(*map(escape, (rule.name, _ACTIONS[rule.action], _RISKS[rule.risk], reasons, rule.basis)))
        console.print(grid)
        say(console, f"策略版本 {current.version}")

    desk.answer({"version": current.version, "formats": [_rule_value(rule) for rule in current.rules]}, show)


@formats.command(name="overview")
@common
def overview_(desk: Desk) -> None:
    """库中各种格式的数量与风险，高者在前。Formats in the archive by risk, the highest first."""
    current = read_format_policy(desk.settings.examination.format_policy)
    standings = overview(desk.services.status.formats(SYSTEM_ACTOR), current)

    def show(console: Console) -> None:
        grid = Table("风险", "格式", "PUID", "MIME", "文件", "处理")
        for standing in standings:
            count, decision = standing.count, standing.decision
            cells = (_RISKS[decision.risk], count.label, count.puid or "—", count.mime, str(count.files))
            grid.add_row(*map(escape, (*cells, _ACTIONS[decision.action])))
        console.print(grid if standings else "没有文件 no files")
        say(console, f"策略版本 {current.version}")

    desk.answer({"version": current.version, "formats": [_standing_value(one) for one in standings]}, show)


def _rule_value(rule: FormatRule) -> dict[str, Any]:
    value = {"name": rule.name, "puids": list(rule.puids), "mimes": list(rule.mimes), "action": str(rule.action)}
    return value | {"risk": str(rule.risk), "grounds": list(rule.grounds), "basis": rule.basis}


def _standing_value(standing: FormatStanding) -> dict[str, Any]:
    count, decision = standing.count, standing.decision
    value: dict[str, Any] = {"puid": count.puid, "mime": count.mime, "label": count.label, "files": count.files}
    return value | {
        "action": str(decision.action),
        "risk": str(decision.risk),
        "code": decision.code,
        "grounds": list(decision.grounds),
        "rule": decision.rule,
    }


COMMANDS = (formats,)
