"""A portal's list and its documents, without a cursor: read from the newest back, and diff by content.

The list is walked until a stretch holds nothing new that is younger than the overlap window, and to its end as long as
no walk has reached that; now and then it is walked to its end all the same, because rows move while we read and
notices are dated back. A row that is unknown, that looks different, or that has not been asked about for a while is
fetched again, conditionally. What the list shows and the portal then answers with 404 is gone, with 410 withdrawn; so
is a captured document that should stand in the walked stretch of the list, has left it, and answers so. At each reading
some documents are asked for that were not asked about for long, wherever they stand: in the end all of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from archive.clock import Clock
from archive.errors import SourceFailed
from ingest.connectors.http.source import HttpSource
from ingest.connectors.locale import Locale
from ingest.connectors.port import Arrival, Gone, Held, Known, Listed, Refused, Same, Stated, Withdrawn
from ingest.connectors.portal.dialect import Dialect
from ingest.connectors.portal.documents import NO_ROW, Asked, DocumentReader
from ingest.connectors.portal.listing import PortalList, Row, first_moment, oldest
from ingest.connectors.portal.noise import Noise
from ingest.connectors.portal.trace import Trace
from ingest.types import ArrivalStatus, SeenArrival

_PATIENCE: Final = 3
"""So many unanswered pages in a row mean that the source is down, not that pages are broken."""

_UNANSWERED: Final = frozenset({"source-unreachable", "source-login-page"})


@dataclass(frozen=True)
class PortalOptions:
    """How a portal is read.

    Rows asked for at once, how far back changes are looked for, how soon a known page is asked again; at most how many
    documents are asked for that were not asked about for as long as `stale`. `parameters` are the portal's own.
    `withdraws` says that this portal takes back what it no longer shows, rather than only tidying up. `noise` is what
    changes on its pages at every visit. `whole` says that a walk goes to the end of the list even where it could end
    before; from there on it only looks for rows that are new or different.
    """

    page_size: int = 50
    overlap: timedelta = timedelta(days=30)
    recheck: timedelta = timedelta(hours=6)
    stale: timedelta = timedelta(days=30)
    stale_at_once: int = 50
    withdraws: bool = False
    parameters: Mapping[str, object] = field(default_factory=dict)
    noise: Noise = field(default_factory=Noise)
    whole: bool = False


class PortalConnector:
    """Reads one portal over HTTP. `held` is what intake holds of it.

    `walked` says that an earlier walk reached the end of the list: only then may one end before it.
    """

    def __init__(
        self,
        http: HttpSource,
        dialect: Dialect,
        locale: Locale,
        clock: Clock,
        held: Held,
        options: PortalOptions = PortalOptions(),
        *,
        walked: bool = False,
    ) -> None:
        self._http = http
        self._dialect = dialect
        self._zone = locale.zone
        self._clock = clock
        self._held = held
        self._options = options
        self._walked = walked
        self.position: dict[str, object] = {}
        """What to remember: `walked`, the moment at which the list was walked to its end, or only that it once was."""
        self._reader = DocumentReader(http, dialect, locale, withdraws=options.withdraws, noise=options.noise)

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        walk = _Walk(self._list(), _Patience(self._http.name))
        yield from self._news(walk, known)
        for seen in self._held.captured(walk.since):
            if seen.external_id not in walk.listed:
                yield from walk.patience.watch(self._unlisted(seen))
        yield from self._long_unasked(walk)
        if walk.list.failure is not None:
            raise walk.list.failure
        if walk.ended and not walk.list.shrank:
            self.position["walked"] = self._clock.now().isoformat()
        # Where rows may have been missed the next walk goes to the end as well, but fetches nothing anew for that.
        self.position.setdefault("walked", True)
        self._walked = True

    def inventory(self) -> Iterator[Listed]:
        """What the portal says it has: its list to the end, and no document. Raises as `PortalList.walk`."""
        return self._list().inventory()

    def _list(self) -> PortalList:
        options = self._options
        return PortalList(self._http, self._dialect, options.parameters, options.page_size, self._zone)

    def _news(self, walk: "_Walk", known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        only_news = False
        for rows, last in walk.stretches:
            fresh = False
            for row in rows:
                if row.values is None:
                    fresh = True
                    yield _unusable(row)
                    continue
                memory = known(row.external_id)
                fresh = fresh or memory is None or not _looks(memory, row) or self._young(row.values)
                if only_news and memory is not None and not memory.gone and _looks(memory, row):
                    yield Arrival(row.external_id, Same(), stated=row.stated)
                    continue
                yield from walk.patience.watch(self._arrival(row, row.values, memory))
            if self._walked and not fresh and not last:
                if not self._options.whole:
                    walk.since = oldest(rows) or walk.reached
                    return
                only_news = True
            walk.reached = oldest(rows) or walk.reached
        walk.ended = True
        if self._dialect.list.walk == "newest":
            # Such a list need not show everything there is: what is older than its rows has not left it.
            walk.since = walk.reached

    def _young(self, row: Mapping[str, object]) -> bool:
        rules, since = self._dialect.row, self._clock.now() - self._options.overlap
        published, revised = (first_moment(row, names, self._zone) for names in (rules.day, rules.revised))
        return published is None or published >= since or (revised is not None and revised >= since)

    def _arrival(self, row: Row, values: Mapping[str, object], memory: Known | None) -> Arrival:
        trace = Trace(row.mark)
        if memory is not None and _looks(memory, row):
            now = self._clock.now()
            # A moment that is yet to come was told by a clock that went wrong.
            if now - self._options.recheck < memory.checked_at <= now:
                return Arrival(row.external_id, Same(), stated=row.stated)
            # What was gone and is listed again is a new capture, even if not a byte of it has changed.
            trace = trace if memory.gone else Trace.read(memory.fingerprint)
        return self._reader.read(Asked(row.external_id, values, trace, row.stated))

    def _unlisted(self, seen: SeenArrival) -> Arrival | None:
        """What a document is that intake knows and the walk has not met; None where it is what it was."""
        trace = Trace.read(seen.fingerprint)
        if seen.external_id == f"row-{trace.mark}":
            return None
        refused = seen.status is ArrivalStatus.REFUSED
        arrival = self._reader.read(_remembered(seen, trace.forgotten() if refused else trace))
        if isinstance(arrival.what, Refused) and arrival.what.code == NO_ROW:
            return None
        return arrival if refused or isinstance(arrival.what, Gone | Refused | Withdrawn) else None

    def _long_unasked(self, walk: "_Walk") -> Iterator[Arrival]:
        """What was not asked about for long. Where its page has changed, its row is looked for as well."""
        before = self._clock.now() - self._options.stale
        wanted: dict[str, Arrival] = {}
        for seen in self._held.stale(before, self._options.stale_at_once):
            arrival = self._reader.read(_remembered(seen, Trace.read(seen.fingerprint)))
            if isinstance(arrival.what, Refused) and arrival.what.code == NO_ROW:
                wanted[seen.external_id] = arrival
            else:
                yield from walk.patience.watch(arrival)
        if wanted:
            yield from self._looked_for(wanted)

    def _looked_for(self, wanted: dict[str, Arrival]) -> Iterator[Arrival]:
        for rows, _ in self._list().walk({}):
            for row in rows:
                if row.external_id in wanted and row.values is not None:
                    del wanted[row.external_id]
                    yield self._reader.read(Asked(row.external_id, row.values, Trace(row.mark), row.stated))
            if not wanted:
                return
        yield from wanted.values()


class _Walk:
    """One walk of the list: what it met, how far back it came."""

    def __init__(self, portal_list: PortalList, patience: "_Patience") -> None:
        self.list = portal_list
        self.patience = patience
        self.listed: dict[str, str] = {}
        self.stretches = portal_list.walk(self.listed)
        self.ended = False
        self.since: datetime | None = None
        self.reached: datetime | None = None


class _Patience:
    """Counts pages in a row that did not come."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._failures = 0

    def watch(self, arrival: Arrival | None) -> Iterator[Arrival]:
        """Hand an arrival on.

        Raises:
            SourceFailed: it is one failure too many.
        """
        failed = arrival is not None and isinstance(arrival.what, Refused) and arrival.what.code in _UNANSWERED
        self._failures = self._failures + 1 if failed else 0
        if arrival is not None:
            yield arrival
        if arrival is not None and self._failures >= _PATIENCE:
            code = arrival.what.code if isinstance(arrival.what, Refused) else "source-unreachable"
            raise SourceFailed(code, source=self._source, detail=arrival.external_id)


def _looks(memory: Known, row: Row) -> bool:
    """Whether the row looks as it did."""
    return memory.fingerprint.startswith(f"{row.mark}:")


def _unusable(row: Row) -> Arrival:
    return Arrival(row.external_id, Refused(row.code, row.params), f"{row.mark}:", row.stated)


def _remembered(seen: SeenArrival, trace: Trace) -> Asked:
    """A document as far as it is remembered. What it is counted under stays what it was."""
    stated = Stated(seen.data_set, seen.day, seen.revised, None, seen.digest if seen.digest.startswith("mark:") else "")
    return Asked(seen.external_id, None, trace, stated)
