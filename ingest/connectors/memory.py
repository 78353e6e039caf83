"""The in-memory twin of a connector."""

from collections.abc import Callable, Iterator, Sequence

from ingest.connectors.port import Arrival, Known


class MemoryConnector:
    """Hands over what it was given, each time anew; for tests."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._arrivals = arrivals

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        del known
        yield from self._arrivals
