"""The command line. Every command takes `--home` and `--json`; exit 0 fine, 1 a failure found or met, 2 wrong usage."""

import sys

import click

from web.cli import accounts, demo, home, intake, reading, serving
from web.cli.context import common, run_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@common
def cli() -> None:
    """卷宗 Juanzong：公共资源交易数字档案馆。The digital archive that files itself."""


for _group in (home, intake, reading, serving, accounts, demo):
    for _command in _group.COMMANDS:
        cli.add_command(_command)


def main() -> None:
    """The entry point of `juanzong`."""
    sys.exit(run_command(cli))
