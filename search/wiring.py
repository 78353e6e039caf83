"""Which index an address stands for, and what search is put together from."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from archive.authorization import Authorizer
from archive.clock import SystemClock
from archive.db.uow import Database
from archive.errors import InvalidInput
from archive.ledger.port import LedgerPort
from search.elastic.address import SCHEMES, Address
from search.memory import MemoryIndex
from search.port import SearchIndex
from search.projector import Projector
from search.query import QueryReader, Vocabulary
from search.rebuild import Rebuilder
from search.service import SearchService
from search.standing import StoredStandings
from search.tantivy import TantivyIndex

_TANTIVY = "tantivy://"


@dataclass(frozen=True)
class Ports:
    """What search needs of the rest. `redact` masks personal data, `zone` decides on which day a moment falls."""

    database: Database
    ledger: LedgerPort
    authorizer: Authorizer
    redact: Callable[[str], str]
    zone: tzinfo
    vocabulary: Vocabulary | None = None


@dataclass(frozen=True)
class Search:
    """Search, put together. `projector` is the follower that feeds `index`."""

    index: SearchIndex
    service: SearchService
    projector: Projector
    rebuilder: Rebuilder


def build_index(url: str) -> SearchIndex:
    """The index at `url`: `tantivy:///folder`, `elastic+http(s)://{user}:{password}@host:port/name`, or `memory:`.

    The last is gone with the process.

    Raises:
        InvalidInput: the URL names an index the archive does not know.
    """
    if url in {"memory:", "memory://"}:
        return MemoryIndex()
    if url.startswith(SCHEMES):
        from search.elastic.index import ElasticIndex  # noqa: PLC0415 - the library loads for half a second

        return ElasticIndex(Address.read(url), SystemClock())
    path = Path(url.removeprefix(_TANTIVY))
    if not url.startswith(_TANTIVY) or not path.is_absolute():
        raise InvalidInput("search-url", url=url.rsplit("@", maxsplit=1)[-1])
    return TantivyIndex(path)


def build_search(url: str, ports: Ports) -> Search:
    """Search over the index at `url`. Raises as `build_index`."""
    index = build_index(url)
    projector = Projector(ports.database, index, ports.redact)
    return Search(
        index=index,
        service=SearchService(
            index,
            ports.authorizer,
            QueryReader(ports.zone, ports.vocabulary),
            ports.ledger,
            StoredStandings(ports.database),
        ),
        projector=projector,
        rebuilder=Rebuilder(ports.database, ports.ledger, index, projector),
    )
