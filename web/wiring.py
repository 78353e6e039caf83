"""The whole archive, put together for one process that serves or answers the command line."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from archive.authorization import PUBLIC_ACTOR, Permission, Scope
from archive.errors import Unavailable
from archive.evidence.builder import Builder
from archive.evidence.service import EvidencePorts, EvidenceService
from archive.jobs.port import Lane
from archive.records.feed.service import FeedPorts, FeedService
from archive.records.reading import ReadingPorts, RecordReader
from archive.settings import Settings
from archive.volumes.reading import VolumeReader
from ingest.connectors.port import Held
from ingest.review import ReviewPorts, ReviewService
from ingest.sources.desk import SourceDesk, SourceDeskPorts
from ingest.sources.health import SourceHealthService
from ingest.sources.preview import Previewer
from ingest.status import StatusPorts, StatusService
from ingest.uploads.service import UploadPorts, UploadService
from ingest.verdicts.desk import VerdictDesk, VerdictDeskPorts
from ingest.watching.health import HealthPorts, HealthService
from ingest.watching.service import MetricsPorts, MetricsService
from ingest.worker import Runtime, build_runtime, handlers, redact
from search.types import Request, Sort
from web.services import Services


def build_services(settings: Settings) -> Services:
    """The use cases of a founded home. Raises as `archive.wiring.build_kernel`."""
    return services_of(build_runtime(settings))


def services_of(runtime: Runtime) -> Services:
    """The use cases over a runtime."""
    kernel, access = runtime.kernel, runtime.access
    authorizer = access.authorizer
    reading = ReadingPorts(kernel.database, kernel.blobs, kernel.ledger, authorizer, redact, kernel.clock)
    builder = Builder(kernel.database, kernel.ledger, kernel.integrator, kernel.clock)
    evidence = EvidencePorts(kernel.database, kernel.blobs, kernel.ledger, authorizer, builder)
    review = ReviewPorts(
        kernel.database, kernel.records, kernel.ledger, kernel.jobs, kernel.clock, kernel.ids, authorizer
    )
    status = StatusPorts(
        kernel.database, authorizer, kernel.ledger, kernel.integrator, kernel.jobs, runtime.search.service.lag
    )
    broker = kernel.broker
    queue = None if broker is None else lambda: broker.waiting(Lane.LIGHT)
    # One for both: whoever asks while another waits gets the same answer, and no part is asked twice at once.
    health = HealthService(HealthPorts(kernel.database, kernel.blobs, authorizer, _question(runtime), queue))
    kinds, lag = tuple(handlers(runtime)), runtime.search.service.lag
    metrics = MetricsPorts(kernel.database, health, kernel.clock, runtime.ingest.graph, kinds, lag)
    records, volumes = RecordReader(reading), VolumeReader(kernel.database, authorizer, redact)
    checked = runtime.ingest.verdicts
    verdicts = VerdictDeskPorts(kernel.database, authorizer, volumes, checked.volumes, checked.tasks)
    return Services(
        records=records,
        volumes=volumes,
        closing=kernel.closing,
        review=ReviewService(review, runtime.ingest.graph),
        sources=_sources(runtime),
        access=access.service,
        authorizer=authorizer,
        search=runtime.search.service,
        plan=kernel.plan,
        evidence=EvidenceService(evidence),
        status=StatusService(status),
        health=health,
        metrics=MetricsService(metrics),
        checkpoints=kernel.integrator,
        feed=FeedService(FeedPorts(kernel.database, authorizer, records)),
        uploads=_uploads(runtime),
        push=runtime.ingest.push,
        reconciliation=runtime.ingest.reconciliation,
        verdicts=VerdictDesk(verdicts),
        database=kernel.database,
        clock=kernel.clock,
        settings=kernel.settings.web,
        watch=kernel.settings.watch,
        centre=kernel.settings.centre,
    )


def _uploads(runtime: Runtime) -> UploadService:
    kernel, ingest = runtime.kernel, runtime.ingest
    most = kernel.settings.web.upload_gib << 30
    authorizer = runtime.access.authorizer
    ports = UploadPorts(kernel.database, ingest.uploads, ingest.sources, authorizer, kernel.clock, kernel.ids, most)
    return UploadService(ports)


def _sources(runtime: Runtime) -> SourceDesk:
    """The register of sources as people work with it."""
    kernel, ingest = runtime.kernel, runtime.ingest
    trial = replace(ingest.opener, trial=True)
    nothing = Held(lambda _=None: iter(()), lambda *_: [])
    ports = SourceDeskPorts(
        ingest.sources,
        SourceHealthService(kernel.database, kernel.jobs, kernel.clock, ingest.sources),
        Previewer(lambda source: trial(source, nothing), runtime.ingest.examiner.read, kernel.plan),
        ingest.opener.registry,
        runtime.access.authorizer,
        redact,
    )
    return SourceDesk(ports)


def _question(runtime: Runtime) -> Callable[[], None]:
    """A question of one hit for the index alone: the scope is asked for once, so that it is not the database's answer.

    Nobody sees what is found, hence a scope of yesterday does no harm.
    """

    @cache
    def scope() -> Scope:
        return runtime.access.authorizer.scope(PUBLIC_ACTOR, Permission.RECORD_LIST)

    def ask() -> None:
        try:
            within = scope()
        except Unavailable:
            # Not the index's fault either: without a scope it is asked only how far it has come.
            runtime.search.index.position()
        else:
            runtime.search.index.search(Request((), Sort.NEWEST, size=1, offset=0), within)

    return ask
