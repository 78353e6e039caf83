"""Reads a table of an exchange database (前置库): by its status column, by a column that grows, or all of it.

A row is marked as taken only when intake has committed it, and only if it is still what was taken. Nothing is skipped
because of where it stands: a full reading from time to time finds rows that came late, whose clock was wrong, or that
are no longer there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from archive.errors import InvalidInput
from ingest.connectors.exchange.document import RowReader, id_of
from ingest.connectors.exchange.port import ExchangeTable, Row, TooLarge
from ingest.connectors.exchange.position import Growth, Position
from ingest.connectors.port import (
    GONE,
    WITHDRAWN,
    Arrival,
    Context,
    Gone,
    Known,
    Listed,
    Refused,
    Same,
    Stated,
    Withdrawn,
)
from ingest.connectors.rows import canonical
from ingest.types import ArrivalStatus, SeenArrival

_MOST_KEYLESS: Final = 1_000


@dataclass(frozen=True)
class Manner:
    """How a table is read.

    `acknowledge`: read what is not taken yet, and mark it. `overlap` is in seconds, or numbers of a sequence. All of
    the table is read after `full` at the latest. `vanished` says what a row means that is no longer there: `flag`,
    `withdraw` or `keep`. `told` is a digest of all that the source is told.
    """

    told: str
    acknowledge: bool = False
    overlap: int = 3_600
    full: timedelta = timedelta(hours=24)
    vanished: str = "flag"


@dataclass(frozen=True)
class _Doubtful:
    """A row of which it is not known yet what intake made of it."""

    key: tuple[object, ...]
    digest: str
    revised: datetime | None


@dataclass
class _Pass:
    """One reading while it lasts."""

    known: Callable[[str], Known | None]
    growth: Growth
    full: bool
    started: datetime
    seen: set[str] = field(default_factory=set)
    doubtful: dict[str, _Doubtful] = field(default_factory=dict)
    unwritable: InvalidInput | None = None


class ExchangeConnector:
    """Reads one table. What is to be remembered of a full reading it writes into `position`, at its end."""

    def __init__(
        self, table: ExchangeTable, reader: RowReader, manner: Manner, context: Context, position: dict[str, object]
    ) -> None:
        self._table = table
        self._shape = table.shape
        self._reader = reader
        self._manner = manner
        self._context = context
        self._position = position

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        started = self._context.clock.now()
        growth = Growth(self._context.locale.zone, self._table.now() or started)
        before = Position.read(self._position)
        reading = _Pass(known, growth, self._is_full(before, started), started)
        since = None if reading.full or self._manner.acknowledge else growth.since(before.after, self._manner.overlap)
        yield from self._rows(reading, since)
        yield from self._keyless(reading)
        if reading.full and self._manner.vanished != "keep":
            yield from self._vanished(reading)
        self._settle_doubtful(reading)
        if reading.unwritable is not None:
            # Everything has been read and taken; the far end must know all the same that it is not told so.
            raise reading.unwritable
        after = growth.after(None if reading.full else before.after)
        full_at = started if reading.full else before.full_at
        self._position.update(Position(after, full_at, self._manner.told).as_json())

    def inventory(self) -> Iterator[Listed]:
        """What the table says it has."""
        for row in self._table.rows():
            if isinstance(row, TooLarge):
                yield Listed(id_of(row.key), Stated(size=row.size))
            elif (listed := self._reader.listed(row)) is not None:
                yield listed

    def _is_full(self, before: Position, now: datetime) -> bool:
        if before.told != self._manner.told or before.full_at is None:
            return True
        if not self._manner.acknowledge and (not self._shape.order or before.after is None):
            return True
        # A reading from the future comes from a clock that was wrong: it counts as none.
        return not before.full_at <= now < before.full_at + self._manner.full

    def _rows(self, reading: _Pass, since: str | int | None) -> Iterator[Arrival]:
        untaken = self._manner.acknowledge and not reading.full
        for _, group in groupby(self._table.rows(since, untaken=untaken), self._place):
            rows: list[Row] = []
            for row in group:
                if isinstance(row, TooLarge):
                    yield self._seen(reading, Arrival(id_of(row.key), _too_large(row)))
                else:
                    rows.append(row)
            yield from self._group(reading, rows)

    def _group(self, reading: _Pass, rows: list[Row]) -> Iterator[Arrival]:
        """Rows that share a key and a place: the same twice, or nobody knows which of them is meant."""
        if len(rows) > 1 and len({self._reader.digest(row) for row in rows}) > 1:
            for number, row in enumerate(sorted(rows, key=self._reader.digest), start=1):
                external_id = self._reader.external_id(row) + (f"#{number}" if number > 1 else "")
                params = {"key": "、".join(self._shape.key), "external_id": self._reader.external_id(row)}
                yield self._seen(reading, Arrival(external_id, Refused("exchange-key-twice", params, canonical(row))))
            return
        for row in rows:
            if self._shape.order:
                reading.growth.saw(row[self._shape.order])
            arrival = self._seen(reading, self._shortened(reading, self._reader.arrival(row)))
            yield arrival
            # Whoever asks for the next one has committed this one.
            self._settle(reading, row, arrival)

    def _shortened(self, reading: _Pass, arrival: Arrival) -> Arrival:
        known = reading.known(arrival.external_id)
        if known is None or not arrival.fingerprint or known.fingerprint != arrival.fingerprint:
            return arrival
        if known.gone is not isinstance(arrival.what, Withdrawn):
            return arrival
        return Arrival(arrival.external_id, Same(), arrival.fingerprint, arrival.stated)

    def _settle(self, reading: _Pass, row: Row, arrival: Arrival) -> None:
        """Mark a row as taken if intake remembers it; otherwise leave it for the end."""
        status = self._shape.status
        if not self._manner.acknowledge or self._context.trial:
            return
        stands = row[status.column]
        if stands is not None and str(stands).strip() != status.untaken:
            return
        doubtful = _Doubtful(
            tuple(row[name] for name in self._shape.key), self._reader.digest(row), arrival.stated.revised
        )
        known = reading.known(arrival.external_id)
        if known is not None and arrival.fingerprint and known.fingerprint == arrival.fingerprint:
            self._mark(reading, doubtful, status.taken, "")
        else:
            reading.doubtful[arrival.external_id] = doubtful

    def _settle_doubtful(self, reading: _Pass) -> None:
        """Mark as failed what intake says it refused just now, and as taken what it keeps as an older state."""
        if not reading.doubtful:
            return
        for seen in self._context.held.captured():
            doubtful = reading.doubtful.get(seen.external_id)
            if doubtful is None or seen.last_seen < reading.started:
                continue
            if seen.status is ArrivalStatus.REFUSED:
                self._mark(reading, doubtful, self._shape.status.failed, f"{seen.code}: {seen.message}")
            elif _is_older(doubtful, seen):
                self._mark(reading, doubtful, self._shape.status.taken, "")

    def _mark(self, reading: _Pass, row: _Doubtful, status: str, reason: str) -> None:
        if reading.unwritable is not None:
            return
        try:
            self._table.mark(row.key, lambda found: self._reader.digest(found) == row.digest, status, reason)
        except InvalidInput as error:
            reading.unwritable = error

    def _keyless(self, reading: _Pass) -> Iterator[Arrival]:
        for row in self._table.keyless(_MOST_KEYLESS):
            external_id = "row-" + self._reader.digest(row).removeprefix("row:")[:16]
            refused = Refused("exchange-key-empty", {"key": "、".join(self._shape.key)}, canonical(row))
            yield self._seen(reading, Arrival(external_id, refused))

    def _vanished(self, reading: _Pass) -> Iterator[Arrival]:
        what = Withdrawn(WITHDRAWN) if self._manner.vanished == "withdraw" else Gone(GONE)
        for seen in self._context.held.captured():
            if seen.external_id not in reading.seen:
                yield Arrival(seen.external_id, what)

    def _place(self, row: Row | TooLarge) -> tuple[object, ...]:
        if isinstance(row, TooLarge):
            return row.key
        return tuple(row[name] for name in (self._shape.order, *self._shape.key) if name)

    @staticmethod
    def _seen(reading: _Pass, arrival: Arrival) -> Arrival:
        reading.seen.add(arrival.external_id)
        return arrival


def _too_large(row: TooLarge) -> Refused:
    return Refused("exchange-row-too-large", {"external_id": id_of(row.key), "size": row.size >> 20})


def _is_older(row: _Doubtful, seen: SeenArrival) -> bool:
    return row.revised is not None and seen.revised is not None and row.revised < seen.revised
