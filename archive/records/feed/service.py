"""The feed: never passes over anything, and shows nothing that is not public at the moment of the question.

Two things make a record visible: an act, which has its place in the ledger, and the clock alone, when the moment of a
release comes. A cursor has a place in both. Places in the ledger are given in the order of commits and without a gap,
so whoever has seen one has seen all before it; the newest second is held back all the same, on the database's clock,
which all hosts share. A record that is not visible when its act is passed is visible later only by the clock, and the
clock's place never runs ahead of the moment at which visibility was judged.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from archive.authorization import PUBLIC_ACTOR, Authorizer, Permission, Scope
from archive.db.present import now
from archive.db.uow import Database
from archive.errors import Forbidden, InvalidInput, NotFound
from archive.ledger.repository import Connection
from archive.records.feed.repository import FeedRepository
from archive.records.feed.types import LAST_ID, Cursor, FeedPage
from archive.records.reading import RecordReader, RecordView

_HELD_BACK: Final = timedelta(seconds=1)
# An entry from further ahead comes from a clock that was wrong; that it is settled is known from its place alone.
_MOST_AHEAD: Final = timedelta(seconds=5)
# More are not written in a second.
_MOST_FRESH: Final = 20_000
_LOOKED_AT: Final = 20_000
# For fewer entries that say nothing a reader's cursor stays as it is, and so does the answer.
_WORTH_MOVING: Final = 1_000


@dataclass(frozen=True)
class FeedPorts:
    """What the feed needs. `present` is the moment by the database's clock."""

    database: Database
    authorizer: Authorizer
    records: RecordReader
    present: Callable[[Connection], datetime] = now


class FeedService:
    """What the public may see, for programs that follow it."""

    def __init__(self, ports: FeedPorts) -> None:
        self._ports = ports

    def page(self, after: Cursor | None, limit: int) -> FeedPage:
        """At most `limit` records behind a cursor; None begins. A record can come again, and is then as it is now.

        Raises:
            InvalidInput: the cursor is from another ledger (`feed-cursor-foreign`).
            Unavailable: the database does not answer.
        """
        scope = self._ports.authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_LIST)
        with self._ports.database.reading() as connection:
            repository = FeedRepository(connection)
            present = self._ports.present(connection)
            until = min(present - _HELD_BACK, scope.now)
            cursor = after or Cursor(-1, "-", until, LAST_ID)
            if after is not None and repository.leaf(after.index) != after.leaf:
                raise InvalidInput("feed-cursor-foreign")
            if scope.now < cursor.moment:
                # This host's clock is behind what another has told already: judged by it, something would be passed.
                return FeedPage((), cursor, more=False)
            ids, reached, more = _collect(repository, scope, cursor, (present, until), limit)
        items = tuple(self._shown(ids))
        moved = after is None or bool(items) or more or reached.index - cursor.index >= _WORTH_MOVING
        return FeedPage(items, reached if moved else cursor, more=more)

    def _shown(self, ids: Iterable[str]) -> Iterable[RecordView]:
        """The records as anybody from the public sees them; what has been closed meanwhile is not among them."""
        for record_id in ids:
            try:
                yield self._ports.records.find(PUBLIC_ACTOR, record_id)
            except (NotFound, Forbidden):
                continue


def _collect(
    repository: FeedRepository, scope: Scope, cursor: Cursor, moments: tuple[datetime, datetime], limit: int
) -> tuple[list[str], Cursor, bool]:
    """Ids behind a cursor in order, each once; where that leads, and whether more waits. `moments`: now, and until."""
    present, until = moments
    last = _settled(repository, cursor.index, present)
    window = min(last, cursor.index + _LOOKED_AT)
    told = repository.told(scope, cursor.index, window, limit)
    index = told[-1][0] if len(told) == limit else window
    room = limit - len(told)
    released = repository.released(scope, (cursor.moment, cursor.record), until, room) if room else []
    if len(released) == room:
        place = released[-1] if released else (cursor.moment, cursor.record)
    else:
        place = max((cursor.moment, cursor.record), (until, LAST_ID))
    ids = list(dict.fromkeys([*(record_id for _, record_id in told), *(record_id for _, record_id in released)]))
    more = index < last or len(told) + len(released) == limit
    leaf = repository.leaf(index) if index != cursor.index else cursor.leaf
    return ids, replace(cursor, index=index, leaf=leaf, moment=place[0], record=place[1]), more


def _settled(repository: FeedRepository, after: int, present: datetime) -> int:
    """The index up to which nothing of the newest second stands."""
    head = repository.head()
    fresh = repository.first_between(max(after, head - _MOST_FRESH), present - _HELD_BACK, present + _MOST_AHEAD)
    return head if fresh is None else fresh - 1
