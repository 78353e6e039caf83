"""What every command shares: where the home is, how to answer, how failures end."""

import functools
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, Actor
from archive.errors import ArchiveError
from archive.logs import log_to_stderr
from archive.messages import render
from archive.settings import Settings, environment
from archive.tracing import tracing

if TYPE_CHECKING:
    from ingest.worker import Runtime
    from web.services import Services

FINE, FAILED, WRONG_USAGE = 0, 1, 2

Command = TypeVar("Command", bound=Callable[..., Any])


class Failure(Exception):
    """The command has answered, and what it answered is a failure. `code` is the exit code."""

    def __init__(self, code: int = FAILED) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Given:
    """Options that may stand before or after the name of a command; the inner one wins."""

    home: Path | None = None
    as_json: bool = False


class Desk:
    """What a command works with. Loads and builds things when asked, so that `--help` stays instant."""

    def __init__(self, given: Given) -> None:
        self.as_json = given.as_json
        self._home = given.home
        self.people = Console(stderr=self.as_json)
        self.notes = Console(stderr=True)

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings of this process."""
        return Settings.load(environment(), self._home)

    @functools.cached_property
    def runtime(self) -> "Runtime":
        """Everything, on a founded home."""
        from ingest.worker import build_runtime  # noqa: PLC0415 - all readers of formats: seconds that help must not take

        return build_runtime(self.settings)

    @functools.cached_property
    def services(self) -> "Services":
        """The use cases, on a founded home."""
        from web.wiring import services_of  # noqa: PLC0415 - as above

        return services_of(self.runtime)

    def log(self, *, stays: bool) -> None:
        """Send the log of this process to standard error; `stays` is true for one that works until it is stopped."""
        log = self.settings.log
        log_to_stderr(log.level, stays=stays, format=log.format)

    def close(self) -> None:
        """Let go of database and broker, if they were asked for."""
        if "runtime" in vars(self):
            self.runtime.kernel.close()

    def actor(self, name: str) -> Actor:
        """Who `--as` names: `public` is the anonymous reader, `system` the operator.

        Raises:
            NotFound: there is no such account.
        """
        if name in {PUBLIC_ACTOR.name, SYSTEM_ACTOR.name}:
            return PUBLIC_ACTOR if name == PUBLIC_ACTOR.name else SYSTEM_ACTOR
        return self.services.access.actor(name)

    def answer(self, value: Mapping[str, Any], show: Callable[[Console], None]) -> None:
        """Answer with one JSON value for programs, or in words for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        else:
            show(self.people)

    def complain(self, error: ArchiveError) -> None:
        """Tell people, in both languages, what went wrong."""
        self.notes.print(f"[red]✗[/red] {error.code}", highlight=False)
        self.notes.print(error.message("zh"), highlight=False, markup=False, soft_wrap=True)
        self.notes.print(error.message("en"), highlight=False, markup=False, style="dim", soft_wrap=True)


def error_value(code: str, message: str) -> dict[str, str]:
    """An error as programs get it."""
    return {"code": code, "message": message}


def common(command: Command) -> Command:
    """Give a command `--home` and `--json`, and its `Desk` as first argument (groups only remember the options)."""

    @click.option("--home", type=click.Path(path_type=Path), help="数据目录 home folder (ARCHIVE_HOME)")
    @click.option("--json", "as_json", is_flag=True, help="以 JSON 输出到标准输出 answer in JSON on stdout")
    @functools.wraps(command)
    def wrapped(home: Path | None, as_json: bool, **options: Any) -> Any:
        context = click.get_current_context()
        outer = context.find_object(Given) or Given()
        given = Given(home or outer.home, as_json or outer.as_json)
        context.obj = given
        if isinstance(context.command, click.Group):
            return command(**options)
        _refuse_what_is_no_text(options)
        desk = Desk(given)
        try:
            desk.log(stays=False)
            with tracing(desk.settings.watch.traces_url, str(context.info_name)):
                return command(desk, **options)
        except ArchiveError as error:
            if desk.as_json:
                _write_error(error.code, error.message())
            desk.complain(error)
            context.exit(FAILED)
        except Failure as failure:
            context.exit(failure.code)
        finally:
            desk.close()

    return cast("Command", wrapped)


def _refuse_what_is_no_text(options: Mapping[str, object]) -> None:
    """Bytes that are no UTF-8 name nothing in the archive; paths may have them, and are not looked at here."""
    for name, value in options.items():
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            raise click.BadParameter("is not UTF-8", param_hint=name)


def _write_error(code: str, message: str) -> None:
    value = {"error": error_value(code, message)}
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def run_command(cli: click.Group) -> int:
    """Run the command line; the exit code."""
    try:
        result = cli.main(standalone_mode=False)
    except click.ClickException as error:
        if "--json" in sys.argv:
            _write_error("wrong-usage", render("wrong-usage", {"detail": error.format_message()}))
        error.show(sys.stderr)
        return WRONG_USAGE
    except click.Abort:
        return FAILED
    return result if isinstance(result, int) else FINE


def as_mapping(value: Any) -> dict[str, Any]:
    """A frozen dataclass as JSON would have it."""
    return asdict(value)


def say(console: Console, line: str, mark: str = "") -> None:
    """One line as it stands: never broken, so that it can be copied, and never read as markup, whoever wrote it."""
    console.print(mark + escape(line), highlight=False, soft_wrap=True)


def table(console: Console, title: str, rows: Mapping[str, object]) -> None:
    """Two columns: what, and how much."""
    grid = Table(title=escape(title), title_justify="left", show_header=False, box=None, padding=(0, 2))
    for name, value in rows.items():
        grid.add_row(name, escape(str(value)))
    console.print(grid)
