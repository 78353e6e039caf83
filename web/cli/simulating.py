"""The command that plays a trading platform: simulator."""

import click

from ingest.simulator.portal import Platform
from ingest.simulator.scenario import Scenario
from ingest.simulator.server import serve_forever
from web.cli.context import Desk, common


@click.command()
@click.option("--projects", default=12, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=7, show_default=True, type=int)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@common
def simulator(desk: Desk, projects: int, seed: int, host: str, port: int) -> None:
    """模拟交易平台。A stand-in trading platform with a portal, until interrupted."""
    site = Platform(Scenario.demo(seed, projects))
    serve_forever(site, host, port, lambda url: desk.notes.print(f"模拟交易平台 {url}/api/list", highlight=False))


COMMANDS = (simulator,)
