"""How the archive stands, in numbers: each counts exactly what the reader may see."""

from collections.abc import Callable
from dataclasses import dataclass

from archive.authorization import Actor, Authorizer, Permission
from archive.db.uow import Database
from archive.jobs.port import FailedJob, JobQueue
from archive.ledger.integrator import Integrator
from archive.ledger.port import LedgerPort
from archive.ledger.repository import Connection
from archive.records.repository import RecordRepository
from archive.records.types import RecordState
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import VolumeState
from ingest.formats.risk import FormatCount
from ingest.repository import OutcomeRepository
from ingest.sources.repository import SourceRepository
from ingest.types import ArrivalStatus, Source, Status


@dataclass(frozen=True)
class Overview:
    """Counts. `review` waits for a person, `returned` went back to its source, `refused` could not be taken in.

    `ledger_size` counts entries, `ledger_published` those under a signed checkpoint, `index_lag` those that search does
    not show yet.
    """

    records: dict[RecordState, int]
    volumes: dict[VolumeState, int]
    review: int
    returned: int
    refused: int
    gone: int
    ledger_size: int
    ledger_published: int
    index_lag: int
    pending_jobs: int
    sources: tuple[Source, ...]
    failed_jobs: tuple[FailedJob, ...]


@dataclass(frozen=True)
class StatusPorts:
    """What counting needs. `index_lag` says how many ledger entries search does not show yet."""

    database: Database
    authorizer: Authorizer
    ledger: LedgerPort
    integrator: Integrator
    jobs: JobQueue
    index_lag: Callable[[Connection], int]


class StatusService:
    """Use cases of whoever runs the archive."""

    def __init__(self, ports: StatusPorts) -> None:
        self._ports = ports

    def overview(self, actor: Actor) -> Overview:
        """How everything stands.

        Raises:
            Forbidden, NotAuthenticated: the actor may not see it.
        """
        ports = self._ports
        ports.authorizer.require(actor, Permission.STATUS_READ)
        scope = ports.authorizer.scope(actor, Permission.RECORD_LIST)
        with ports.database.reading() as connection:
            outcomes, arrivals = OutcomeRepository(connection), SourceRepository(connection)
            counted = arrivals.count_by_status()
            published = ports.integrator.latest(connection)
            return Overview(
                records=RecordRepository(connection).count_by_state(scope),
                volumes=VolumeRepository(connection).count_by_state(scope),
                review=outcomes.count_stopped(scope, Status.WAITING),
                returned=outcomes.count_stopped(scope, Status.RETURNED),
                refused=sum(n for (_, status), n in counted.items() if status is ArrivalStatus.REFUSED),
                gone=sum(n for (_, status), n in counted.items() if status is ArrivalStatus.GONE),
                ledger_size=ports.ledger.size(connection),
                ledger_published=published.checkpoint.size if published else 0,
                index_lag=ports.index_lag(connection),
                pending_jobs=ports.jobs.pending(),
                sources=tuple(arrivals.all()),
                failed_jobs=tuple(ports.jobs.failed()),
            )

    def formats(self, actor: Actor) -> list[FormatCount]:
        """How many files there are of each format, in the present versions of records. Raises as `overview`."""
        ports = self._ports
        ports.authorizer.require(actor, Permission.STATUS_READ)
        scope = ports.authorizer.scope(actor, Permission.RECORD_LIST)
        with ports.database.reading() as connection:
            return OutcomeRepository(connection).formats(scope)
