"""Opens registered sources: from connector name and location to a connector ready to read.

A portal's location is a URL. One that is a file of recorded polls is replayed. One that begins with `simulator:` is the
stand-in trading platform, served on loopback for as long as it is read: it shows its projects first, and at the second
reading what comes afterwards, namely edits, withdrawals and late arrivals.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

from archive.clock import Clock
from archive.errors import InvalidInput
from ingest.connectors.folder import FolderConnector
from ingest.connectors.http import HttpSource, Politeness
from ingest.connectors.notices import Locale, NoticesConnector
from ingest.connectors.port import Arrival, Captured, Connector, Known
from ingest.connectors.portal import PortalConnector, PortalOptions
from ingest.service import Opened
from ingest.simulator.replay import Replay
from ingest.simulator.scenario import Scenario
from ingest.simulator.server import SimulatorServer
from ingest.types import Source

SIMULATOR = "simulator:"

CONNECTORS = ("portal", "notices", "folder")
"""The names of the connectors there are."""

_SHOWINGS = 2
_AFTERMATH_DAYS = 60
# The stand-in is ours and near: every page may be asked again at once, and its calendar is not the machine's.
_EVERYTHING = PortalOptions(overlap=timedelta(days=36_500), recheck=timedelta(0))
_IMPATIENT = Politeness(pause=0.05)


class SourceOpener:
    """Opens sources. `locale` says how their words are read."""

    def __init__(self, locale: Locale, clock: Clock) -> None:
        self._locale = locale
        self._clock = clock

    @contextmanager
    def __call__(self, source: Source, captured: Captured) -> Iterator[Opened]:
        """A source, open for one reading.

        Raises:
            InvalidInput: no such connector, or a location it cannot read.
        """
        if source.connector == "portal" and source.location.startswith(SIMULATOR):
            with self._simulator(source, captured) as opened:
                yield opened
        elif source.connector == "portal" and Path(source.location).is_file():
            with self._replay(Path(source.location)) as opened:
                yield opened
        elif source.connector == "portal":
            walked = source.position.get("walked") is True
            with HttpSource(source.location) as http:
                connector = PortalConnector(http, self._locale, self._clock, captured, walked=walked)
                # Whoever is interrupted leaves no mark, and the next walk goes to the end of the list again.
                yield Opened(connector, {"walked": True}, more=False, reading={})
        else:
            yield Opened(self._from_path(source.connector, Path(source.location)), {}, more=False)

    def _from_path(self, connector: str, path: Path) -> Connector:
        if not path.exists():
            raise InvalidInput("import-path", path=str(path), detail="not found")
        if connector == "notices":
            return NoticesConnector(path, self._locale)
        if connector == "folder":
            return FolderConnector(path, self._locale)
        raise InvalidInput("connector-unknown", connector=connector, known="、".join(CONNECTORS))

    @contextmanager
    def _simulator(self, source: Source, captured: Captured) -> Iterator[Opened]:
        from ingest.simulator.portal import Platform  # noqa: PLC0415 - writes documents, loads long, only for shows

        platform = Platform(read_scenario(source.location))
        shown = source.position.get("shown", 0)
        number = shown if isinstance(shown, int) else 0
        if number:
            platform.advance(days=_AFTERMATH_DAYS)
        with SimulatorServer(platform) as base, HttpSource(base, _IMPATIENT) as http:
            connector = PortalConnector(http, self._locale, self._clock, captured, _EVERYTHING)
            yield Opened(connector, {"shown": number + 1}, more=number + 1 < _SHOWINGS)

    @contextmanager
    def _replay(self, arrivals: Path) -> Iterator[Opened]:
        """Polls of a real portal as they once happened, in order; the pages themselves lie beside `arrivals`."""
        try:
            replay = Replay(arrivals, sorted(arrivals.parent.glob("*.json.gz")))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput("replay-unreadable", path=str(arrivals), detail=type(error).__name__) from error
        with SimulatorServer(replay) as base, HttpSource(base, _IMPATIENT) as http:
            # Nothing ever leaves the list of a replay: what an early poll does not show yet has not vanished.
            portal = PortalConnector(http, self._locale, self._clock, lambda _=None: [])
            yield Opened(_Replayed(replay, portal), {}, more=False)


class _Replayed:
    """Reads a replayed portal once after each of its recorded polls."""

    def __init__(self, replay: Replay, portal: PortalConnector) -> None:
        self._replay = replay
        self._portal = portal

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        for _ in range(self._replay.snapshots - self._replay.position):
            self._replay.advance()
            yield from self._portal.arrivals(known)


def read_scenario(location: str) -> Scenario:
    """The scenario behind `simulator:?seed=7&projects=12`.

    Raises:
        InvalidInput: seed or number of projects is no number.
    """
    values = parse_qs(location.removeprefix(SIMULATOR).lstrip("?"))
    try:
        return Scenario.demo(int(values["seed"][0]), int(values["projects"][0]))
    except (KeyError, ValueError) as error:
        raise InvalidInput("simulator-location", location=location) from error


def simulator_location(seed: int, projects: int) -> str:
    """The location of a stand-in platform."""
    return f"{SIMULATOR}?seed={seed}&projects={projects}"
