"""Commands that stay: serve, worker."""

import signal
import threading
from types import FrameType

import click

from ingest.coordinator import Coordinator
from web.app import create_app
from web.cli.context import Desk, common
from web.main import serve as serve_app


@click.command()
@click.option("--host", help="监听地址 (ARCHIVE_WEB_HOST)")
@click.option("--port", type=click.IntRange(0, 65535), help="端口 (ARCHIVE_WEB_PORT)")
@common
def serve(desk: Desk, host: str | None, port: int | None) -> None:
    """提供网页与接口，直到中断。Serve pages and API until interrupted."""
    desk.log(stays=True)
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
    desk.log(stays=True)
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    Coordinator(desk.runtime).stay(stopped)


COMMANDS = (serve, worker)
