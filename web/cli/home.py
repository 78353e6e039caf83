"""Commands about the archive as a whole: init, status, fsck, reindex."""

from collections.abc import Mapping
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from access_control.wiring import build_access, ensure_defaults
from archive.authorization import SYSTEM_ACTOR
from archive.clock import SystemClock
from archive.db.uow import Database, UnitOfWork
from archive.errors import Damaged
from archive.fixity.fsck import Examination
from archive.ids import RandomIds
from archive.ledger.service import Ledger
from archive.ledger.trust import TrustUnreadable, parse_trust
from archive.wiring import found
from ingest.status import Overview
from search.rebuild import Rebuilt
from web.cli.context import Desk, Failure, common, say, table


def found_home(desk: Desk) -> bool:
    """Make the home with its database, key, policy and built-in accounts; whether it is new."""
    region = desk.settings.centre.region

    def defaults(uow: UnitOfWork, database: Database, ledger: Ledger) -> None:
        ensure_defaults(uow, build_access(database, SystemClock(), RandomIds(), ledger), region)

    return found(desk.settings, defaults)


@click.command()
@common
def init(desk: Desk) -> None:
    """初始化数据目录，可重复执行。Make the home; harmless to repeat."""
    new = found_home(desk)
    settings = desk.settings

    def show(console: Console) -> None:
        say(console, f"{'已初始化' if new else '已是最新'} · {settings.home}")
        say(console, f"信任文件（交给证据包的接收方） {settings.ledger.trust_path}")
        say(console, "设置登录口令：juanzong account password archivist")

    desk.answer({"home": str(settings.home), "created": new, "trust": str(settings.ledger.trust_path)}, show)


def status_of(overview: Overview) -> dict[str, Any]:
    """How the archive stands, as `status --json` prints it."""
    return {
        "records": {str(state): number for state, number in overview.records.items()},
        "volumes": {str(state): number for state, number in overview.volumes.items()},
        "review": overview.review,
        "returned": overview.returned,
        "refused": overview.refused,
        "gone": overview.gone,
        "ledger": {"size": overview.ledger_size, "published": overview.ledger_published},
        "index": {"lag": overview.index_lag},
        "jobs": {
            "pending": overview.pending_jobs,
            "failed": [{"kind": j.kind, "key": j.key, "code": j.code} for j in overview.failed_jobs],
        },
        "sources": [
            {"name": source.name, "connector": source.connector, "failure": source.failure_code}
            for source in overview.sources
        ],
    }


_STATES = {
    "captured": "已采集",
    "checked": "已检测",
    "classified": "已分类",
    "waiting": "待人工处理",
    "returned": "已退回来源",
    "placed": "已预归档",
    "filed": "已归档",
    "withdrawn": "来源已撤回",
    "open": "未结",
    "incomplete": "应归未归",
    "closed": "已归档",
}


def show_status(console: Console, overview: Overview) -> None:
    """How the archive stands, for people."""
    table(console, "件 records", {_STATES[state]: number for state, number in overview.records.items() if number})
    table(console, "案卷 volumes", {_STATES[state]: number for state, number in overview.volumes.items() if number})
    table(
        console,
        "其他",
        {
            "待人工处理 review": overview.review,
            "未能接收 refused": overview.refused,
            "来源已无 gone": overview.gone,
            "账本 ledger": f"{overview.ledger_size}（已签 {overview.ledger_published}）",
            "索引滞后 index lag": overview.index_lag,
            "任务 jobs": f"{overview.pending_jobs}（搁置 {len(overview.failed_jobs)}）",
        },
    )


@click.command()
@common
def status(desk: Desk) -> None:
    """各状态的数量。How many of everything stand where."""
    overview = desk.services.status.overview(SYSTEM_ACTOR)
    desk.answer(status_of(overview), lambda console: show_status(console, overview))


@click.command()
@common
def fsck(desk: Desk) -> None:
    """逐字节复查全部档案与账本。Read everything again and hold it against the ledger."""
    examined = examine(desk)
    desk.answer(examined, lambda console: show_examined(console, examined))
    if not examined["clean"]:
        raise Failure


def examine(desk: Desk) -> dict[str, Any]:
    """Examine everything, as `fsck --json` prints it.

    Raises:
        Damaged: there is no trust file to examine signatures with.
    """
    kernel = desk.runtime.kernel
    path = desk.settings.ledger.trust_path
    try:
        trust = parse_trust(path.read_bytes())
    except (OSError, TrustUnreadable) as error:
        raise Damaged("fsck-trust-unreadable", path=path) from error
    with Progress(console=desk.notes, transient=True) as progress:
        task = progress.add_task("复查 reading", total=None)
        examined = Examination(
            kernel.database, kernel.blobs, trust, lambda files: progress.update(task, completed=files)
        ).run()
    findings = [
        {"code": f.code, "severity": str(f.severity), "message": f.message, "path": f.path} for f in examined.findings
    ]
    return {
        "clean": not findings,
        "records": examined.records,
        "files": examined.files,
        "volumes": examined.volumes,
        "entries": examined.entries,
        "findings": findings,
    }


def show_examined(console: Console, examined: Mapping[str, Any]) -> None:
    """What an examination found, for people."""
    for finding in examined["findings"]:
        say(console, f"{finding['code']} {finding['path']}", "[red]✗[/red] ")
        say(console, f"  {finding['message']}")
    title = "完好 clean" if examined["clean"] else f"发现 {len(examined['findings'])} 处问题"
    table(console, title, {name: examined[name] for name in ("records", "files", "volumes", "entries")})


@click.command()
@common
def reindex(desk: Desk) -> None:
    """在旧索引旁重建全文索引。Rebuild the search index beside the old one."""
    rebuilt = rebuild(desk)
    desk.answer(
        {"documents": rebuilt.documents, "position": rebuilt.position},
        lambda console: console.print(f"已重建，共 {rebuilt.documents} 件", highlight=False),
    )


def rebuild(desk: Desk) -> Rebuilt:
    """Build the index anew, and show how far it is."""
    with Progress(console=desk.notes, transient=True) as progress:
        task = progress.add_task("建索引 indexing", total=None)
        return desk.runtime.search.rebuilder.rebuild(
            lambda done, total: progress.update(task, completed=done, total=total)
        )


COMMANDS = (init, status, fsck, reindex)
