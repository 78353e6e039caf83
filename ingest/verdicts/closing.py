"""The gate that a volume passes when it closes: its own checks, and what was found out about each of its items.

Items are not looked into again. Their last runs are judged again, under the policy as it stands now for the class that
each has by now: a check that they lack, because it is new, was not made and keeps the gate shut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive.blobs.port import BlobStore
from archive.db.uow import Database, UnitOfWork
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, Record, RecordState
from archive.volumes.gate import NumberedMember, Stored
from archive.volumes.types import Volume
from ingest.checks.engine import run_checks
from ingest.checks.gate import Policy, Ruling, Verdict, gate
from ingest.checks.subjects import CheckedVolume
from ingest.checks.types import CheckOf, CheckResult, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.contexts import Contexts, answers
from ingest.verdicts.in_force import fingerprint, policy_at
from ingest.verdicts.keeping import Judged, Keeper
from ingest.verdicts.policies import accepted
from ingest.verdicts.repository import Connection, RunRepository
from ingest.verdicts.tasks import ask
from ingest.verdicts.types import Subject

NEVER_CHECKED = "item-never-checked"

VolumeChecks = Callable[[Phase], Sequence[CheckOf[CheckedVolume]]]
"""The checks of a whole volume in one phase."""


@dataclass(frozen=True)
class MemberVerdict:
    """What the last run over an item comes to now. `run` is None where the item was never checked."""

    record: Record
    run: str | None
    results: tuple[CheckResult, ...]
    verdict: Verdict | None

    @property
    def codes(self) -> frozenset[str]:
        """What keeps the gate shut."""
        if self.verdict is None:
            return frozenset({NEVER_CHECKED})
        return frozenset(result.code for result in (*self.verdict.blocking, *self.verdict.asks))

    @property
    def ruling(self) -> Ruling:
        """The verdict in one word; what was never checked is not accepted."""
        return Ruling.REFUSE if self.verdict is None else self.verdict.ruling


@dataclass(frozen=True)
class GateSources:
    """Where the gate looks before it judges."""

    database: Database
    blobs: BlobStore


class VolumeGate:
    """The port of `archive.volumes.gate`."""

    def __init__(self, sources: GateSources, contexts: Contexts, keeper: Keeper, checks: VolumeChecks) -> None:
        self._sources = sources
        self._contexts = contexts
        self._keeper = keeper
        self._checks = checks

    def look(self, members: Sequence[Record]) -> Stored:
        with self._sources.database.reading() as connection:
            records = RecordRepository(connection)
            versions = [records.version(member.id, member.version) for member in members]
            files = [file for version in versions if version is not None for file in records.components(version.id)]
        return {sha256: self._sources.blobs.size(sha256) for sha256 in {file.sha256 for file in files}}

    def judge(
        self, uow: UnitOfWork, volume: Volume, members: Sequence[NumberedMember], stored: Stored
    ) -> tuple[str, ...]:
        context = self._contexts.volume(uow.connection, volume, members, Phase.FILING, stored)
        policy = policy_at(uow.connection, context.now)
        verdict = self._own(uow, context, policy, _trade(members))
        codes = {result.code for result in (*verdict.blocking, *verdict.asks)}
        for member in members:
            if member.record.state is not RecordState.WITHDRAWN:
                codes |= of_member(uow.connection, member.record, policy).codes
        return tuple(sorted(codes))

    def _own(self, uow: UnitOfWork, context: CheckedVolume, policy: Policy, trade: str | None) -> Verdict:
        """Make the checks of the volume itself, keep the run, and ask people what only they can say."""
        checks, subject = self._checks(Phase.FILING), Subject(SubjectKind.VOLUME, context.id)
        results = run_checks(checks, context)
        verdict = judge_volume(uow.connection, subject, results, policy.narrowed(None, trade), Phase.FILING)
        marks = fingerprint(policy, {each.code: each.version for each in checks})
        self._keeper.keep(uow, subject, Phase.FILING, Judged(results, verdict.ruling, policy.version, marks))
        ask(uow, subject, Phase.FILING, verdict, results, context.now)
        return verdict


def of_member(connection: Connection, record: Record, policy: Policy) -> MemberVerdict:
    """The last filing run over an item's present version, judged by the policy for its class."""
    runs, records = RunRepository(connection), RecordRepository(connection)
    subject = Subject(SubjectKind.ITEM, record.id, record.version)
    run, version = runs.latest(subject, Phase.FILING), records.version(record.id, record.version)
    if run is None or version is None:
        return MemberVerdict(record, None, (), None)
    results = tuple(runs.results(run))
    parts = [file.id for file in records.components(version.id) if file.role is not ComponentRole.ENVELOPE]
    verdict = gate(results, policy.narrowed(record.class_code, record.trade_type), parts)
    verdict = verdict.accepting(accepted(connection, record.id, record.version))
    return MemberVerdict(record, run.id, results, _answered(connection, Subject(subject.kind, subject.id), verdict))


def judge_volume(
    connection: Connection, subject: Subject, results: Sequence[CheckResult], policy: Policy, phase: Phase
) -> Verdict:
    """The verdict on a whole, with what people have answered taken away from what is put before them."""
    return _answered(connection, subject, gate(results, policy, (), subject.kind, phase), phase)


def _answered(connection: Connection, subject: Subject, verdict: Verdict, phase: Phase = Phase.FILING) -> Verdict:
    """A question that a person answered well is no longer open; what blocks is not lifted by an answer."""
    if not verdict.asks:
        return verdict
    given = answers(connection, subject, phase)
    good = {code for code, answer in given.items() if answer.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE}}
    asks = tuple(result for result in verdict.asks if result.code not in good)
    return Verdict(not verdict.blocking and not asks, verdict.blocking, asks, verdict.warnings)


def _trade(members: Sequence[NumberedMember]) -> str | None:
    return next((member.record.trade_type for member in members if member.record.trade_type), None)
