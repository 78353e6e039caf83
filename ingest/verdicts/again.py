"""Checking records anew: where a rule, a tool or the policy has changed since, or because somebody asks.

A record stays where it stands, whatever comes out; what comes out worse than before is told in the ledger and listed.
A job that comes twice makes one run more and tells nothing twice, for the second run is no worse than the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from archive.authorization import SYSTEM_ACTOR
from archive.db.uow import Database, UnitOfWork
from archive.errors import NotFound
from archive.jobs.port import JobQueue, Lane
from archive.ledger.canonical import JSON
from archive.ledger.port import LedgerPort
from archive.ledger.types import Event, EventType
from archive.records.repository import RecordRepository
from archive.records.service import existing
from archive.volumes.gate import GATE_MARK
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Volume
from ingest.checks.engine import run_checks
from ingest.checks.gate import Ruling, Verdict, gate
from ingest.checks.types import Phase, SubjectKind
from ingest.verdicts.checking import ItemSubjects
from ingest.verdicts.closing import with_answers
from ingest.verdicts.in_force import Rules
from ingest.verdicts.keeping import Judged, Keeper
from ingest.verdicts.policies import accepted
from ingest.verdicts.repository import RunRepository
from ingest.verdicts.types import CHECK_AGAIN, Run, Subject

_AT_ONCE = 500


@dataclass(frozen=True)
class AgainPorts:
    """What checking anew needs."""

    database: Database
    ledger: LedgerPort
    jobs: JobQueue
    rules: Rules
    keeper: Keeper
    subjects: ItemSubjects


@dataclass(frozen=True)
class Stale:
    """How many records were last checked under other rules than those in force, and some of them by id."""

    count: int
    records: tuple[str, ...]


class CheckAgain:
    """Finds what should be checked anew, and does it."""

    def __init__(self, ports: AgainPorts) -> None:
        self._ports = ports

    def stale(self, limit: int) -> Stale:
        """Records whose present version was last checked under another fingerprint than the one in force."""
        marks = self._ports.rules.now().fingerprint
        with self._ports.database.reading() as connection:
            runs = RunRepository(connection)
            return Stale(runs.count_stale(marks), tuple(runs.stale(marks, "", limit)))

    def request_due(self) -> int:
        """Put up items that keep a volume from closing though they were last checked under other rules; how many."""
        marks = self._ports.rules.now().fingerprint
        # What was tried as often as allowed waits for somebody to look at it, and must not stand before the others.
        aside = {job.key for job in self._ports.jobs.failed() if job.kind == CHECK_AGAIN}
        due: list[str] = []
        with self._ports.database.reading() as connection:
            runs = RunRepository(connection)
            held = [volume.id for volume in VolumeRepository(connection).not_closed() if _is_held(volume)]
            for start in range(0, len(held), _AT_ONCE):
                if len(due) >= _AT_ONCE:
                    break
                found = runs.stale_in(held[start : start + _AT_ONCE], marks, _AT_ONCE + len(aside))
                due += [record_id for record_id in found if record_id not in aside]
        return self.ask(due[:_AT_ONCE]) if due else 0

    def ask(self, record_ids: Sequence[str]) -> int:
        """Put records up for checking anew; how many.

        Raises:
            NotFound: there is no such record (`record-unknown`); nothing was put up.
        """
        with self._ports.database.writing() as uow:
            records = RecordRepository(uow.connection)
            for record_id in record_ids:
                record = existing(records, record_id)
                self._ports.jobs.enqueue(uow, CHECK_AGAIN, record.id, lane=Lane.HEAVY)
        return len(record_ids)

    def check(self, record_id: str) -> Run | None:
        """Check a record anew, and keep the run; None for one that was never checked: the pipeline will come to it.

        Raises:
            NotFound: there is no such record.
            Unavailable: the store, or what helps with reading, does not answer; nothing was kept.
        """
        with self._ports.database.reading() as connection:
            record = existing(RecordRepository(connection), record_id)
            subject = Subject(SubjectKind.ITEM, record.id, record.version)
            if RunRepository(connection).latest(subject, Phase.FILING) is None:
                return None
        in_force = self._ports.rules.now()
        checked = self._ports.subjects.checked(record)
        results = run_checks(in_force.checks, checked)
        parts = [component.id for component in checked.components]
        policy = in_force.policy.narrowed(record.class_code, record.trade_type)
        with self._ports.database.writing() as uow:
            if existing(RecordRepository(uow.connection), record_id).version != record.version:
                # A new version came in meanwhile, and is checked on its own way.
                return None
            verdict = gate(results, policy, parts).accepting(accepted(uow.connection, record.id, record.version))
            verdict = with_answers(uow.connection, subject, verdict)
            judged = Judged(results, verdict.ruling, policy.version, in_force.fingerprint, parts)
            run = self._ports.keeper.keep(uow, subject, Phase.FILING, judged)
            if run.worse:
                self._tell(uow, run, verdict)
        return run

    def runs(self, rulings: Sequence[Ruling], *, worse: bool, limit: int) -> list[Run]:
        """The last run over each subject, the newest first, narrowed by ruling or to those that came out worse."""
        with self._ports.database.reading() as connection:
            return RunRepository(connection).page(rulings, worse=worse, limit=limit)

    def run(self, run_id: str) -> Run:
        """One run.

        Raises:
            NotFound: there is none (`check-run-unknown`).
        """
        with self._ports.database.reading() as connection:
            run = RunRepository(connection).get(run_id)
        if run is None:
            raise NotFound("check-run-unknown", run=run_id)
        return run

    def _tell(self, uow: UnitOfWork, run: Run, verdict: Verdict) -> None:
        body: dict[str, JSON] = {
            "run": run.id,
            "version": run.subject.version,
            "before": str(run.before),
            "ruling": str(run.ruling),
            "checks": sorted({result.code for result in (*verdict.blocking, *verdict.asks)}),
        }
        event = Event(EventType.RECORD_CHECK_WORSENED, SYSTEM_ACTOR.id, "record", run.subject.id, body)
        self._ports.ledger.append(uow, event)


def _is_held(volume: Volume) -> bool:
    return any(code.startswith(GATE_MARK) for code in volume.missing)
