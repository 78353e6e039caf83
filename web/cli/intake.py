"""Commands that bring documents in and on: import, sync, run, classify."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from archive.authorization import SYSTEM_ACTOR
from archive.errors import ArchiveError, InvalidInput
from archive.messages import render
from archive.plan.service import load_plan
from archive.records.types import ComponentRole, Delivery
from classifiers.arbiter import classify as decide
from classifiers.types import Evidence
from ingest.connectors.locale import Locale
from ingest.connectors.notices import NoticesConnector
from ingest.connectors.port import Refused
from ingest.connectors.registry import Registry
from ingest.coordinator import Coordinator
from ingest.coordinator import Progress as Done
from ingest.examining.examiner import Examiner
from ingest.examining.wiring import build_examiner
from ingest.service import IntakeService, Opener
from ingest.sources.service import IMPORTED
from ingest.status import Overview
from ingest.types import Summary
from web.cli.context import Desk, Failure, common, error_value, say, table
from web.cli.home import show_status, status_of

_NAME_LENGTH = 64


def _place(value: str) -> Path | str:
    """A path, or the address of a portal."""
    return value if urlsplit(value).scheme in {"http", "https"} else Path(value)


@click.command(name="import")
@click.argument("path", type=_place)
@click.option("--connector", required=True, help="连接器 which connector reads it")
@click.option("--source", help="来源名称 name of the source; by default connector and file name")
@common
def import_(desk: Desk, path: Path | str, connector: str, source: str | None) -> None:
    """导入文件、目录或门户网址。Take in a file, a folder or a portal; run again, it changes nothing."""
    known = Registry().names()
    if connector not in known:
        raise click.UsageError(f"no connector {connector}; known: {', '.join(known)}")
    intake, opener = desk.runtime.ingest.intake, desk.runtime.ingest.opener
    if isinstance(path, Path):
        require_there(path)
        name, registered, location = source_name(connector, path), IMPORTED, str(path.absolute())
    else:
        if connector != "portal":
            raise click.UsageError(f"an address is read by --connector portal, not {connector}")
        path = path.rstrip("/")
        name, registered, location = f"portal:{urlsplit(path).netloc}", path, path
    name = (source or name)[:_NAME_LENGTH]
    desk.runtime.ingest.sources.register(name, connector, registered)
    summary = Summary()
    try:
        intake.sync(name, opener, location, summary)
    except ArchiveError as error:
        answer = summary.as_json() | {"error": error_value(error.code, error.message())}
        desk.answer(answer, lambda console: show_summary(console, name, summary))
        desk.complain(error)
        raise Failure from error
    desk.answer(summary.as_json(), lambda console: show_summary(console, name, summary))
    if summary.refused and summary.received == len(summary.refused):
        raise Failure


def require_there(path: Path) -> None:
    """Look before anything is registered: a typing error leaves no source behind.

    Raises:
        InvalidInput: there is nothing at `path`.
    """
    if not path.exists():
        raise InvalidInput("import-path", path=_readable(str(path)), detail="not found")


def source_name(prefix: str, path: Path) -> str:
    """What a file is called as a source, whatever bytes its own name is made of.

    Folders of one name lie in many places and hold other documents of the same names, so a folder's place counts too.
    """
    if path.is_dir():
        place = sha256(os.fsencode(path.resolve())).hexdigest()[:8]
        return f"{prefix}:{_readable(path.resolve().name)[: _NAME_LENGTH - len(prefix) - 10]}-{place}"
    return f"{prefix}:{_readable(path.stem)}"[:_NAME_LENGTH]


def _readable(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def show_summary(console: Console, name: str, summary: Summary) -> None:
    """What became of the documents of a source, for people."""
    table(
        console,
        name,
        {
            "收到 received": summary.received,
            "新采集 captured": summary.captured,
            "新版本 new versions": summary.new_versions,
            "更名 renamed": summary.renamed,
            "未变 unchanged": summary.unchanged,
            "已撤回 withdrawn": summary.withdrawn,
            "来源不再提供 gone": summary.gone,
            "旧版后到 superseded": summary.superseded,
            "未能接收 refused": len(summary.refused),
        },
    )
    for refused in summary.refused[:10]:
        say(console, f" {refused['id']}", f"  [yellow]{refused['code']}[/yellow]")


@click.command()
@click.argument("source", required=False)
@common
def sync(desk: Desk, source: str | None) -> None:
    """读取来源。Read one source, or every source that can be read without a person."""
    intake, opener = desk.runtime.ingest.intake, desk.runtime.ingest.opener
    reconciliation = desk.runtime.ingest.reconciliation
    registered = [s for s in desk.runtime.ingest.sources.all() if s.paused_at is None]
    names = [source] if source else [s.name for s in registered if reconciliation.service.is_read(s)]
    answers: dict[str, dict[str, Any]] = {}
    for name in names:
        desk.runtime.ingest.sources.get(name)
        total, failure = _read(intake, opener, name)
        reconciliation.repairs.settle(name)
        answers[name] = total.as_json()
        if not desk.as_json:
            show_summary(desk.people, name, total)
        if failure is not None:
            answers[name]["error"] = error_value(failure.code, failure.message())
            desk.complain(failure)
    desk.answer(answers, lambda console: None if answers else console.print("没有可读取的来源"))
    if any("error" in answer for answer in answers.values()):
        raise Failure


def _read(intake: IntakeService, opener: Opener, name: str) -> tuple[Summary, ArchiveError | None]:
    """Read one source as often as it has more; a source that is down does not keep the others waiting."""
    total, more = Summary(), True
    while more:
        try:
            _, more = intake.sync(name, opener, summary=total)
        except ArchiveError as error:
            return total, error
    return total, None


def run_to_the_end(desk: Desk) -> Overview:
    """Work until nothing is left to do, and show how far it is; how everything stands then."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=desk.notes, transient=True) as progress:
        task = progress.add_task("处理中 working", total=None)

        def watch(done: Done) -> None:
            progress.update(task, description=f"待处理任务 {done.pending} · 已入索引 {done.indexed}")

        coordinator = Coordinator(desk.runtime, watch)
        coordinator.run()
        return coordinator.patiently(lambda: desk.services.status.overview(SYSTEM_ACTOR))


@click.command()
@common
def run(desk: Desk) -> None:
    """处理到无事可做。Work until nothing is left to do."""
    overview = run_to_the_end(desk)
    desk.answer(status_of(overview), lambda console: show_status(console, overview))
    if overview.failed_jobs:
        raise Failure


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@common
def classify(desk: Desk, path: Path) -> None:
    """只判断类别，不归档。Say what each notice of a JSON-lines file is; nothing is filed. Answers in JSON lines."""
    require_there(path)
    settings = desk.settings
    plan = load_plan(settings.plan.id)
    locale = Locale(settings.web.timezone, lambda name: plan.region_code(name) or settings.centre.region)
    unread, examiner = 0, build_examiner(settings.examination, settings.extraction)
    for arrival in NoticesConnector(path, locale).arrivals(lambda _: None):
        if isinstance(arrival.what, Delivery):
            decision = decide(_evidence(arrival.external_id, arrival.what, examiner), plan)
            line: dict[str, Any] = {
                "id": arrival.external_id,
                "class": decision.class_code,
                "doc_type": decision.doc_type,
                "trade_type": decision.trade_type,
                "stage": decision.stage,
                "confidence": round(decision.confidence, 3),
                "needs_person": decision.needs_person,
                "reasons": [reason.sentence() for reason in decision.reasons],
            }
        elif isinstance(arrival.what, Refused):
            unread += 1
            message = render(arrival.what.code, arrival.what.params)
            line = {"id": arrival.external_id, "error": error_value(arrival.what.code, message)}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    examiner.close()
    if unread:
        desk.notes.print(f"{unread} 行无法读取", highlight=False)
        raise Failure


def _evidence(external_id: str, delivery: Delivery, examiner: Examiner) -> Evidence:
    main = next(c for c in delivery.components if c.role is ComponentRole.MAIN)
    with main.open() as stream:
        reading = examiner.read(stream, main.name)
    hints = {key: value for key, value in delivery.hints.items() if isinstance(value, str)}
    return Evidence(
        id=external_id,
        title=delivery.title,
        body=reading.text,
        source_label=hints.get("source_label", ""),
        category=hints.get("category", ""),
        notice_type=hints.get("notice_type", ""),
        region=delivery.region,
        published=delivery.published,
    )


COMMANDS = (import_, sync, run, classify)
