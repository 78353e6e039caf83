"""Messages that have waited too long for what they belong to: somebody has to look into them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from archive.clock import Clock
from archive.db.uow import Database
from ingest.dead_letters.types import DeadLetter, What
from ingest.push.repository import PushRepository
from ingest.push.types import Pushed

PATIENCE: Final = timedelta(days=1)
"""For so long it is usual that a message comes before its parents or its files."""

_MOST = 1_000


def overdue(database: Database, clock: Clock) -> Callable[[], list[DeadLetter]]:
    """What gives the messages held for longer than is usual, longest first, at most a thousand."""

    def letters() -> list[DeadLetter]:
        with database.reading() as connection:
            held = PushRepository(connection).held_since(clock.now() - PATIENCE, _MOST)
        return [_letter(pushed) for pushed in held]

    return letters


def _letter(pushed: Pushed) -> DeadLetter:
    waits_for_file = pushed.waiting_for.startswith("file:")
    return DeadLetter(
        what=What.MESSAGE,
        source=pushed.source,
        key=pushed.external_id,
        kind=pushed.data_no,
        step="join",
        code="push-waits-for-file" if waits_for_file else "push-waits-for-parent",
        message=pushed.reason,
        first=pushed.received_at,
        last=None,
        tries=0,
        # Its job comes again by itself for a file; a parent has to be sent.
        by_us=waits_for_file,
        raw_sha256=pushed.sha256,
    )
