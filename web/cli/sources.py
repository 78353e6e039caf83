"""Commands about sources: list, show, add, change, preview, apply, pause, resume, schedule, connectors."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.authorization import SYSTEM_ACTOR
from archive.errors import InvalidInput
from web.cli.context import Command, Desk, common, say, table

if TYPE_CHECKING:
    from ingest.connectors.port import ConnectorKind
    from ingest.sources.health import SourceHealth
    from ingest.sources.samples import Preview

_STATES = {"fine": "正常", "failing": "失败", "paused": "已暂停", "never": "未采集", "late": "逾期未读"}
_ENDINGS = {
    "complete": "来源的全部文件 everything the source has",
    "enough": "只看前几件 the first few",
    "time": "到时停止 the time was over",
    "failed": "中途失败 it broke off",
    "unread": "此来源不由本机读取 not read by us",
}
_COLOURS = {"fine": "green", "failing": "red", "late": "red", "paused": "yellow", "never": "dim"}
_MARKS = {"captured": "[green]✓[/green] ", "refused": "[red]✗[/red] "}


Given = tuple[tuple[str, ...], Path | None]
"""Options as a command was told them: one by one, and as a file."""


def with_options(command: Command) -> Command:
    """Give a command `--option` and `--options-file`, both together as its argument `given`."""

    @click.option("--option", "pairs", multiple=True, metavar="NAME=VALUE", help="配置项，可重复 may be repeated")
    @click.option(
        "--options-file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="配置项的 JSON 文件 a JSON object of options",
    )
    @functools.wraps(command)
    def wrapped(pairs: tuple[str, ...], options_file: Path | None, **more: Any) -> Any:
        return command(given=(pairs, options_file), **more)

    return cast("Command", wrapped)


@click.group()
@common
def source() -> None:
    """来源登记。Sources: who delivers what, by which connector, how often."""


@source.command(name="list")
@common
def list_(desk: Desk) -> None:
    """列出来源及其状况。List sources and how they are."""
    found = desk.services.sources.all(SYSTEM_ACTOR)

    def show(console: Console) -> None:
        grid = Table("来源", "连接器", "状况", "最近成功", "未能接收", "下次读取")
        for health in found:
            state = f"[{_COLOURS[health.state]}]{_STATES[health.state]}[/]"
            grid.add_row(
                escape(health.source.name),
                escape(health.source.connector),
                state,
                _moment(health.source.last_success),
                str(health.refused),
                _moment(health.next_reading),
            )
        console.print(grid if found else "还没有来源 no sources yet")

    desk.answer({"sources": [_health_value(health) for health in found]}, show)


@source.command()
@click.argument("name")
@common
def show(desk: Desk, name: str) -> None:
    """一个来源的配置与状况。One source: its options, its draft, how it is."""
    health = desk.services.sources.find(SYSTEM_ACTOR, name)
    desk.answer(_health_value(health), lambda console: _show_source(console, health))


@source.command()
@click.argument("name")
@click.option("--connector", required=True, help="连接器 which connector reads it")
@click.option("--location", required=True, help="网址、路径等 where it is")
@with_options
@click.option("--region", help="六位行政区划代码，文件自己未写时用 GB/T 2260, where documents do not say")
@click.option("--minutes", type=int, help="两次读取之间的分钟数 minutes between two readings")
@common
def add(
    desk: Desk,
    name: str,
    connector: str,
    location: str,
    given: Given,
    region: str | None,
    minutes: int | None,
) -> None:
    """登记来源。Register a source; `juanzong run` or the server reads it from then on."""
    from ingest.sources.desk import Wanted  # noqa: PLC0415 - the classifiers: help must not load them

    options = read_options(desk.services.sources.kind(SYSTEM_ACTOR, connector), given)
    wanted = Wanted(name, connector, location, options, region, minutes)
    added = desk.services.sources.add(SYSTEM_ACTOR, wanted)
    desk.answer(_source_value(desk, added.name), lambda console: say(console, f"已登记 {added.name}"))


@source.command()
@click.argument("name")
@with_options
@click.option("--without", multiple=True, metavar="NAME", help="去掉的配置项 an option to take away")
@common
def change(desk: Desk, name: str, given: Given, without: tuple[str, ...]) -> None:
    """起草新的配置，预览后才能启用。Draft other options; they count once previewed and applied."""
    sources = desk.services.sources
    kind = sources.kind(SYSTEM_ACTOR, sources.find(SYSTEM_ACTOR, name).source.connector)
    sources.change(SYSTEM_ACTOR, name, read_options(kind, given), without)
    _answer(desk, name, f"已起草，请预览：juanzong source preview {name}")


@source.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True, help="最多几件 documents at most")
@click.option("--live", is_flag=True, help="用现行配置而不是草稿 the options in force, not the draft")
@common
def preview(desk: Desk, name: str, limit: int, live: bool) -> None:
    """在真实样本上预览，不保存任何内容。Read a few real documents and show what would become of them."""
    found = desk.services.sources.preview(SYSTEM_ACTOR, name, limit, live=live)
    desk.answer(_preview_value(found), lambda console: _show_preview(console, found))


@source.command()
@click.argument("name")
@common
def apply(desk: Desk, name: str) -> None:
    """启用已预览的配置。Put the previewed draft into force."""
    desk.services.sources.apply(SYSTEM_ACTOR, name)
    _answer(desk, name, f"已启用 {name} 的新配置")


@source.command()
@click.argument("name")
@common
def pause(desk: Desk, name: str) -> None:
    """暂停读取。Do not read it until it is resumed."""
    desk.services.sources.pause(SYSTEM_ACTOR, name)
    _answer(desk, name, f"已暂停 {name}")


@source.command()
@click.argument("name")
@common
def resume(desk: Desk, name: str) -> None:
    """恢复读取，立即读一次。Read it again, at once."""
    desk.services.sources.resume(SYSTEM_ACTOR, name)
    _answer(desk, name, f"已恢复 {name}")


@source.command()
@click.argument("name")
@click.option("--minutes", type=int, help="不写则按系统设置 as the settings say where not given")
@common
def schedule(desk: Desk, name: str, minutes: int | None) -> None:
    """两次读取之间的分钟数。How many minutes lie between two readings."""
    desk.services.sources.schedule(SYSTEM_ACTOR, name, minutes)
    _answer(desk, name, f"已更改 {name} 的读取间隔")


@source.command()
@common
def connectors(desk: Desk) -> None:
    """有哪些连接器、各有哪些配置项。Which connectors there are, and what each can be told."""
    found = desk.services.sources.connectors(SYSTEM_ACTOR)
    answers = {name: _kind_value(kind) for name, kind in found.items()}

    def show(console: Console) -> None:
        for name, kind in found.items():
            if isinstance(kind, InvalidInput):
                say(console, f"{name} · {kind.message()}", "[red]✗[/red] ")
                continue
            say(console, f"{name} · {kind.help_zh} {kind.help_en}")
            for option in kind.options:
                need = "，必填 required" if option.required else ""
                say(console, f"    {option.name}（{option.kind}{need}） {option.help_zh} {option.help_en}")

    desk.answer({"connectors": answers}, show)


def read_options(kind: "ConnectorKind", given: Given) -> dict[str, object]:
    """What a command was told: the file first, single options over it.

    Raises:
        InvalidInput: the file is no JSON object, or a value is not written as its kind is.
    """
    from ingest.sources.written import read_pairs, read_table  # noqa: PLC0415 - loads with the service only

    pairs, file = given
    options: dict[str, object] = {}
    if file is not None:
        try:
            options = read_table(file.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput("source-options-file", detail=type(error).__name__) from error
    return options | read_pairs(kind, pairs)


def _answer(desk: Desk, name: str, line: str) -> None:
    desk.answer(_source_value(desk, name), lambda console: say(console, line))


def _source_value(desk: Desk, name: str) -> dict[str, Any]:
    return _health_value(desk.services.sources.find(SYSTEM_ACTOR, name))


def _health_value(health: "SourceHealth") -> dict[str, Any]:
    from web.schemas.sources import SourceAnswer  # noqa: PLC0415 - pydantic: help must not load it

    return SourceAnswer.of(health, "zh").model_dump(mode="json")


def _preview_value(found: "Preview") -> dict[str, Any]:
    from web.schemas.sources import PreviewAnswer  # noqa: PLC0415 - as above

    return PreviewAnswer.of(found, "zh").model_dump(mode="json")


def _kind_value(kind: "ConnectorKind | InvalidInput") -> dict[str, Any]:
    from web.schemas.sources import ConnectorAnswer  # noqa: PLC0415 - as above

    if isinstance(kind, InvalidInput):
        return {"error": {"code": kind.code, "message": kind.message()}}
    return ConnectorAnswer.of(kind).model_dump(mode="json")


def _moment(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else "—"


def _show_source(console: Console, health: "SourceHealth") -> None:
    value = _health_value(health)
    shown = {name: value[name] for name in value if value[name] not in (None, {}, [], "")}
    table(console, health.source.name, shown)


def _show_preview(console: Console, found: "Preview") -> None:
    value = _preview_value(found)
    for sample in value["samples"]:
        mark = _MARKS.get(sample["becomes"], "[yellow]–[/yellow] ")
        say(console, f"{sample['external_id']} · {sample['title'] or sample['message']}", mark)
        for line in _sample_lines(sample):
            say(console, f"    {line}")
    say(console, _ENDINGS[value["ending"]] + (f" · {value['message']}" if value["message"] else ""))


def _sample_lines(sample: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    add: Callable[[str], None] = lines.append
    if sample["title"]:
        add(f"{sample['published'] or '公布时间不详'} · {sample['region']}")
    for name, value in sample["hints"].items():
        add(f"{name}: {value}")
    for file in sample["files"]:
        size = "?" if file["size"] is None else file["size"]
        add(f"{file['role']}: {file['name']} · {size} B · {file['format'] or '?'}")
    if guess := sample["classified"]:
        sure = "需人工判断 a person decides" if guess["needs_person"] else f"{guess['confidence']:.0%}"
        add(f"{guess['doc_type'] or '？'}（{guess['class_code'] or '？'}） · {sure}")
        lines.extend(guess["reasons"])
    return lines


COMMANDS = (source,)
