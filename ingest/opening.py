"""Opens registered sources: from connector name and location to a connector ready to read.

What a source's connector is stands in the registry. Two portals are not real ones: a file of recorded polls is
replayed, and a location that begins with `simulator:` is the stand-in trading platform, served on loopback for as long
as it is read. It shows its projects first, and at the second reading what comes afterwards, namely edits, withdrawals
and late arrivals.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

from archive.clock import Clock
from archive.errors import InvalidInput
from ingest.connectors.http.source import HttpSource, Politeness
from ingest.connectors.locale import Locale
from ingest.connectors.port import Arrival, Context, Held, Known, Opened
from ingest.connectors.portal.connector import PortalConnector, PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.registry import Registry
from ingest.connectors.secrets import Secrets
from ingest.simulator.replay import Replay
from ingest.simulator.scenario import Scenario
from ingest.simulator.server import SimulatorServer
from ingest.types import Source

SIMULATOR = "simulator:"

_SHOWINGS = 2
_AFTERMATH_DAYS = 60
# The stand-in is ours and near: every page may be asked again at once, and its calendar is not the machine's.
_EVERYTHING = PortalOptions(overlap=timedelta(days=36_500), recheck=timedelta(0))
_IMPATIENT = Politeness(pause=0.05, per_second=0)


@dataclass(frozen=True)
class SourceOpener:
    """Opens sources. `locale` says how words are read where a source is not told otherwise.

    In a `trial` nothing is kept of what is read.
    """

    registry: Registry
    locale: Locale
    clock: Clock
    secrets: Secrets
    trial: bool = False

    @contextmanager
    def __call__(self, source: Source, held: Held) -> Iterator[Opened]:
        """A source, open for one reading.

        Raises:
            InvalidInput: no such connector, one that others push to, or a location or option that it cannot use.
            SourceFailed: it does not answer.
        """
        if source.connector == "portal" and source.location.startswith(SIMULATOR):
            with self._simulator(source, held) as opened:
                yield opened
        elif source.connector == "portal" and Path(source.location).is_file():
            with self._replay(Path(source.location)) as opened:
                yield opened
        else:
            kind = self.registry.kind(source.connector)
            if kind.open is None:
                raise InvalidInput("source-is-pushed", source=source.name, connector=kind.name)
            with tempfile.TemporaryDirectory(prefix="juanzong-") as scratch:
                context = Context(self._locale_of(source), self.clock, self.secrets, held, Path(scratch), self.trial)
                with kind.open(source, context) as opened:
                    yield opened

    def _locale_of(self, source: Source) -> Locale:
        """How the words of this source are read: what names no region of ours is filed under the source's own."""
        own = source.region
        if own is None:
            return self.locale
        usual, nowhere = self.locale.region_of, self.locale.region_of("")
        return replace(self.locale, region_of=lambda name: own if usual(name) == nowhere else usual(name))

    @contextmanager
    def _simulator(self, source: Source, held: Held) -> Iterator[Opened]:
        from ingest.simulator.portal import Platform  # noqa: PLC0415 - writes documents, loads long, only for shows

        platform = Platform(read_scenario(source.location))
        shown = source.position.get("shown", 0)
        number = shown if isinstance(shown, int) else 0
        if number:
            platform.advance(days=_AFTERMATH_DAYS)
        with SimulatorServer(platform) as base, HttpSource(base, _IMPATIENT) as http:
            connector = PortalConnector(http, load_dialect("plain"), self.locale, self.clock, held, _EVERYTHING)
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
            nothing = Held(lambda _=None: iter(()), lambda *_: [])
            portal = PortalConnector(http, load_dialect("plain"), self.locale, self.clock, nothing)
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
