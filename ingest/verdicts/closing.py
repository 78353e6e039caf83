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
from ingest.checks.answers import ANSWERED_NO
from ingest.checks.engine import run_checks
from ingest.checks.gate import Policy, Ruling, Verdict, gate
from ingest.checks.subjects import Answers, CheckedVolume
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
        """As the port says. People are asked what only they can say, of the volume and of its items."""
        context = self._contexts.volume(uow.connection, volume, members, Phase.FILING, stored)
        policy = policy_at(uow.connection, context.now)
        codes: set[str] = set()
        for member in members:
            if member.record.state is RecordState.WITHDRAWN:
                continue
            found = of_member(uow.connection, member.record, policy)
            codes |= found.codes
            if found.verdict is not None and found.verdict.asks:
                subject = Subject(SubjectKind.ITEM, member.record.id)
                ask(uow, subject, Phase.FILING, found.verdict, (), context.now)
        return tuple(sorted(codes | self._own(uow, context, policy, _trade(members), opens=not codes)))

    def _own(
        self, uow: UnitOfWork, context: CheckedVolume, policy: Policy, trade: str | None, *, opens: bool
    ) -> frozenset[str]:
        """Make the checks of the volume itself and keep the run; what keeps the gate shut. `opens` speaks of the items.

        A gate that stays shut is asked again and again: that it still says the same is kept once.
        """
        checks, subject = self._checks(Phase.FILING), Subject(SubjectKind.VOLUME, context.id)
        results = run_checks(checks, context)
        narrowed = policy.narrowed(None, trade)
        verdict = judge_volume(uow.connection, subject, results, narrowed, Phase.FILING, context.answers)
        marks = fingerprint(policy, {each.code: each.version for each in checks})
        judged = Judged(results, verdict.ruling, policy.version, marks)
        if (opens and verdict.open) or not self._keeper.kept_already(uow, subject, Phase.FILING, judged):
            self._keeper.keep(uow, subject, Phase.FILING, judged)
        ask(uow, subject, Phase.FILING, verdict, results, context.now)
        return frozenset(result.code for result in (*verdict.blocking, *verdict.asks))


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
    return MemberVerdict(record, run.id, results, with_answers(connection, subject, verdict))


def with_answers(connection: Connection, item: Subject, verdict: Verdict) -> Verdict:
    """The verdict on an item at filing, with what people have answered about it counted."""
    if not verdict.asks:
        return verdict
    # What was asked is known by the runs over this very version; the task itself knows of no versions.
    given = answers(connection, Subject(item.kind, item.id), Phase.FILING)
    return _answered(connection, item, Phase.FILING, verdict, given)


def judge_volume(
    connection: Connection,
    subject: Subject,
    results: Sequence[CheckResult],
    policy: Policy,
    phase: Phase,
    given: Answers,
) -> Verdict:
    """The verdict on a whole, with what people have answered taken away from what is put before them."""
    return _answered(connection, subject, phase, gate(results, policy, (), subject.kind, phase), given)


def _answered(connection: Connection, subject: Subject, phase: Phase, verdict: Verdict, given: Answers) -> Verdict:
    """A question that a person answered well is no longer open, and one answered badly blocks.

    What blocks is not lifted by an answer, nor is a question other than the one that was before the person: each is
    known by what the check said in the run before the answer.
    """
    runs, asks, blocking = RunRepository(connection), [], list(verdict.blocking)
    for result in verdict.asks:
        answer = given.get(result.code)
        said = runs.said_at(subject, phase, result.code, answer.at) if answer is not None else set()
        if answer is None or (result.reason_code != ANSWERED_NO and (result.outcome, result.reason_code) not in said):
            asks.append(result)
        elif answer.outcome is Outcome.FAIL:
            blocking.append(result)
    return Verdict(not blocking and not asks, tuple(blocking), tuple(asks), verdict.warnings)


def _trade(members: Sequence[NumberedMember]) -> str | None:
    return next((member.record.trade_type for member in members if member.record.trade_type), None)
