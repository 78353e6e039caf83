"""How records stand in the rows at this moment, for an index that is always a little behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from archive.authorization import Subject
from archive.db.uow import Database
from archive.records.repository import RecordRepository
from archive.records.types import RecordState


@dataclass(frozen=True)
class Standing:
    """What of a record may have changed since it was indexed and must not wait: who may see it, and its withdrawal.

    `tombstone` says that the public sees no more of it than that it was taken back.
    """

    subject: Subject
    state: str
    withdrawn: bool
    tombstone: bool


class Standings(Protocol):
    """Looks up how records stand."""

    def __call__(self, record_ids: Sequence[str], /) -> Mapping[str, Standing]:
        """The standing of each of these records; one that is gone is left out."""
        ...


class StoredStandings:
    """`Standings` from the rows, in one query for the records and one for their tombstones."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, record_ids: Sequence[str], /) -> Mapping[str, Standing]:
        with self._database.reading() as connection:
            repository = RecordRepository(connection)
            records, tombstones = repository.by_ids(record_ids), repository.tombstones(record_ids)
        return {
            record.id: Standing(
                subject=record.subject,
                state=str(record.state),
                withdrawn=record.state is RecordState.WITHDRAWN,
                tombstone=record.id in tombstones,
            )
            for record in records
        }
