"""Commands that find, show, take away and verify."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.authorization import Actor
from archive.errors import NotFound
from archive.evidence.service import Kind
from archive.evidence.verifier import verify as examine
from archive.ledger.canonical import moment_text
from archive.records.types import Record
from archive.volumes.types import Volume
from search.types import Hit, Query
from web.cli.context import FAILED, WRONG_USAGE, Desk, Failure, common, say

AS = click.option("--as", "actor", default="public", show_default=True, help="以谁的身份 as whom")


@click.command()
@click.argument("text")
@AS
@click.option("--size", default=20, show_default=True, type=click.IntRange(1, 100))
@click.option("--offset", default=0, type=click.IntRange(0))
@common
def search(desk: Desk, text: str, actor: str, size: int, offset: int) -> None:
    """检索。Find records within what the actor may see."""
    results = desk.services.search.search(desk.actor(actor), Query(text=text, size=size, offset=offset))

    def show(console: Console) -> None:
        grid = Table("题名", "类型", "项目", "发布", "件号", title=f"共 {results.total} 件", title_justify="left")
        for hit in results.hits:
            day = hit.published.date().isoformat() if hit.published else ""
            cells = (hit.title, hit.doc_type or "", hit.project or "", day, hit.record_id)
            grid.add_row(*map(escape, cells))
        console.print(grid)

    desk.answer({"total": results.total, "hits": [_hit(hit) for hit in results.hits]}, show)


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "record": hit.record_id,
        "title": hit.title,
        "class": hit.class_code,
        "doc_type": hit.doc_type,
        "project": hit.project,
        "reference_code": hit.reference_code,
        "published": hit.published.isoformat() if hit.published else None,
        "snippet": hit.snippet.plain(),
    }


@click.command()
@click.argument("reference")
@AS
@common
def show(desk: Desk, reference: str, actor: str) -> None:
    """显示一件、一卷或一个项目。Show a record, a volume or a project by id, reference code or trading code."""
    value = _find(desk, desk.actor(actor), reference)
    desk.answer(value, lambda console: console.print_json(data=value))


def _find(desk: Desk, actor: Actor, reference: str) -> dict[str, Any]:
    """Whatever `reference` names. Ids tell their kind; codes are tried as record, volume and project in turn.

    Raises:
        NotFound: it names nothing that the actor may see.
    """
    readers = {"rec": _show_record, "vol": _show_volume, "prj": _show_project}
    chosen = readers.get(reference.partition("_")[0])
    for reader in [chosen] if chosen else readers.values():
        try:
            return reader(desk, actor, reference)
        except NotFound:
            # One answer for what is not there and for what is not to be seen: nobody learns which of the two it is.
            continue
    raise NotFound("reference-unknown", reference=reference)


def _show_record(desk: Desk, actor: Actor, reference: str) -> dict[str, Any]:
    view = desk.services.records.find(actor, reference)
    return {
        "kind": "record",
        **_record(view.record),
        "source": view.record.source,
        "external_id": view.record.external_id,
        "redacted": view.redacted,
        "withdrawn": view.withdrawn,
        "versions": [
            {
                "number": version.number,
                "reason": str(version.reason),
                "title": version.title,
                "captured": moment_text(version.captured_at),
            }
            for version in view.versions
        ],
        "components": [
            {
                "id": component.id,
                "role": str(component.role),
                "name": component.name,
                "size": component.size,
                "sha256": component.sha256 or None,
                "sm3": component.sm3 or None,
            }
            for component in view.components
        ],
        "fields": {field.name: field.value for field in view.fields},
        "text": "\n\n".join(view.texts[c.id].text for c in view.components if c.id in view.texts),
        "history": [
            {"index": entry.index, "at": moment_text(entry.at), "type": str(entry.event.type)} for entry in view.history
        ],
    }


def _show_volume(desk: Desk, actor: Actor, reference: str) -> dict[str, Any]:
    view = desk.services.volumes.volume(actor, reference)
    records = [_record(record) for record in view.records]
    return {"kind": "volume", **_volume(view.volume), "project": view.project.name, "records": records}


def _show_project(desk: Desk, actor: Actor, reference: str) -> dict[str, Any]:
    view = desk.services.volumes.project(actor, reference)
    return {
        "kind": "project",
        "id": view.project.id,
        "name": view.project.name,
        "code": view.project.code,
        "deal_code": view.project.deal_code,
        "volumes": [_volume(volume) for volume in view.volumes],
        "records": [_record(record) for record in view.records],
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "title": record.title,
        "state": str(record.state),
        "version": record.version,
        "class": record.class_code,
        "doc_type": record.doc_type,
        "trade_type": record.trade_type,
        "region": record.region,
        "published": moment_text(record.published) if record.published else None,
        "access_level": str(record.level),
        "project": record.project_id,
        "volume": record.volume_id,
        "reference_code": record.reference_code,
    }


def _volume(volume: Volume) -> dict[str, Any]:
    return {
        "id": volume.id,
        "section": volume.section,
        "state": str(volume.state),
        "outcome": volume.outcome,
        "ended_on": volume.ended_on.isoformat() if volume.ended_on else None,
        "reference_code": volume.reference_code,
        "retention": volume.retention,
        "items": volume.item_count,
        "missing": list(volume.missing),
    }


@click.group()
@common
def evidence() -> None:
    """证据包。Evidence bundles."""


@evidence.command()
@click.option("--record", help="件 a record")
@click.option("--volume", help="案卷 a volume")
@click.option("--project", help="项目 a project")
@click.option("--as", "actor", required=True, help="以谁的身份 as whom")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@common
def build(desk: Desk, record: str | None, volume: str | None, project: str | None, actor: str, out: Path) -> None:
    """生成证据包。Build a bundle that proves itself offline."""
    wanted: dict[Kind, str | None] = {"record": record, "volume": volume, "project": project}
    given = [(kind, reference) for kind, reference in wanted.items() if reference]
    if len(given) != 1:
        raise click.UsageError("give exactly one of --record ID, --volume ID, --project ID")
    built = desk.services.evidence.build(desk.actor(actor), *given[0], out.absolute())
    answer = {
        "bundle": str(built.path),
        "bytes": built.size,
        "files": built.files,
        "entry": built.entry,
        "checkpoint": built.checkpoint.size,
    }

    def tell(console: Console) -> None:
        say(console, f"已生成 {built.path}，{built.files} 个文件，{built.size} 字节")
        say(console, f"验证：juanzong verify {built.path} --trust {desk.settings.ledger.trust_path}")

    desk.answer(answer, tell)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="信任文件 trust file; by default that of the home")
@common
def verify(desk: Desk, file: Path, trust: Path | None) -> None:
    """离线验证证据包。Verify a bundle offline: exit 1 when not valid, 2 when it is no bundle."""
    own = desk.settings.ledger.trust_path
    report = examine(file, trust or (own if own.exists() else None))
    findings = [
        {"code": f.code, "severity": str(f.severity), "message": f.message, "path": f.path} for f in report.findings
    ]

    def show(console: Console) -> None:
        console.print("[green]✓ 有效 valid[/green]" if report.valid else "[red]✗ 无效 not valid[/red]")
        for finding in report.findings:
            say(console, f"  {finding.code} {finding.path}")
            say(console, f"    {finding.message}")

    desk.answer({"valid": report.valid, "findings": findings}, show)
    if not report.is_bundle:
        raise Failure(WRONG_USAGE)
    if not report.valid:
        raise Failure(FAILED)


COMMANDS = (search, show, evidence, verify)
