"""Whether the archive can do its work, part by part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archive.authorization import PUBLIC_ACTOR, Authorizer, Permission
from archive.blobs.port import BlobStore
from archive.db.migrating import HEAD
from archive.db.uow import Database
from archive.errors import Conflict
from ingest.watching.probing import Answer, Probe, Prober
from ingest.watching.repository import WatchRepository

_SECONDS = 2.0
_NOWHERE = "0" * 64


@dataclass(frozen=True)
class HealthPorts:
    """What is asked. `search` puts a question of one hit to the index; `queue` is None where there is no broker."""

    database: Database
    blobs: BlobStore
    authorizer: Authorizer
    search: Callable[[], object]
    queue: Probe | None = None


class HealthService:
    """Asks every part for an answer; `seconds` is how long all of them have."""

    def __init__(self, ports: HealthPorts, seconds: float = _SECONDS) -> None:
        self._prober = Prober(_probes(ports))
        self._seconds = seconds

    def parts(self) -> Mapping[str, Answer]:
        """What every part said."""
        return self._prober.ask(self._seconds)


def _probes(ports: HealthPorts) -> dict[str, Probe]:
    probes: dict[str, Probe] = {
        "database": ports.database.ping,
        "schema": lambda: _require_head(ports.database),
        "blobs": lambda: ports.blobs.size(_NOWHERE),
        "policy": lambda: ports.authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_LIST),
        "index": ports.search,
    }
    return probes if ports.queue is None else {**probes, "queue": ports.queue}


def _require_head(database: Database) -> None:
    with database.reading() as connection:
        found = WatchRepository(connection).revision()
    if found is None or found < HEAD:
        raise Conflict("database-outdated", found=found, head=HEAD)
    if found > HEAD:
        raise Conflict("database-newer", found=found, head=HEAD)
