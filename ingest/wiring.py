"""Intake and pipeline, put together for one process."""

from dataclasses import dataclass
from datetime import timedelta

from archive.wiring import Kernel
from ingest.checks.engine import build_checks
from ingest.checks.gate import default_policy
from ingest.connectors.locale import Locale
from ingest.connectors.registry import Registry
from ingest.connectors.secrets import Secrets
from ingest.extractors.registry import build_registry
from ingest.opening import SourceOpener
from ingest.pipeline.graph import Graph, build_graph
from ingest.pipeline.runner import Runner
from ingest.push.wiring import Push, build_push
from ingest.reconciliation.wiring import Reconciliation, build_reconciliation
from ingest.recordings.probe import probe
from ingest.service import IntakeService
from ingest.sources.service import SourceService
from ingest.steps.check import CheckStep
from ingest.steps.classify import ClassifyStep
from ingest.steps.extract import ExtractStep
from ingest.steps.identify import ComponentReader, IdentifyStep
from ingest.steps.place import PlaceStep
from ingest.steps.port import Step
from ingest.taking import Taker
from ingest.uploads.files import UploadFiles
from ingest.uploads.finishing import Finisher


@dataclass(frozen=True)
class Ingest:
    """The way in: intake takes documents, the runner takes them along the graph."""

    graph: Graph
    intake: IntakeService
    sources: SourceService
    opener: SourceOpener
    runner: Runner
    uploads: Finisher
    push: Push
    reconciliation: Reconciliation


def build_ingest(kernel: Kernel) -> Ingest:
    """Intake and pipeline on one kernel."""
    graph = build_graph()
    taker = Taker(kernel.database, kernel.blobs, kernel.records, kernel.ledger, kernel.jobs, kernel.clock, graph)
    intake = IntakeService(kernel.database, kernel.jobs, kernel.clock, taker)
    policy = default_policy()
    # Built once: it holds the connection to the server that helps with reading, where there is one.
    reader = ComponentReader(build_registry(kernel.settings.extraction.tika_url))
    steps: tuple[Step, ...] = (
        IdentifyStep(reader),
        CheckStep(kernel.records, build_checks(policy, probe), policy, reader),
        ExtractStep(reader),
        ClassifyStep(kernel.records, kernel.plan),
        PlaceStep(kernel.database, kernel.volumes),
    )
    settings = kernel.settings
    locale = Locale(settings.web.timezone, lambda name: kernel.plan.region_code(name) or settings.centre.region)
    runner = Runner(
        kernel.database, kernel.blobs, kernel.records, kernel.clock, graph, {step.name: step for step in steps}
    )
    registry = Registry()
    usual = timedelta(minutes=settings.jobs.sync_minutes)
    sources = SourceService(kernel.database, kernel.ledger, kernel.jobs, kernel.clock, registry, usual)
    opener = SourceOpener(registry, locale, kernel.clock, Secrets(settings.secrets))
    uploads = Finisher(kernel.database, UploadFiles(settings.home / "uploads"), taker, kernel.clock, locale)
    push = build_push(kernel, taker, locale, Secrets(settings.secrets))
    reconciliation = build_reconciliation(kernel, taker, intake, sources, opener, graph)
    return Ingest(graph, intake, sources, opener, runner, uploads, push, reconciliation)
