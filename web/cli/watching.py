"""The command for those who watch: metrics."""

import sys

import click

from archive.errors import Unavailable
from ingest.watching.exposition import exposition
from ingest.watching.service import Sample, unreachable
from web.cli.context import Desk, common


@click.command()
@common
def metrics(desk: Desk) -> None:
    """输出全部指标（Prometheus 文本格式）。Print every metric as /metrics does, for a textfile collector."""
    samples = _read(desk)
    values = [
        {"name": one.family.name, "labels": dict(zip(one.family.labels, one.labels, strict=True)), "value": one.value}
        for one in samples
    ]
    desk.answer({"metrics": values}, lambda _: _print(exposition(samples)))


def _print(text: str) -> None:
    sys.stdout.write(text)


def _read(desk: Desk) -> list[Sample]:
    try:
        return desk.services.metrics.read()
    except Unavailable:
        # Whoever watches must be told of it in the form that is watched; a file of yesterday would say all is well.
        return unreachable()


COMMANDS = (metrics,)
