"""Everything the pages and the API call, put together once by `web.wiring` and handed to `web.app.create_app`."""

from dataclasses import dataclass
from typing import Literal, Protocol

from access_control.service import AccessService
from archive.authorization import Actor, Authorizer
from archive.clock import Clock
from archive.db.uow import Database
from archive.evidence.service import EvidenceService
from archive.ledger.checkpoint import SignedCheckpoint
from archive.ledger.repository import Connection
from archive.plan.types import Plan
from archive.records.reading import RecordReader
from archive.settings import CentreSettings, WebSettings
from archive.volumes.closing import Closing
from archive.volumes.reading import VolumeReader
from ingest.review import ReviewService
from ingest.status import StatusService
from search.types import Query, Results

EvidenceKind = Literal["record", "volume", "project"]


class Searching(Protocol):
    """Finds records; `search.service.SearchService`."""

    def search(self, actor: Actor, query: Query) -> Results:
        """One page of what answers `query` within what the actor may see.

        Raises:
            InvalidInput: the query cannot be read; the parameters of the error say where.
            Damaged, Unavailable: the index has no answer.
        """
        ...


class Checkpoints(Protocol):
    """Knows the last signed checkpoint of the ledger; `archive.ledger.integrator.Integrator`."""

    def latest(self, connection: Connection) -> SignedCheckpoint | None:
        """The last published checkpoint, None before the first.

        Raises:
            Damaged: what is stored is no checkpoint that a trusted key signed.
        """
        ...


@dataclass(frozen=True)
class Services:
    """The use cases behind the surface. Permission is decided inside them, never only by a page."""

    records: RecordReader
    volumes: VolumeReader
    closing: Closing
    review: ReviewService
    access: AccessService
    authorizer: Authorizer
    search: Searching
    plan: Plan
    evidence: EvidenceService
    status: StatusService
    checkpoints: Checkpoints
    database: Database
    clock: Clock
    settings: WebSettings
    centre: CentreSettings
