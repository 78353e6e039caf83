"""Commands that stay: serve, worker, simulator."""

import signal
import threading
from types import FrameType

import click

from ingest.simulator.scenario import Scenario
from ingest.simulator.server import serve_forever
from ingest.worker import Coordinator
from web.app import create_app
from web.cli.context import Desk, common
from web.main import serve as serve_app


@click.command()
@click.option("--host", help="监听地址 (ARCHIVE_WEB_HOST)")
@click.option("--port", type=click.IntRange(0, 65535), help="端口 (ARCHIVE_WEB_PORT)")
@common
def serve(desk: Desk, host: str | None, port: int | None) -> None:
    """提供网页与接口，直到中断。Serve pages and API until interrupted."""
    serve_pages(desk, host, port)


def serve_pages(desk: Desk, host: str | None = None, port: int | None = None) -> None:
    """Serve until interrupted, and say where."""
    web = desk.settings.web

    def ready(url: str) -> None:
        desk.notes.print(f"公众门户 portal     {url}/", highlight=False)
        desk.notes.print(f"档案员 console       {url}/console", highlight=False)
        desk.notes.print(f"监督检查 desk        {url}/desk", highlight=False)
        desk.notes.print("按 Ctrl-C 结束 stop with Ctrl-C", style="dim")

    serve_app(create_app(desk.services), host or web.host, web.port if port is None else port, ready)


@click.command()
@common
def worker(desk: Desk) -> None:
    """持续处理，直到中断。Work as documents come, until interrupted."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    Coordinator(desk.runtime).stay(stopped)


@click.command()
@click.option("--projects", default=12, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=7, show_default=True, type=int)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@common
def simulator(desk: Desk, projects: int, seed: int, host: str, port: int) -> None:
    """模拟交易平台。A stand-in trading platform with a portal, until interrupted."""
    scenario = Scenario.demo(seed, projects)
    serve_forever(scenario, host, port, lambda url: desk.notes.print(f"模拟交易平台 {url}/api/list", highlight=False))


COMMANDS = (serve, worker, simulator)
