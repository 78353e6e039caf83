"""Commands of verdicts: checks list, stale, again, run, report, tasks, answer, policy."""

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from archive.authorization import SYSTEM_ACTOR
from archive.errors import InvalidInput
from archive.messages import render
from web.cli.context import Desk, common, table

if TYPE_CHECKING:
    from ingest.verdicts.types import Run, StoredPolicy, Task
    from ingest.verdicts.wiring import Verdicts

_PHASES = ("filing", "transfer", "keeping")
_RULINGS = ("accept", "ask", "refuse")
_FORMATS = ("json", "html", "pdf")
_LIMIT = click.IntRange(1, 100_000)


@click.group()
@common
def checks() -> None:
    """四性检测的结论、策略、任务与报告。Verdicts, policies, tasks and reports of the four-nature checks."""


@checks.command("list")
@click.option("--ruling", type=click.Choice(_RULINGS), help="只看一种结论 of one ruling only")
@click.option("--worse", is_flag=True, help="只看比上次差的 those that came out worse than before")
@click.option("--limit", type=_LIMIT, default=100, show_default=True)
@common
def list_runs(desk: Desk, *, ruling: str | None, worse: bool, limit: int) -> None:
    """列出各对象最近一次检测。List the last run over each record, volume and the system."""
    from ingest.checks.gate import Ruling  # noqa: PLC0415 - loads long, help must not

    found = _verdicts(desk).again.runs([Ruling(ruling)] if ruling else [], worse=worse, limit=limit)
    desk.answer({"runs": [run_value(run) for run in found]}, lambda console: _show_runs(console, found))


@checks.command()
@click.option("--limit", type=_LIMIT, default=100, show_default=True)
@common
def stale(desk: Desk, *, limit: int) -> None:
    """列出规则、工具或策略变更后未重检的文件。List records last checked under other rules than those in force."""
    found = _verdicts(desk).again.stale(limit)
    value = {"count": found.count, "records": list(found.records)}

    def show(console: Console) -> None:
        table(console, "待重检 stale", {"文件 records": found.count})
        for record_id in found.records:
            console.print(record_id, highlight=False)

    desk.answer(value, show)


@checks.command()
@click.option("--record", "records", multiple=True, metavar="ID", help="重检一件，可多次给出 one record, repeatable")
@click.option("--stale", "of_stale", is_flag=True, help="重检所有过时的 those that are stale")
@click.option("--limit", type=_LIMIT, default=1_000, show_default=True)
@common
def again(desk: Desk, *, records: tuple[str, ...], of_stale: bool, limit: int) -> None:
    """安排重检，文件状态不变。Put records up for checking anew; where they stand does not change."""
    if bool(records) is of_stale:
        raise click.UsageError("give --record or --stale")
    service = _verdicts(desk).again
    wanted = service.stale(limit).records if of_stale else records
    asked = service.ask(wanted) if wanted else 0
    desk.answer({"asked": asked}, lambda console: table(console, "重检", {"已安排 put up": asked}))


@checks.command()
@click.option("--phase", type=click.Choice(_PHASES), default="filing", show_default=True, help="环节 phase")
@click.option("--volume", metavar="VOLUME", help="案卷号或档号 id or reference code of a volume")
@click.option("--all", "every", is_flag=True, help="所有已归档案卷和系统 every closed volume and the system")
@common
def run(desk: Desk, *, phase: str, volume: str | None, every: bool) -> None:
    """检测案卷并归档报告。Check closed volumes, file their reports; with --all the system itself as well."""
    from ingest.checks.types import Phase  # noqa: PLC0415 - loads long, help must not

    if (volume is not None) is every:
        raise click.UsageError("give --volume or --all")
    service, wanted = _verdicts(desk), Phase(phase)
    references = service.volumes.closed() if volume is None else [volume]
    runs = [service.again.run(service.volumes.check(reference, wanted).run) for reference in references]
    if every:
        made, _ = service.volumes.system(wanted)
        runs.append(made)
    desk.answer({"runs": [run_value(each) for each in runs]}, lambda console: _show_runs(console, runs))


@checks.command()
@click.argument("volume")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="pdf", show_default=True, help="格式 form")
@click.option("--phase", type=click.Choice(_PHASES), default="filing", show_default=True, help="环节 phase")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="写入 where to")
@common
def report(desk: Desk, volume: str, *, form: str, phase: str, output: Path) -> None:
    """取出随案卷归档的检测报告。Take the report out that was filed with a volume."""
    from ingest.checks.types import Phase  # noqa: PLC0415 - loads long, help must not
    from ingest.verdicts.types import ReportFormat  # noqa: PLC0415 - the same

    filed, data = _verdicts(desk).volumes.report(volume, ReportFormat(form), Phase(phase))
    try:
        output.write_bytes(data)
    except OSError as error:
        raise InvalidInput("check-report-unwritable", path=str(output), detail=error.strerror) from error
    value = {"run": filed.run, "sha256": filed.digests[ReportFormat(form)], "size": len(data), "path": str(output)}
    desk.answer(value, lambda console: table(console, "检测报告 report", value))


@checks.command()
@click.option("--state", type=click.Choice(("open", "answered")), default="open", show_default=True)
@click.option("--limit", type=_LIMIT, default=100, show_default=True)
@common
def tasks(desk: Desk, *, state: str, limit: int) -> None:
    """列出须由人员或外部服务回答的检测项。List what people or services have to answer."""
    from ingest.verdicts.types import TaskState  # noqa: PLC0415 - loads long, help must not

    found = _verdicts(desk).tasks.page(TaskState(state), limit)
    desk.answer({"tasks": [task_value(task) for task in found]}, lambda console: _show_tasks(console, found))


@checks.command()
@click.argument("task")
@click.option("--pass", "outcome", flag_value="pass", help="通过 it holds")
@click.option("--fail", "outcome", flag_value="fail", help="不通过 it does not")
@click.option("--not-applicable", "outcome", flag_value="not_applicable", help="不适用 there is nothing of the kind")
@click.option("--note", required=True, help="意见，须写明依据 what the answer rests on")
@click.option("--as", "name", default=SYSTEM_ACTOR.name, show_default=True, help="由谁回答 which account answers")
@common
def answer(desk: Desk, task: str, *, outcome: str | None, note: str, name: str) -> None:
    """回答检测任务，计入下一次检测。Answer a task; the next run counts it."""
    from ingest.outcomes import Outcome  # noqa: PLC0415 - loads long, help must not

    if outcome is None:
        raise click.UsageError("give --pass, --fail or --not-applicable")
    answered = _verdicts(desk).tasks.answer(desk.actor(name), task, Outcome(outcome), note)
    desk.answer({"task": task_value(answered)}, lambda console: _show_tasks(console, [answered]))


@checks.group()
@common
def policy() -> None:
    """检测策略。The policy by which checks are judged."""


@policy.command("show")
@common
def show_policy(desk: Desk) -> None:
    """显示现行策略全文。Show the policy in force."""
    stored, text = _verdicts(desk).policies.in_force()
    value = {"policy": None if stored is None else policy_value(stored), "text": text}
    desk.answer(value, lambda console: console.print(text, markup=False, highlight=False, soft_wrap=True))


@policy.command("list")
@common
def list_policies(desk: Desk) -> None:
    """列出本馆启用过的策略。List the policies that were set here."""
    found = _verdicts(desk).policies.all()

    def show(console: Console) -> None:
        grid = Table("版本 version", "生效 from", "理由 reason", "提交人 actor")
        for each in found:
            grid.add_row(*map(escape, (each.version, each.effective_from.isoformat(), each.reason, each.actor)))
        console.print(grid if found else "使用随系统提供的策略 the policy that comes with the archive")

    desk.answer({"policies": [policy_value(each) for each in found]}, show)


@policy.command("set")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="生效日期 effective from")
@click.option("--reason", required=True, help="理由 why")
@click.option("--as", "name", default=SYSTEM_ACTOR.name, show_default=True, help="由谁提交 which account sets it")
@common
def set_policy(desk: Desk, file: Path, *, day: datetime, reason: str, name: str) -> None:
    """自某日起启用新策略。Set a policy that holds from a day on."""
    begins = datetime.combine(day.date(), time(), desk.settings.web.timezone)
    stored = _verdicts(desk).policies.set(desk.actor(name), _text_of(file), begins, reason)
    desk.answer({"policy": policy_value(stored)}, lambda console: table(console, "策略", policy_value(stored)))


@policy.command("try")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--last", type=_LIMIT, default=1_000, show_default=True, help="重判最近多少次检测 how many runs")
@common
def try_policy(desk: Desk, file: Path, *, last: int) -> None:
    """试算新策略会改变多少结论，不保存。Tell how many verdicts a policy would change, without setting it."""
    trial = _verdicts(desk).policies.trial(_text_of(file), last)
    changes = {f"{before} → {after}": number for (before, after), number in sorted(trial.changes.items())}
    value = {"judged": trial.judged, "changes": changes, "examples": list(trial.examples)}
    shown = {"重判 judged": trial.judged, **(changes or {"改变 changed": 0})}
    desk.answer(value, lambda console: table(console, "策略试算", shown))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("check-policy-malformed", detail="UTF-8") from error


def _verdicts(desk: Desk) -> "Verdicts":
    return desk.runtime.ingest.verdicts


def run_value(made: "Run") -> dict[str, Any]:
    """A run as programs get it."""
    return {
        "id": made.id,
        "kind": str(made.subject.kind),
        "subject": made.subject.id,
        "version": made.subject.version,
        "phase": str(made.phase),
        "number": made.number,
        "ruling": None if made.ruling is None else str(made.ruling),
        "before": None if made.before is None else str(made.before),
        "worse": made.worse,
        "policy": made.policy,
        "at": made.at.isoformat(),
    }


def task_value(task: "Task") -> dict[str, Any]:
    """A task as programs get it."""
    return {
        "id": task.id,
        "kind": str(task.subject.kind),
        "subject": task.subject.id,
        "phase": str(task.phase),
        "code": task.code,
        "state": str(task.state),
        "outcome": None if task.outcome is None else str(task.outcome),
        "note": task.note,
        "actor": task.actor,
        "asked_at": task.asked_at.isoformat(),
        "answered_at": None if task.answered_at is None else task.answered_at.isoformat(),
    }


def policy_value(stored: "StoredPolicy") -> dict[str, Any]:
    """A policy as programs get it, without its text."""
    return {
        "version": stored.version,
        "effective_from": stored.effective_from.isoformat(),
        "reason": stored.reason,
        "actor": stored.actor,
        "at": stored.at.isoformat(),
    }


def _show_runs(console: Console, found: "list[Run]") -> None:
    # An id is what one goes on with: it is never cut short.
    grid = Table(
        Column("对象 subject", no_wrap=True), "环节 phase", "次 no.", "结论 ruling", "此前 before", "策略 policy"
    )
    for made in found:
        before = "—" if made.before is None else str(made.before)
        cells = (made.subject.id, str(made.phase), str(made.number), str(made.ruling or "—"), before, made.policy)
        grid.add_row(*map(escape, cells), style="red" if made.worse else None)
    console.print(grid if found else "没有检测记录 no runs")


def _show_tasks(console: Console, found: "list[Task]") -> None:
    # Whoever answers one has to type its id: it is never cut short.
    grid = Table(
        Column("任务号 task", no_wrap=True),
        "检测项 check",
        Column("对象 subject", no_wrap=True),
        "状态 state",
        "结果 outcome",
    )
    for task in found:
        name = f"{task.code} {render(task.code, {})}"
        cells = (task.id, name, task.subject.id, str(task.state), str(task.outcome or "—"))
        grid.add_row(*map(escape, cells))
    console.print(grid if found else "没有任务 no tasks")


COMMANDS = (checks,)
