"""Both lists side by side, in the order of the ids: one document at a time, in constant memory.

What only one side says cannot be compared and is counted as such. Equal is what was seen to be equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from archive.errors import InvalidInput
from ingest.connectors.port import Listed, Stated
from ingest.reconciliation.types import Bucket, Counts, Found, Kind, Side
from ingest.types import ArrivalStatus

MOST_BUCKETS = 100_000


@dataclass(frozen=True)
class Ours:
    """A document as the archive holds it, or knows that it does not."""

    external_id: str
    status: ArrivalStatus
    first_seen: datetime
    side: Side


class Comparison:
    """Compares one source. What came in after `started` is on no list yet and is not missed there."""

    def __init__(self, started: datetime) -> None:
        self.counts = Counts()
        self._started = started
        self._buckets: dict[tuple[str, str], Bucket] = {}

    @property
    def buckets(self) -> list[Bucket]:
        """What both sides have, by data set and day."""
        return [self._buckets[key] for key in sorted(self._buckets)]

    def differences(self, theirs: Iterator[Listed], ours: Iterator[Ours]) -> Iterator[Found]:
        """Every difference, in the order of the ids; both sides must come in that order.

        Raises:
            InvalidInput: there are more data sets and days than can be reported (`inventory-buckets`).
        """
        for listed, held in _joined(self._each_once(theirs), ours):
            found = self._unlisted(held) if listed is None else self._listed(listed, held)
            if found is not None:
                self.counts.add(found.kind)
                self._bucket(*found.counted_under).differences += 1
                yield found

    def _each_once(self, theirs: Iterator[Listed]) -> Iterator[Listed]:
        before = ""
        for listed in theirs:
            if listed.external_id == before:
                self.counts.repeated += 1
                continue
            before = listed.external_id
            yield listed

    def _unlisted(self, held: Ours | None) -> Found | None:
        assert held is not None
        if held.status is not ArrivalStatus.CAPTURED or held.first_seen >= self._started:
            return None
        self._count_ours(held)
        return Found(held.external_id, Kind.EXTRA, None, held.side)

    def _listed(self, listed: Listed, held: Ours | None) -> Found | None:
        self.counts.listed += 1
        theirs = side_of(listed.stated)
        self._count_theirs(theirs, held)
        if held is None:
            return Found(listed.external_id, Kind.MISSING, theirs, None)
        if held.status is not ArrivalStatus.CAPTURED:
            # Known, with the reason why it is not held as the source lists it: never silently missing.
            self.counts.add(held.status)
            return None
        self._count_ours(held)
        kind = difference(theirs, held.side)
        if kind is None:
            self.counts.add(_how_equal(theirs, held.side))
            return None
        return Found(listed.external_id, kind, theirs, held.side)

    def _count_theirs(self, theirs: Side, held: Ours | None) -> None:
        # Where the source does not say under what a document counts, it counts where it counts here.
        ours = held.side if held is not None else Side("", None, None, "")
        bucket = self._bucket(theirs.data_set or ours.data_set, theirs.day or ours.day)
        bucket.their_count += 1
        bucket.their_bytes += theirs.size or 0

    def _count_ours(self, held: Ours) -> None:
        self.counts.held += 1
        bucket = self._bucket(held.side.data_set, held.side.day)
        bucket.our_count += 1
        bucket.our_bytes += held.side.size or 0

    def _bucket(self, data_set: str, day: date | None) -> Bucket:
        key = (data_set, day.isoformat() if day else "")
        if key not in self._buckets:
            if len(self._buckets) >= MOST_BUCKETS:
                raise InvalidInput("inventory-buckets", most=MOST_BUCKETS)
            self._buckets[key] = Bucket(*key)
        return self._buckets[key]


def side_of(stated: Stated) -> Side:
    """What a source states, as a side."""
    return Side(stated.data_set, stated.day, stated.size, stated.digest)


def difference(theirs: Side, ours: Side) -> Kind | None:
    """What differs of a document that both sides have; None where nothing does that both speak of."""
    if _comparable(theirs, ours) and theirs.digest != ours.digest:
        return Kind.CHANGED
    if theirs.size is not None and ours.size is not None and theirs.size != ours.size:
        return Kind.CHANGED
    other_set = theirs.data_set != ours.data_set and theirs.data_set and ours.data_set
    other_day = theirs.day != ours.day and theirs.day and ours.day
    return Kind.MOVED if other_set or other_day else None


def _comparable(theirs: Side, ours: Side) -> bool:
    """Whether both digests were made the same way: what stands before the colon says how."""
    return bool(theirs.digest) and theirs.digest.partition(":")[0] == ours.digest.partition(":")[0]


def _how_equal(theirs: Side, ours: Side) -> str:
    if _comparable(theirs, ours):
        return "same"
    return "uncompared" if theirs.size is None or ours.size is None else "sized"


def _joined(theirs: Iterator[Listed], ours: Iterator[Ours]) -> Iterator[tuple[Listed | None, Ours | None]]:
    """Pairs by id; None for the side that does not have it."""
    listed, held = next(theirs, None), next(ours, None)
    while listed is not None or held is not None:
        if held is None or (listed is not None and listed.external_id < held.external_id):
            yield listed, None
            listed = next(theirs, None)
        elif listed is None or held.external_id < listed.external_id:
            yield None, held
            held = next(ours, None)
        else:
            yield listed, held
            listed, held = next(theirs, None), next(ours, None)
