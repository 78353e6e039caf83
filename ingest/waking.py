"""Asking for work on records and sources, each in the lane that fits what it costs."""

from collections.abc import Sequence
from typing import Final

from archive.db.uow import UnitOfWork
from archive.jobs.port import JobQueue, Lane
from archive.records.repository import RecordRepository

ADVANCE: Final = "advance"
SYNC: Final = "sync"

HEAVY_BYTES: Final = 64 << 20
"""From here on a record is a recording rather than a notice: reading it takes seconds to minutes."""


def wake_records(uow: UnitOfWork, jobs: JobQueue, record_ids: Sequence[str]) -> None:
    """Ask for each of these records to be taken further along the pipeline."""
    sizes = RecordRepository(uow.connection).sizes(record_ids)
    for record_id in record_ids:
        lane = Lane.HEAVY if sizes.get(record_id, 0) >= HEAVY_BYTES else Lane.LIGHT
        jobs.enqueue(uow, ADVANCE, record_id, lane=lane)


def wake_source(uow: UnitOfWork, jobs: JobQueue, name: str) -> None:
    """Ask for a source to be read."""
    jobs.enqueue(uow, SYNC, name, lane=Lane.SYNC)
