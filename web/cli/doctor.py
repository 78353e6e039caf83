"""`juanzong doctor`: is this machine fit, is the archive's set-up complete, and what are its servers."""

import hashlib
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from archive.db.describing import describe
from archive.errors import ArchiveError
from archive.servers import Described, Lack
from ingest.bounded.room import Room
from ingest.bounded.state import isolation
from ingest.extractors.tika_server import TikaServer
from ingest.wiring import build_scanner
from ingest.worker import Runtime
from web.cli.context import Desk, Failure, common, say
from web.cli.object_store import examine_object_store, object_store_value, show_object_store

_LEAST_FREE = 1 << 30
_OLDEST_SQLITE = (3, 35)
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class _Server:
    """A part of the archive that is a server, and what it said or why it did not."""

    name: str
    said: Described | ArchiveError

    @property
    def fit(self) -> bool:
        """Whether the archive can run on it."""
        return isinstance(self.said, Described) and not any(lack.fatal for lack in self.said.lacks)

    def value(self) -> dict[str, Any]:
        """As `--json` prints it."""
        if isinstance(self.said, ArchiveError):
            problem = {"code": self.said.code, "message": self.said.message()}
            return {"name": self.name, "reachable": False, "error": problem}
        return {
            "name": self.name,
            "reachable": True,
            "place": self.said.place,
            "version": self.said.version,
            "abilities": list(self.said.abilities),
            "lacks": [{"code": lack.code, "fatal": lack.fatal, "message": lack.sentence()} for lack in self.said.lacks],
        }

    def show(self, console: Console) -> None:
        """For people; under a server stands what it lacks, and what that costs."""
        mark = "[green]✓[/green] " if self.fit else "[red]✗[/red] "
        if isinstance(self.said, ArchiveError):
            say(console, f"{self.name} {self.said.message()}", mark)
            return
        about = " · ".join(part for part in (self.said.place, self.said.version, *self.said.abilities) if part)
        say(console, f"{self.name} {about}", mark)
        for lack in self.said.lacks:
            say(console, lack.sentence(), "  [red]✗[/red] " if lack.fatal else "  [yellow]![/yellow] ")


@click.command()
@click.option("--object-store", is_flag=True, help="检验对象存储的能力 see what the S3 service can do")
@common
def doctor(desk: Desk, object_store: bool) -> None:
    """检查本机、数据目录与各服务。Look at this machine, the home and the servers."""
    report = examine_object_store(desk) if object_store else None
    checks = [*_machine(desk), *_home(desk)]
    servers = list(_servers(desk))
    fine = all(ok for _, ok, _ in checks) and all(server.fit for server in servers)
    fine = fine and (report is None or report.sound)

    def show(console: Console) -> None:
        for name, ok, detail in checks:
            say(console, f"{name} {detail}", "[green]✓[/green] " if ok else "[red]✗[/red] ")
        for server in servers:
            server.show(console)
        if report is not None:
            show_object_store(console, report)

    answer: dict[str, Any] = {"fine": fine, "checks": [{"name": n, "ok": ok, "detail": d} for n, ok, d in checks]}
    answer["servers"] = [server.value() for server in servers]
    if report is not None:
        answer["object_store"] = object_store_value(report)
    desk.answer(answer, show)
    if not fine:
        raise Failure


def _machine(desk: Desk) -> list[tuple[str, bool, str]]:
    place = desk.settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    return [
        ("Python", sys.version_info >= _OLDEST_PYTHON, sys.version.split()[0]),
        ("SQLite", sqlite3.sqlite_version_info >= _OLDEST_SQLITE, sqlite3.sqlite_version),
        ("SM3", "sm3" in hashlib.algorithms_available, "OpenSSL"),
        ("disk", free > _LEAST_FREE, f"{free / 2**30:.1f} GiB"),
    ]


def _home(desk: Desk) -> list[tuple[str, bool, str]]:
    try:
        runtime = desk.runtime
        runtime.kernel.database.ping()
        with runtime.kernel.database.reading() as connection:
            lag = runtime.search.service.lag(connection)
            signed = runtime.kernel.integrator.latest(connection)
    except ArchiveError as error:
        return [("home", False, error.message())]
    published = signed.checkpoint.size if signed else 0
    return [
        ("home", True, str(desk.settings.home)),
        ("index", True, f"lag {lag}"),
        ("ledger", True, f"published {published}"),
    ]


def _servers(desk: Desk) -> Iterator[_Server]:
    """Each part of the archive that is a server, as far as the settings name any."""
    try:
        runtime = desk.runtime
    except ArchiveError:
        # Said of the home already: without rows nothing else can be put together.
        return
    for name, look in _looks(runtime):
        try:
            yield _Server(name, look())
        except ArchiveError as error:
            yield _Server(name, error)


def _looks(runtime: Runtime) -> Iterator[tuple[str, Callable[[], Described]]]:
    kernel = runtime.kernel
    yield "database", lambda: describe(kernel.database, kernel.clock)
    for name, part in (("object store", kernel.blobs), ("search", runtime.search.index), ("broker", kernel.broker)):
        # What lies in a folder of this machine has nothing to say of itself.
        look = getattr(part, "describe", None)
        if look is not None:
            yield name, look
    yield "isolation", lambda: _isolation(kernel.settings.home)
    scanner = build_scanner(kernel.settings)
    if scanner is not None:
        yield "clamd", scanner.describe
    tika = kernel.settings.extraction.tika_url
    if tika is not None:
        yield "tika", TikaServer(tika).describe
    elif kernel.database.distributed:
        yield "tika", lambda: Described("", "", (), (Lack("server-no-tika"),))


def _isolation(home: Path) -> Described:
    """How far the process that looks into files is shut in on this machine."""
    room = Room()
    try:
        return isolation(room, home)
    finally:
        room.close()


COMMANDS = (doctor,)
