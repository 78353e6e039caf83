"""Searching, as somebody."""

from archive.authorization import Actor, Authorizer, Permission
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from search.port import SearchIndex
from search.query import QueryReader
from search.types import Query, Results


class SearchService:
    """Answers questions within what the asker may see, and tells how far the index is behind."""

    def __init__(self, index: SearchIndex, authorizer: Authorizer, reader: QueryReader, ledger: LedgerPort) -> None:
        self._index = index
        self._authorizer = authorizer
        self._reader = reader
        self._ledger = ledger

    def search(self, actor: Actor, query: Query) -> Results:
        """One page of what answers `query`, counted and shown within the actor's scope at this moment.

        Raises:
            Forbidden, NotAuthenticated: the actor may list nothing at all.
            InvalidInput: the query cannot be read; the parameters of the error say where.
            Damaged: the index must be rebuilt.
        """
        self._authorizer.require(actor, Permission.RECORD_LIST)
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        return self._index.search(self._reader.read(query), scope)

    def lag(self, connection: Connection) -> int:
        """How many entries of the ledger the index does not show yet."""
        return max(0, self._ledger.size(connection) - 1 - self._index.position())
