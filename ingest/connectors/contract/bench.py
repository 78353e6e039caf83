"""A source on the bench: read as often as the checks ask, nothing kept, nothing acknowledged, everything noted."""

import hashlib
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from archive.clock import Clock
from archive.errors import ArchiveError, InvalidInput
from archive.records.types import Delivery, Incoming
from ingest.connectors.contract.guard import Guard, hosts_of
from ingest.connectors.contract.types import Noted, NotedFile, Outcome, Reading, Seen
from ingest.connectors.locale import Locale
from ingest.connectors.port import (
    Arrival,
    Captured,
    ConnectorKind,
    Context,
    Gone,
    Held,
    Known,
    Opened,
    Refused,
    Same,
)
from ingest.connectors.secrets import Secrets
from ingest.types import ArrivalStatus, SeenArrival, Source

MOST: Final = 200
"""So many documents are read at once where nobody says otherwise."""

_BLOCK: Final = 1 << 20


@dataclass(frozen=True)
class Tools:
    """What the archive would give a connector."""

    locale: Locale
    clock: Clock
    secrets: Secrets


@dataclass
class Bench:
    """One connector and one source of it. `bad` is the id of a document of which the tester knows that it is bad."""

    kind: ConnectorKind
    source: Source
    tools: Tools
    most: int = MOST
    bad: str = ""
    guard: Guard = field(init=False)
    peak: int = field(default=0, init=False)
    """The most memory that the first reading took, in bytes."""

    def __post_init__(self) -> None:
        self.guard = Guard(hosts_of(self.source))

    @cached_property
    def first(self) -> Reading:
        """The reading that most checks look at: of a source of which nothing is known, every file read twice."""
        ours = not tracemalloc.is_tracing()
        if ours:
            tracemalloc.start()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        try:
            return self.read(self.source, times=2)
        finally:
            self.peak = tracemalloc.get_traced_memory()[1] - before
            if ours:
                tracemalloc.stop()

    def read(
        self,
        source: Source,
        known: Mapping[str, Noted] | None = None,
        most: int | None = None,
        times: int = 1,
    ) -> Reading:
        """Read a source once, from its position on; `known` is what was handed over before, every file `times` times.

        However it ends, it ends with a `Reading`: what went wrong stands there.
        """
        reading = Reading(position=source.position)
        with tempfile.TemporaryDirectory(prefix="juanzong-contract-") as scratch, self.guard.standing():
            try:
                self._read(reading, source, known or {}, self._limits(most, times), Path(scratch))
            except ArchiveError as error:
                reading.error, reading.whole = error, False
            except Exception as error:  # noqa: BLE001 - a connector of somebody else: what it raises is a finding
                reading.crash, reading.whole = f"{type(error).__name__}: {error}", False
        return reading

    def _limits(self, most: int | None, times: int) -> tuple[int, int]:
        return self.most if most is None else most, times

    def _read(
        self, reading: Reading, source: Source, known: Mapping[str, Noted], limits: tuple[int, int], scratch: Path
    ) -> None:
        assert self.kind.open is not None
        most, times = limits
        now = self.tools.clock.now()
        held = Held(_captured(source, known, now), lambda *_: [])
        context = Context(self.tools.locale, self.tools.clock, self.tools.secrets, held, scratch, trial=True)
        with self.kind.open(source, context) as opened:
            if opened.reading is not None:
                reading.position = opened.reading
            arrivals = opened.connector.arrivals(lambda external_id: _known(known, external_id, now))
            with _ended(arrivals):
                for arrival in arrivals:
                    reading.notes.append(_noted(arrival, times))
                    if len(reading.notes) >= most:
                        return
            _finish(reading, opened)


@dataclass(frozen=True)
class Check:
    """One thing that is asked of a connector. `code` names it in the message catalogue."""

    code: str
    look: Callable[[Bench], Seen]


def _finish(reading: Reading, opened: Opened) -> None:
    reading.whole = True
    reading.position = opened.position
    if opened.inventory is not None:
        reading.inventory = list(opened.inventory())


def _ended(arrivals: Iterator[Arrival]) -> AbstractContextManager[Any]:
    return closing(arrivals) if hasattr(arrivals, "close") else nullcontext()


def _known(known: Mapping[str, Noted], external_id: str, now: datetime) -> Known | None:
    note = known.get(external_id)
    if note is None or note.is_bad:
        return None
    return Known(note.fingerprint, note.outcome in {Outcome.GONE, Outcome.WITHDRAWN}, now)


def _captured(source: Source, known: Mapping[str, Noted], now: datetime) -> Captured:
    def captured(since: datetime | None = None, /) -> Iterator[SeenArrival]:
        for external_id, note in sorted(known.items()):
            if note.outcome is not Outcome.DELIVERED or note.is_bad or _is_before(note.published, since):
                continue
            yield SeenArrival(
                source.name,
                external_id,
                ArrivalStatus.CAPTURED,
                record_id=None,
                fingerprint=note.fingerprint,
                code=None,
                message=None,
                raw_sha256=None,
                first_seen=now,
                last_seen=now,
                checked_at=now,
                since=now,
            )

    return captured


def _is_before(published: datetime | None, since: datetime | None) -> bool:
    return published is not None and since is not None and published < since


def _noted(arrival: Arrival, times: int) -> Noted:
    what = arrival.what
    note = Noted(arrival.external_id, _outcome(arrival), arrival.fingerprint, arrival.stated)
    if isinstance(what, Refused):
        return replace(note, code=what.code, hints={"raw": hashlib.sha256(what.raw).hexdigest()})
    if not isinstance(what, Delivery):
        return note if isinstance(what, Same) else replace(note, code=what.code)
    trouble, files = "", []
    try:
        files = [_file(component, times) for component in what.components]
    except InvalidInput as error:
        # Intake refuses the document for this, and goes on.
        trouble = error.code
    return replace(
        note,
        title=what.title,
        region=what.region,
        published=what.published,
        hints=dict(what.hints),
        files=tuple(files),
        trouble=trouble,
    )


def _outcome(arrival: Arrival) -> Outcome:
    what = arrival.what
    if isinstance(what, Delivery):
        return Outcome.DELIVERED
    if isinstance(what, Refused):
        return Outcome.REFUSED
    if isinstance(what, Same):
        return Outcome.SAME
    return Outcome.GONE if isinstance(what, Gone) else Outcome.WITHDRAWN


def _file(component: Incoming, times: int) -> NotedFile:
    digests, size = [], 0
    for _ in range(times):
        digest, size = hashlib.sha256(), 0
        with component.open() as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
        digests.append(digest.hexdigest())
    return NotedFile(
        component.name,
        component.role,
        size,
        tuple(digests),
        component.announced_size,
        component.announced_sha256,
    )
