"""The command line. Every command takes `--home` and `--json`; exit 0 fine, 1 a failure found or met, 2 wrong usage."""

import sys
from importlib import import_module

import click

from web.cli.context import common, run_command

_PLACES = {
    "init": "home",
    "status": "home",
    "fsck": "home",
    "reindex": "home",
    "doctor": "doctor",
    "backup": "keeping",
    "restore": "keeping",
    "source": "sources",
    "connector": "connectors",
    "package": "packages",
    "import": "intake",
    "sync": "intake",
    "reconcile": "reconciling",
    "differences": "reconciling",
    "dead-letters": "dead_letters",
    "run": "intake",
    "classify": "intake",
    "check": "checking",
    "checks": "checks",
    "search": "reading",
    "show": "reading",
    "evidence": "reading",
    "verify": "reading",
    "serve": "serving",
    "worker": "serving",
    "simulator": "simulating",
    "metrics": "watching",
    "formats": "formats",
    "account": "accounts",
    "demo": "demo",
}
"""Which module has which command. A command loads only its own: the web server is not loaded to count records."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _PLACES:
            return None
        module = import_module(f"web.cli.{_PLACES[cmd_name]}")
        commands: tuple[click.Command, ...] = module.COMMANDS
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@common
def cli() -> None:
    """卷宗 Juanzong：公共资源交易数字档案馆。The digital archive that files itself."""


def main() -> None:
    """The entry point of `juanzong`."""
    sys.exit(run_command(cli))
