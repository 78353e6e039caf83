"""Searching, as somebody."""

from dataclasses import replace

from archive.authorization import AccessLevel, Actor, Authorizer, Permission, Scope
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from search.port import SearchIndex
from search.query import QueryReader
from search.standing import Standing, Standings
from search.types import Hit, Query, Results, Snippet


class SearchService:
    """Answers questions within what the asker may see, and tells how far the index is behind.

    The index decides what is found, the rows (`standings`) what of it is shown: a withdrawal or a stricter access
    level holds from the moment it is decided, not from when the index learns of it.
    """

    def __init__(
        self,
        index: SearchIndex,
        authorizer: Authorizer,
        reader: QueryReader,
        ledger: LedgerPort,
        standings: Standings,
    ) -> None:
        self._index = index
        self._authorizer = authorizer
        self._reader = reader
        self._ledger = ledger
        self._standings = standings

    def search(self, actor: Actor, query: Query) -> Results:
        """One page of what answers `query`, counted and shown within the actor's scope at this moment.

        A hit whose record has left the scope since it was indexed is dropped; of one withdrawn since (for readers of
        the public copy) or sealed since, only the title is given. Dropped hits are taken off `total`, those of this
        page: while the index is behind, the total of another page can still count such records, and a page can be
        shorter than asked for.

        Raises:
            Forbidden, NotAuthenticated: the actor may list nothing at all.
            InvalidInput: the query cannot be read; the parameters of the error say where.
            Damaged: the index must be rebuilt.
        """
        self._authorizer.require(actor, Permission.RECORD_LIST)
        scope = self._authorizer.scope(actor, Permission.RECORD_LIST)
        found = self._index.search(self._reader.read(query), scope)
        if not found.hits:
            return found
        standing = self._standings([hit.record_id for hit in found.hits])
        hits = tuple(
            _shown(hit, now, scope)
            for hit in found.hits
            if (now := standing.get(hit.record_id)) is not None and scope.admits(now.subject)
        )
        return Results(found.total - len(found.hits) + len(hits), hits, found.took_ms)

    def lag(self, connection: Connection) -> int:
        """How many entries of the ledger the index does not show yet."""
        return max(0, self._ledger.size(connection) - 1 - self._index.position())


def _shown(hit: Hit, now: Standing, scope: Scope) -> Hit:
    """The hit as the rows have it now, without text where the text has gone out of sight."""
    gone = now.subject.level is AccessLevel.SEALED or (scope.redacted and now.tombstone)
    snippet = Snippet("") if gone else hit.snippet
    return replace(hit, state=now.state, withdrawn=now.withdrawn, snippet=snippet)
