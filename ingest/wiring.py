"""Intake and pipeline, put together for one process."""

from dataclasses import dataclass
from datetime import timedelta

from archive.settings import Settings
from archive.wiring import Kernel
from ingest.checks.engine import build_checks
from ingest.checks.gate import default_policy
from ingest.checks.loose_files import FileLooker
from ingest.connectors.locale import Locale
from ingest.connectors.registry import Registry
from ingest.connectors.secrets import Secrets
from ingest.examining.examiner import Examiner
from ingest.examining.wiring import build_examiner, trusted
from ingest.formats.policy import read_format_policy
from ingest.malware.clamd import ClamScanner
from ingest.malware.once import AskedOnce
from ingest.opening import SourceOpener
from ingest.pipeline.graph import Graph, build_graph
from ingest.pipeline.runner import Runner
from ingest.push.wiring import Push, build_push
from ingest.reconciliation.wiring import Reconciliation, build_reconciliation
from ingest.service import IntakeService
from ingest.sources.service import SourceService
from ingest.steps.check import CheckStep, Repeats
from ingest.steps.checked_again import RecordSubjects
from ingest.steps.classify import ClassifyStep
from ingest.steps.extract import ExtractStep
from ingest.steps.identify import ComponentReader, IdentifyStep
from ingest.steps.place import PlaceStep
from ingest.steps.port import Step
from ingest.taking import Taker
from ingest.uploads.files import UploadFiles
from ingest.uploads.finishing import Finisher
from ingest.verdicts.in_force import Rules
from ingest.verdicts.keeping import Keeper
from ingest.verdicts.wiring import Verdicts, build_verdicts


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
    verdicts: Verdicts
    examiner: Examiner


def build_ingest(kernel: Kernel) -> Ingest:
    """Intake and pipeline on one kernel."""
    graph = build_graph()
    taker = Taker(kernel.database, kernel.blobs, kernel.records, kernel.ledger, kernel.jobs, kernel.clock, graph)
    intake = IntakeService(kernel.database, kernel.jobs, kernel.clock, taker)
    # Built once: it holds the process that looks into files, and connections to the servers that help.
    examiner = build_examiner(kernel.settings.examination, kernel.settings.extraction)
    reader = ComponentReader(examiner, kernel.clock)
    formats = read_format_policy(kernel.settings.examination.format_policy)
    scanner = build_scanner(kernel.settings)
    helpers = (scanner, kernel.settings.examination.verapdf_url, kernel.settings.extraction.tika_url)
    data = {
        "formats": formats.version,
        "trust-list": trusted(kernel.settings.examination).version,
        # Which servers are asked: where a scanner is new, nothing that came before it has been scanned.
        "servers": " ".join("present" if each is not None else "absent" for each in helpers),
    }
    rules = Rules(kernel.database, kernel.clock, lambda policy: build_checks(policy, formats, scanner), data)
    keeper = Keeper(kernel.clock, kernel.ids)
    check = CheckStep(kernel.records, rules, keeper, reader, Repeats(kernel.database))
    verdicts = build_verdicts(kernel, rules, keeper, RecordSubjects(kernel.database, kernel.blobs, check), scanner)
    steps: tuple[Step, ...] = (
        IdentifyStep(reader),
        check,
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
    return Ingest(graph, intake, sources, opener, runner, uploads, push, reconciliation, verdicts, examiner)


def build_scanner(settings: Settings) -> ClamScanner | None:
    """The malware scanner that the settings name, None where they name none.

    Raises:
        InvalidInput: its address is none of clamd.
    """
    url = settings.examination.clamd_url
    return ClamScanner(url) if url is not None else None


def build_looker(settings: Settings) -> FileLooker:
    """Whoever looks at loose files, under the policy that comes with the archive; no home is needed.

    Raises:
        InvalidInput: an address is none of such a server, or the trust list cannot be read.
    """
    policy, scanner = default_policy(), build_scanner(settings)
    formats = read_format_policy(settings.examination.format_policy)
    checks = build_checks(policy, formats, AskedOnce(scanner) if scanner is not None else None)
    return FileLooker(build_examiner(settings.examination, settings.extraction), checks, policy)
