"""A source that lists what it has, for tests: what it shows and lists is what it was given."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from archive.errors import SourceFailed
from archive.records.types import Delivery
from ingest.connectors.port import Arrival, ConnectorKind, Context, Known, Listed, Opened, Stated
from ingest.types import Source
from tests.small_archive import SmallArchive, notice

DAY = date(2026, 5, 4)
NAME = "far"


class FarEnd:
    """Documents with a mark each. `breaks_after` entries its list breaks off; `mute` it cannot list at all.

    `breaks_with` is what its list raises at its end.
    """

    def __init__(self, marks: Mapping[str, str] | None = None) -> None:
        self.marks = dict(marks or {})
        self.data_set = "551"
        self.breaks_after: int | None = None
        self.breaks_with: Exception | None = None
        self.mute = False
        self.fetched: list[str] = []
        self.positions: list[Mapping[str, object]] = []

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        """What it shows; what is known by its mark is not fetched again."""
        for name, mark in self.marks.items():
            seen = known(name)
            if seen is None or seen.fingerprint != mark:
                self.fetched.append(name)
                yield Arrival(name, self._delivery(name), mark, listed(mark, self.data_set))

    def inventory(self) -> Iterator[Listed]:
        """What it has."""
        for number, (name, mark) in enumerate(self.marks.items()):
            if number == self.breaks_after:
                raise SourceFailed("source-unreachable", source=NAME, detail="reset")
            yield Listed(name, listed(mark, self.data_set))
        if self.breaks_with is not None:
            raise self.breaks_with

    @staticmethod
    def _delivery(name: str) -> Delivery:
        return notice(name, f"{name}公告")

    def kind(self) -> ConnectorKind:
        """Itself as a connector."""

        @contextmanager
        def open_far(source: Source, context: Context) -> Iterator[Opened]:
            del context
            self.positions.append(source.position)
            yield Opened(self, {"read": True}, inventory=None if self.mute else self.inventory)

        return ConnectorKind("far", "远端", "a far end", open_far)


def listed(mark: str, data_set: str = "551") -> Stated:
    """What it says of a document."""
    return Stated(data_set, DAY, None, 100, f"mark:{mark}")


def register(archive: SmallArchive, far: FarEnd) -> None:
    """Register the far end as a source that is read."""
    archive.ingest.opener.registry._kinds["far"] = far.kind()
    archive.ingest.sources.register(NAME, "far", "far:end")


def read(archive: SmallArchive) -> None:
    """Read it once, as a worker does."""
    archive.ingest.intake.sync(NAME, archive.ingest.opener)
    archive.ingest.reconciliation.repairs.settle(NAME)
