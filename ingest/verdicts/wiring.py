"""Verdicts, put together for one process."""

from dataclasses import dataclass

from archive.blobs.port import BlobStore
from archive.errors import Unavailable
from archive.plan.types import Plan
from archive.volumes.closing import NO_RULE
from archive.volumes.gate import ClosingGate
from archive.volumes.service import Ports
from archive.wiring import Kernel
from ingest.checks.registry import Means, checks_of
from ingest.checks.subjects import CheckedSystem, CheckedVolume, ScannerState
from ingest.checks.types import Check, CheckOf, Phase, SubjectKind
from ingest.malware.types import Scanner
from ingest.verdicts.again import AgainPorts, CheckAgain
from ingest.verdicts.checking import CheckingPorts, ItemSubjects, VolumeChecker
from ingest.verdicts.closing import GateSources, VolumeGate
from ingest.verdicts.contexts import ContextPorts, Contexts, no_scanner
from ingest.verdicts.in_force import Rules
from ingest.verdicts.keeping import Keeper
from ingest.verdicts.policies import PolicyPorts, PolicyService
from ingest.verdicts.tasks import TaskPorts, TaskService


@dataclass(frozen=True)
class Verdicts:
    """Policies, tasks, checks of volumes and of the system, and checking records anew."""

    policies: PolicyService
    tasks: TaskService
    volumes: VolumeChecker
    again: CheckAgain


def build_verdicts(
    kernel: Kernel, rules: Rules, keeper: Keeper, subjects: ItemSubjects, scanner: Scanner | None
) -> Verdicts:
    """Verdicts on one kernel.

    `rules` and `keeper` are those of the check step, `subjects` looks into records, `scanner` is that for viruses.
    """
    origin = kernel.settings.ledger.origin
    contexts = Contexts(
        ContextPorts(kernel.ledger, kernel.blobs, kernel.plan, kernel.clock, origin, lambda: _state(scanner))
    )
    checking = CheckingPorts(
        kernel.database,
        kernel.blobs,
        kernel.ledger,
        kernel.jobs,
        contexts,
        keeper,
        lambda phase: _of_volumes(phase, rules.now().checks),
        lambda phase: _of_system(phase, rules.now().checks),
        subjects,
        origin,
    )
    again = AgainPorts(kernel.database, kernel.ledger, kernel.jobs, rules, keeper, subjects)
    return Verdicts(
        PolicyService(PolicyPorts(kernel.database, kernel.ledger, kernel.clock, origin)),
        TaskService(TaskPorts(kernel.database, kernel.ledger, kernel.jobs, kernel.clock)),
        VolumeChecker(checking),
        CheckAgain(again),
    )


def build_gate(ports: Ports, plan: Plan, blobs: BlobStore) -> ClosingGate:
    """The gate at closing, for `archive.wiring.build_kernel`."""
    contexts = Contexts(ContextPorts(ports.ledger, blobs, plan, ports.clock, "", no_scanner))
    # The checks of a volume at filing do not look into its items, and need none of their checks.
    return VolumeGate(
        GateSources(ports.database, blobs),
        contexts,
        Keeper(ports.clock, ports.ids),
        lambda phase: _of_volumes(phase, ()),
    )


def _state(scanner: Scanner | None) -> ScannerState | None:
    """How the scanner is, None where none is configured."""
    if scanner is None:
        return None
    try:
        engine = scanner.engine()
    except Unavailable:
        return ScannerState(answers=False)
    made = engine.definitions_date.date() if engine.definitions_date is not None else None
    return ScannerState(answers=True, engine=engine.name, definitions=engine.definitions, definitions_date=made)


def _of_volumes(phase: Phase, filing: tuple[Check, ...]) -> tuple[CheckOf[CheckedVolume], ...]:
    return checks_of(phase, SubjectKind.VOLUME, Means(filing, NO_RULE))


def _of_system(phase: Phase, filing: tuple[Check, ...]) -> tuple[CheckOf[CheckedSystem], ...]:
    return checks_of(phase, SubjectKind.SYSTEM, Means(filing, NO_RULE))
