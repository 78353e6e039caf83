"""Reconciliation and dead letters, put together for one process."""

from dataclasses import dataclass

from archive.wiring import Kernel
from ingest.dead_letters.service import DeadLetterPorts, DeadLetterService
from ingest.opening import SourceOpener
from ingest.pipeline.graph import Graph
from ingest.push.overdue import overdue
from ingest.reconciliation.daily import DailyPorts, DailyService
from ingest.reconciliation.repairing import RepairPorts, RepairService
from ingest.reconciliation.service import ReconciliationPorts, ReconciliationService
from ingest.service import IntakeService
from ingest.sources.service import SourceService
from ingest.taking import Taker


@dataclass(frozen=True)
class Reconciliation:
    """Comparing with the source, what is done about differences, what happens every day, and dead letters."""

    service: ReconciliationService
    repairs: RepairService
    daily: DailyService
    dead_letters: DeadLetterService


def build_reconciliation(
    kernel: Kernel, taker: Taker, intake: IntakeService, sources: SourceService, opener: SourceOpener, graph: Graph
) -> Reconciliation:
    """Reconciliation on one kernel."""
    settings, registry = kernel.settings, opener.registry
    ports = ReconciliationPorts(kernel.database, kernel.clock, kernel.ids, registry, opener, intake.held)
    service = ReconciliationService(ports)
    repairs = RepairPorts(kernel.database, kernel.ledger, kernel.jobs, kernel.clock, registry, taker)
    daily = DailyPorts(
        kernel.database,
        kernel.jobs,
        kernel.clock,
        taker,
        sources,
        service,
        settings.web.timezone,
        settings.centre.region,
    )
    held = overdue(kernel.database, kernel.clock)
    letters = DeadLetterPorts(kernel.database, kernel.ledger, kernel.jobs, registry, graph, (held,))
    return Reconciliation(service, RepairService(repairs), DailyService(daily), DeadLetterService(letters))
