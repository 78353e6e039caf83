"""The whole archive, put together for one process that serves or answers the command line."""

from archive.evidence.builder import Builder
from archive.evidence.service import EvidencePorts, EvidenceService
from archive.records.reading import ReadingPorts, RecordReader
from archive.settings import Settings
from archive.volumes.reading import VolumeReader
from ingest.review import ReviewPorts, ReviewService
from ingest.status import StatusPorts, StatusService
from ingest.worker import Runtime, build_runtime, redact
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
    return Services(
        records=RecordReader(reading),
        volumes=VolumeReader(kernel.database, authorizer, redact),
        closing=kernel.closing,
        review=ReviewService(review, runtime.ingest.graph),
        access=access.service,
        authorizer=authorizer,
        search=runtime.search.service,
        plan=kernel.plan,
        evidence=EvidenceService(evidence),
        status=StatusService(status),
        checkpoints=kernel.integrator,
        database=kernel.database,
        clock=kernel.clock,
        settings=kernel.settings.web,
        centre=kernel.settings.centre,
    )
