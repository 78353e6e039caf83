"""A portal of a few pages for tests, shown by the simulator's real server; every page can be changed at any time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from archive.clock import Clock
from ingest.connectors.http.source import HttpSource, Politeness
from ingest.connectors.locale import Locale
from ingest.connectors.port import Arrival, Held, Known
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.simulator.port import PLAIN, Manner, Row
from ingest.simulator.server import SimulatorServer
from ingest.types import SeenArrival

LOCALE = Locale(ZoneInfo("Asia/Shanghai"), lambda name: name or "370000")
USUAL = PortalOptions()
IMPATIENT = Politeness(timeout=5.0, tries=2, pause=0.0, per_second=0)


def page(infoid: str, title: str = "公告", **values: object) -> dict[str, Any]:
    """A list row and detail in one, published on 20 May 2026."""
    return {
        "infoid": infoid,
        "title": title,
        "infocontent": f"<html><body><p>{title[:100]}</p></body></html>",
        "infodate": "2026-05-20",
        "pubinwebdate": "2026-05-20 09:00:00",
        "xiaqucode": "370100",
        "attachments": [],
    } | values


class SmallPortal:
    """A `Site` of the simulator: `rows` is the list, `pages` what each detail shows, `files` the attachments."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages: dict[str, Any] = {str(entry["infoid"]): entry for entry in pages}
        self.rows: list[Any] = [_row(entry) for entry in pages]
        self.files: dict[tuple[str, str], bytes] = {}
        self.manners: dict[str | None, Manner] = {}
        self.asked: list[str] = []

    def put(self, entry: dict[str, Any]) -> None:
        """Show a page, new or changed, at the top of the list."""
        infoid = str(entry["infoid"])
        self.drop(infoid)
        self.pages[infoid] = entry
        self.rows.insert(0, _row(entry))

    def drop(self, infoid: str) -> None:
        """Take a page off the list and away."""
        self.pages.pop(infoid, None)
        self.rows = [row for row in self.rows if row["infoid"] != infoid]

    def listing(self, category: str | None) -> Sequence[Row]:
        del category
        return self.rows

    def detail(self, infoid: str) -> Row | None:
        self.asked.append(infoid)
        found: Row | None = self.pages.get(infoid)
        return found

    def file(self, infoid: str, name: str) -> bytes | None:
        return self.files.get((infoid, name))

    def manner(self, infoid: str | None) -> Manner:
        return self.manners.get(infoid, PLAIN)


class Reading:
    """A connector on a portal that is served anew for every reading."""

    def __init__(
        self,
        portal: SmallPortal,
        clock: Clock,
        captured: Callable[[], list[SeenArrival]] = list,
        options: PortalOptions = USUAL,
        *,
        walked: bool = True,
    ) -> None:
        self._walked = walked
        self._portal = portal
        self._clock = clock
        self._captured = captured
        self._options = options

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        with reading(self._portal, self._clock, self._captured, self._options, walked=self._walked) as connector:
            yield from connector.arrivals(known)


@contextmanager
def reading(
    portal: SmallPortal,
    clock: Clock,
    captured: Callable[[], list[SeenArrival]] = list,
    options: PortalOptions = USUAL,
    *,
    walked: bool = True,
) -> Iterator[PortalConnector]:
    """A connector on a portal that is served while the block lasts."""
    with SimulatorServer(portal) as base, HttpSource(base, IMPATIENT) as http:
        held = Held(lambda _=None: iter(captured()), lambda *_: [])
        yield PortalConnector(http, load_dialect("plain"), LOCALE, clock, held, options, walked=walked)


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry.get(name) for name in ("infoid", "title", "infodate", "pubinwebdate", "lasteditdate")}
