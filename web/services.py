"""Everything the pages and the API call, put together once by `web.wiring` and handed to `web.app.create_app`."""

from dataclasses import dataclass

from access_control.service import AccessService
from archive.authorization import Authorizer
from archive.clock import Clock
from archive.db.uow import Database
from archive.evidence.service import EvidenceService
from archive.ledger.integrator import Integrator
from archive.plan.types import Plan
from archive.records.feed.service import FeedService
from archive.records.reading import RecordReader
from archive.settings import CentreSettings, WatchSettings, WebSettings
from archive.volumes.closing import Closing
from archive.volumes.reading import VolumeReader
from ingest.push.wiring import Push
from ingest.reconciliation.wiring import Reconciliation
from ingest.review import ReviewService
from ingest.sources.desk import SourceDesk
from ingest.status import StatusService
from ingest.uploads.service import UploadService
from ingest.verdicts.desk import VerdictDesk
from ingest.watching.health import HealthService
from ingest.watching.service import MetricsService
from search.service import SearchService


@dataclass(frozen=True)
class Services:
    """The use cases behind the surface. Permission is decided inside them, never only by a page.

    `checkpoints` knows the last signed checkpoint of the ledger.
    """

    records: RecordReader
    volumes: VolumeReader
    closing: Closing
    review: ReviewService
    sources: SourceDesk
    access: AccessService
    authorizer: Authorizer
    search: SearchService
    plan: Plan
    evidence: EvidenceService
    status: StatusService
    health: HealthService
    metrics: MetricsService
    checkpoints: Integrator
    feed: FeedService
    uploads: UploadService
    push: Push
    reconciliation: Reconciliation
    verdicts: VerdictDesk
    database: Database
    clock: Clock
    settings: WebSettings
    watch: WatchSettings
    centre: CentreSettings
