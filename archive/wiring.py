"""The kernel, put together for one process: the only place that names its adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from archive.authorization import SYSTEM_ACTOR
from archive.blobs.directory import DirectoryBlobStore
from archive.blobs.port import BlobStore
from archive.clock import Clock, SystemClock
from archive.db.engine import build_engine
from archive.db.migrating import migrate, require_current, revision
from archive.db.uow import Database, UnitOfWork
from archive.errors import Conflict, InvalidInput, NotFound
from archive.ids import Ids, RandomIds
from archive.jobs.table import TableJobQueue
from archive.ledger.canonical import JSON
from archive.ledger.integrator import Integrator
from archive.ledger.repository import LedgerRepository
from archive.ledger.service import Ledger
from archive.ledger.signing import create_key, load_signer, write_trust
from archive.ledger.types import Event, EventType
from archive.plan.service import load_plan
from archive.plan.types import Plan
from archive.records.service import RecordService
from archive.settings import BlobSettings, Settings
from archive.volumes.closing import Closing
from archive.volumes.gate import GateBuilder
from archive.volumes.service import Ports, VolumeService

if TYPE_CHECKING:
    from archive.jobs.celery import CeleryQueues


@dataclass(frozen=True)
class Kernel:
    """Everything that records, volumes and ledger need, on the adapters that the settings name."""

    settings: Settings
    database: Database
    blobs: BlobStore
    ledger: Ledger
    integrator: Integrator
    jobs: TableJobQueue
    broker: "CeleryQueues | None"
    clock: Clock
    ids: Ids
    plan: Plan
    records: RecordService
    volumes: VolumeService
    closing: Closing

    def close(self) -> None:
        """Let go of database and broker."""
        self.database.dispose()
        if self.broker is not None:
            self.broker.close()


Defaults = Callable[[UnitOfWork, Database, Ledger], None]
"""Writes what a new archive begins with, in the transaction that founds it."""


def found(settings: Settings, defaults: Defaults | None = None) -> bool:
    """Make the home, its database and its signing key where they are missing; whether anything was.

    Safe to repeat after a stop at any point: the last step is one transaction, and without it there is no archive. A
    key that is there is never replaced.

    Raises:
        InvalidInput: the home cannot be written.
        Conflict: the database has a ledger whose key is not in this home (`home-key-missing`).
        Unavailable: the database does not answer.
    """
    key = settings.ledger.key_path
    try:
        for folder in (settings.home, key.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = not key.exists()
        if new:
            # Before a key is made: another would make every host distrust what the others sign.
            _require_no_ledger(settings)
            create_key(key)
        if not settings.ledger.trust_path.exists():
            write_trust(settings.ledger.trust_path, load_signer(key, settings.ledger.origin).trust())
    except OSError as error:
        raise InvalidInput("home-unwritable", home=str(settings.home), detail=error.strerror) from error
    migrate(settings.database.url)
    _begin(settings, defaults)
    return new


def _require_no_ledger(settings: Settings) -> None:
    if revision(settings.database.url) is None:
        return
    database = Database(build_engine(settings.database.url))
    try:
        with database.reading() as connection:
            if LedgerRepository(connection).size():
                raise Conflict("home-key-missing", home=str(settings.home))
    finally:
        database.dispose()


def _begin(settings: Settings, defaults: Defaults | None) -> None:
    """Let the ledger begin with the founding itself."""
    ledger, database = Ledger(SystemClock()), Database(build_engine(settings.database.url))
    try:
        with database.writing() as uow:
            if ledger.size(uow.connection) == 0:
                body: dict[str, JSON] = {"plan": settings.plan.id, "fonds": settings.centre.fonds}
                origin = settings.ledger.origin
                ledger.append(uow, Event(EventType.ARCHIVE_CREATED, SYSTEM_ACTOR.id, "archive", origin, body))
            if defaults is not None:
                defaults(uow, database, ledger)
    finally:
        database.dispose()


def build_kernel(settings: Settings, gate: GateBuilder, clock: Clock | None = None, ids: Ids | None = None) -> Kernel:
    """The kernel of a founded home. Volumes close where the gate that `gate` makes opens.

    Raises:
        NotFound: the home has not been founded (`home-missing`).
        Conflict: its database is older or newer than this program.
    """
    if not settings.ledger.key_path.exists():
        raise NotFound("home-missing", home=str(settings.home))
    require_current(settings.database.url)
    clock, ids = clock or SystemClock(), ids or RandomIds()
    rows = settings.database
    database = Database(build_engine(rows.url, rows.pool, rows.statement_seconds))
    _require_founded(settings, database)
    blobs = build_blobs(settings.blobs)
    ledger = Ledger(clock)
    broker = build_broker(settings.jobs.url)
    plan = load_plan(settings.plan.id)
    records = RecordService(blobs, ledger, clock, ids, lambda region: _fonds(settings, plan, region))
    ports = Ports(database, records, ledger, clock, ids)
    lease = timedelta(seconds=settings.jobs.lease_seconds)
    return Kernel(
        settings=settings,
        database=database,
        blobs=blobs,
        ledger=ledger,
        integrator=Integrator(database, clock, load_signer(settings.ledger.key_path, settings.ledger.origin)),
        jobs=TableJobQueue(database, clock, ids, lease, settings.jobs.attempts, broker),
        broker=broker,
        clock=clock,
        ids=ids,
        plan=plan,
        records=records,
        volumes=VolumeService(ports, plan),
        closing=Closing(ports, plan, settings.web.timezone, gate(ports, plan, blobs)),
    )


def _require_founded(settings: Settings, database: Database) -> None:
    with database.reading() as connection:
        if LedgerRepository(connection).size() == 0:
            raise NotFound("home-missing", home=str(settings.home))


def build_blobs(settings: BlobSettings) -> BlobStore:
    """The store of bytes: a folder (`file:///folder`) or a bucket (`s3+http(s)://{access}:{secret}@host:port/bucket`).

    Raises:
        InvalidInput: the URL names a store the archive does not know.
    """
    scheme, _, rest = settings.url.partition("://")
    if scheme in {"s3+http", "s3+https"}:
        from archive.blobs.s3.store import build_s3  # noqa: PLC0415 - the client library, a quarter of a second

        return build_s3(settings.url, settings.retention_days)
    if scheme != "file" or not rest.startswith("/"):
        raise InvalidInput("blobs-url", url=settings.url.rsplit("@", maxsplit=1)[-1].partition("?")[0])
    return DirectoryBlobStore(Path(unquote(urlsplit(settings.url).path)))


def build_broker(url: str) -> "CeleryQueues | None":
    """What wakes workers at `url`; None for `table://`, where they look for themselves.

    Raises:
        InvalidInput: the URL names no broker that the archive knows.
    """
    if url == "table://":
        return None
    from archive.jobs.celery import CeleryQueues  # noqa: PLC0415 - loads long, and one machine does without

    return CeleryQueues(url)


def _fonds(settings: Settings, plan: Plan, region: str) -> str:
    """The fonds of a region's own centre; records of any other region belong to the centre that runs this archive."""
    known = plan.fonds(region)
    return known if known != plan.default_fonds else settings.centre.fonds
