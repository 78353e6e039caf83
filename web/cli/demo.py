"""The demonstration: a home, a stand-in platform, everything through the archive, a summary, the pages."""

import json
import secrets
from pathlib import Path

import click
from rich.console import Console

from archive.authorization import SYSTEM_ACTOR
from archive.errors import InvalidInput
from ingest.opening import simulator_location
from ingest.status import Overview
from web.cli.context import Desk, Failure, common, say, table
from web.cli.home import found_home, status_of
from web.cli.intake import require_there, run_to_the_end, source_name
from web.cli.serving import serve_pages

_ACCOUNTS = ("archivist", "inspector")


@click.command()
@click.option("--projects", default=12, show_default=True, type=click.IntRange(1, 100_000), help="项目数")
@click.option("--seed", default=7, show_default=True, type=int, help="随机种子：同一种子，同样的材料")
@click.option("--replay", multiple=True, type=click.Path(path_type=Path), help="另外读入的公告文件或门户轮询记录")
@click.option("--no-serve", is_flag=True, help="结束后不打开网页服务")
@common
def demo(desk: Desk, projects: int, seed: int, replay: tuple[Path, ...], no_serve: bool) -> None:
    """演示：从模拟交易平台到归档、检索、可验证。Run projects from a stand-in platform through the archive."""
    wanted = [(f"simulator-{seed}-{projects}", "portal", simulator_location(seed, projects))]
    wanted += [(source_name("replay", path), _connector(path), str(path.absolute())) for path in replay]
    found_home(desk)
    # Asked for durably before anything is read: whoever stops this anywhere goes on with `juanzong run`.
    desk.runtime.ingest.sources.request(wanted)
    say(desk.notes, f"采集并归档 {projects} 个项目（种子 {seed}）… 数据目录 {desk.settings.home}")
    overview = run_to_the_end(desk)
    desk.answer(_summary(overview), lambda console: _show(console, overview))
    if overview.failed_jobs:
        raise Failure
    if not no_serve:
        _open_doors(desk)
        serve_pages(desk)


def _connector(path: Path) -> str:
    """Which connector a file is for: recorded polls of a portal say when they were taken.

    Raises:
        InvalidInput: it is neither polls nor notices, or not there.
    """
    require_there(path)
    if path.is_dir():
        return "folder"
    with path.open("rb") as lines:
        try:
            first = json.loads(lines.readline())
        except ValueError as error:
            raise InvalidInput("row-not-json", line=1, detail=str(error)) from error
    return "portal" if isinstance(first, dict) and "polled_at" in first else "notices"


def _summary(overview: Overview) -> dict[str, object]:
    status = status_of(overview)
    records = overview.records
    return {
        "captured": sum(records.values()),
        "filed": records_in(overview, "filed"),
        "waiting": overview.review,
        "returned": overview.returned,
        "withdrawn": records_in(overview, "withdrawn"),
        "volumes_closed": sum(n for state, n in overview.volumes.items() if state == "closed"),
        "ledger": status["ledger"],
        "status": status,
    }


def records_in(overview: Overview, state: str) -> int:
    """How many records stand in a state."""
    return sum(number for each, number in overview.records.items() if each == state)


def _show(console: Console, overview: Overview) -> None:
    closed = sum(n for state, n in overview.volumes.items() if state == "closed")
    incomplete = sum(n for state, n in overview.volumes.items() if state == "incomplete")
    table(
        console,
        "结果 summary",
        {
            "采集 captured": sum(overview.records.values()),
            "已归档 filed": records_in(overview, "filed"),
            "已预归档 placed": records_in(overview, "placed"),
            "待人工处理 waiting for a person": overview.review,
            "退回来源 returned with reasons": overview.returned,
            "未能接收 refused": overview.refused,
            "来源撤回 withdrawn": records_in(overview, "withdrawn"),
            "案卷已归档 volumes closed": closed,
            "案卷应归未归 volumes incomplete": incomplete,
            "账本 ledger entries": overview.ledger_size,
            "签名检查点 checkpoint": overview.ledger_published,
        },
    )


def _open_doors(desk: Desk) -> None:
    """Give the built-in accounts passwords made now and shown once; there are none by default."""
    desk.notes.print("本次演示的登录口令（只显示这一次） passwords for this demo, shown once:", highlight=False)
    for name in _ACCOUNTS:
        password = secrets.token_urlsafe(12)
        desk.services.access.set_password(name, password, by=SYSTEM_ACTOR)
        say(desk.notes, f"  {name}  {password}")


COMMANDS = (demo,)
