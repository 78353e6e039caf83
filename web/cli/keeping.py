"""Commands that keep a second copy: backup, restore."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click
from rich.console import Console
from rich.progress import Progress

from archive.backup.making import Backup, Made, Original
from archive.backup.restoring import Restoration, Restored
from archive.backup.snapshot import Snapshot
from archive.clock import SystemClock
from archive.ledger.repository import LedgerRepository
from archive.wiring import build_blobs
from search.projector import FOLLOWER
from web.cli.context import Desk, Failure, common, say, table
from web.cli.home import examine, rebuild, show_examined

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
_WORKED_ON = {"rows": "登记 rows", "files": "文件 files"}


@click.command()
@_FOLDER
@click.option("--thorough", is_flag=True, help="同时复查备份中已有的文件 also read again what is in the backup already")
@common
def backup(desk: Desk, folder: Path, thorough: bool) -> None:
    """备份到目录，已有的文件不再复制。Add a snapshot to a folder; files already there are not copied again."""
    kernel = desk.runtime.kernel
    # Signed first, so that nearly everything in the snapshot is under a checkpoint.
    kernel.integrator.publish()
    original = Original(kernel.database, kernel.blobs, desk.settings.ledger, kernel.clock)
    with _shown(desk) as progress:
        made = Backup(original, folder.absolute(), progress, thorough=thorough).make()
    desk.answer(_described(made), lambda console: _show_made(console, made))


def _described(made: Made) -> dict[str, Any]:
    manifest = made.manifest
    return {
        "snapshot": made.snapshot.name,
        "path": str(made.snapshot),
        "rows": sum(manifest.tables.values()),
        "files": manifest.blobs,
        "bytes": manifest.blob_bytes,
        "copied": made.copied,
        "copied_bytes": made.copied_bytes,
        "ledger": {"size": manifest.ledger.size, "root": manifest.ledger.root},
    }


def _show_made(console: Console, made: Made) -> None:
    manifest = made.manifest
    rows = {
        "登记 rows": sum(manifest.tables.values()),
        "文件 files": f"{manifest.blobs}（{manifest.blob_bytes} 字节）",
        "新复制 copied": f"{made.copied}（{made.copied_bytes} 字节）",
        "账本 ledger": manifest.ledger.size,
    }
    say(console, f"已备份 {made.snapshot}")
    table(console, "快照 snapshot", rows)
    say(console, "快照含签名密钥与未公开内容，请限制读取权限。It holds the signing key: guard it.")


@click.command()
@_FOLDER
@click.option("--snapshot", "name", help="快照名称，默认最新 name of the snapshot, by default the newest")
@common
def restore(desk: Desk, folder: Path, name: str | None) -> None:
    """从备份恢复到空的数据目录，复查并重建索引。Restore into an empty home, examine everything, build the index."""
    settings, clock = desk.settings, SystemClock()
    snapshot = Snapshot.open(folder.absolute(), name)
    with _shown(desk) as progress:
        restored = Restoration(snapshot, settings, build_blobs(settings.blobs), clock, progress).run()
    examined = examine(desk)
    answer = {
        "snapshot": snapshot.folder.name,
        "rows": restored.rows,
        "files": restored.blobs,
        "jobs_released": restored.released,
        "examined": examined,
        "indexed": None,
    }
    if examined["clean"]:
        answer["indexed"] = _index(desk)
    desk.answer(answer, lambda console: _show_restored(console, snapshot.folder.name, restored, answer))
    if not examined["clean"]:
        raise Failure


def _index(desk: Desk) -> int:
    """Build the index, which is in no backup, and let its follower go on from there; how many records it holds."""
    kernel, rebuilt = desk.runtime.kernel, rebuild(desk)
    with kernel.database.writing() as uow:
        for entry in kernel.ledger.read(uow.connection, rebuilt.position - 1, 1):
            LedgerRepository(uow.connection).set_position(FOLLOWER, entry.index, entry.at)
    return rebuilt.documents


def _show_restored(console: Console, name: str, restored: Restored, answer: dict[str, Any]) -> None:
    rows = {"登记 rows": restored.rows, "文件 files": restored.blobs, "重新等待的任务 jobs": restored.released}
    say(console, f"已恢复 {name}")
    table(console, "放回 put back", rows)
    show_examined(console, answer["examined"])
    if answer["indexed"] is not None:
        say(console, f"已建全文索引，共 {answer['indexed']} 件")
    say(console, "快照之后的采集不在其中：请运行 juanzong sync。What came later is not in it: run juanzong sync.")


@contextmanager
def _shown(desk: Desk) -> Iterator[Callable[[Literal["rows", "files"], int], None]]:
    with Progress(console=desk.notes, transient=True) as progress:
        tasks = {what: progress.add_task(words, total=None) for what, words in _WORKED_ON.items()}
        yield lambda what, done: progress.update(tasks[what], completed=done)


COMMANDS = (backup, restore)
