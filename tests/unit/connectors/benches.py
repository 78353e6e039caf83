"""Connectors to put on the bench, sound ones and each with one fault."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from archive.clock import FixedClock
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.contract.bench import Bench, Tools
from ingest.connectors.contract.suite import examine
from ingest.connectors.contract.types import Finding
from ingest.connectors.locale import Locale
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import Arrival, Connector, ConnectorKind, Context, Known, Opened, Option
from ingest.connectors.secrets import Secrets
from ingest.connectors.streams import from_bytes
from ingest.types import Source
from tests.small_archive import START

TOOLS = Tools(Locale(ZoneInfo("Asia/Shanghai"), lambda name: name or "370000"), FixedClock(START), Secrets(Path("/")))

Making = Callable[[Source, Context], Connector]


class Calls:
    """A connector that does what a function does."""

    def __init__(self, arrivals: Callable[[Callable[[str], Known | None]], Iterator[Arrival]]) -> None:
        self._arrivals = arrivals

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        return self._arrivals(known)


def delivery(external_id: str, *files: Incoming, **values: Any) -> Arrival:
    """A document with a main file, unless others are given."""
    given: dict[str, Any] = {"title": f"公告 {external_id}", "region": "370100", "published": START} | values
    return Arrival(external_id, Delivery(external_id, components=files or (main(external_id),), **given), "mark")


def main(text: str, **values: Any) -> Incoming:
    """A main file."""
    return Incoming("notice.txt", ComponentRole.MAIN, from_bytes(text.encode()), "text/plain", **values)


def kind(make: Making, *options: Option, name: str = "made", help_zh: str = "试验用的连接器") -> ConnectorKind:
    """A connector of this making."""

    @contextmanager
    def open_made(source: Source, context: Context) -> Iterator[Opened]:
        yield Opened(make(source, context), {})

    return ConnectorKind(name, help_zh, "a connector for tests", open_made, options)


def handing(*arrivals: Arrival) -> ConnectorKind:
    """A connector that always hands over these."""
    return kind(lambda *_: MemoryConnector(arrivals))


def bench(made: ConnectorKind, location: str = "somewhere", **values: Any) -> Bench:
    """A connector on the bench."""
    source = Source("test", made.name, location, {}, START, options=values.pop("options", {}))
    return Bench(made, source, TOOLS, **values)


def found(made: ConnectorKind, location: str = "somewhere", **values: Any) -> dict[str, Finding]:
    """Every finding by its code, without the name that all codes begin with."""
    report = examine(bench(made, location, **values))
    return {finding.code.removeprefix("contract-"): finding for finding in report.findings}


def results(findings: dict[str, Finding], *codes: str) -> Sequence[str]:
    """The results of some checks."""
    return [str(findings[code].result) for code in codes]
