"""Fills a ledger with entries to test on."""

from archive.clock import Clock
from archive.db.uow import Database
from archive.ledger.service import Ledger
from archive.ledger.types import Event, EventType


def fill(database: Database, clock: Clock, count: int) -> None:
    ledger = Ledger(clock)
    with database.writing() as uow:
        for number in range(count):
            ledger.append(
                uow, Event(EventType.RECORD_CAPTURED, "system", "record", f"rec_{number}", {"number": number})
            )
