"""Keeps a run: numbered behind the earlier ones over the same subject, with the ruling before it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from archive.clock import Clock
from archive.db.uow import UnitOfWork
from archive.ids import Ids
from ingest.checks.gate import Ruling, named
from ingest.checks.types import CheckResult, Phase
from ingest.verdicts.repository import RunRepository
from ingest.verdicts.types import Run, Subject


@dataclass(frozen=True)
class Judged:
    """Results with the ruling on them, and under which policy and fingerprint they came about."""

    results: Sequence[CheckResult]
    ruling: Ruling
    policy: str
    fingerprint: str
    parts: Collection[str] = ()


class Keeper:
    """Writes runs down."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def keep(self, uow: UnitOfWork, subject: Subject, phase: Phase, judged: Judged) -> Run:
        """Store a run in the caller's transaction."""
        runs = RunRepository(uow.connection)
        before = runs.latest(subject, phase)
        run = Run(
            id=self._ids.new("run"),
            subject=subject,
            phase=phase,
            number=1 if before is None else before.number + 1,
            policy=judged.policy,
            fingerprint=judged.fingerprint,
            ruling=judged.ruling,
            before=None if before is None else before.ruling,
            tools=_tools(judged.results),
            parts=tuple(sorted(judged.parts)),
            at=self._clock.now(),
        )
        runs.add(run, judged.results)
        return run

    def kept_already(self, uow: UnitOfWork, subject: Subject, phase: Phase, judged: Judged) -> bool:
        """Whether the last run over a subject said the same, under the same rules and with the same ruling."""
        runs = RunRepository(uow.connection)
        last = runs.latest(subject, phase)
        if last is None or (last.fingerprint, last.ruling) != (judged.fingerprint, judged.ruling):
            return False
        return [named(each) for each in runs.results(last)] == [named(each) for each in judged.results]


def _tools(results: Sequence[CheckResult]) -> Mapping[str, str]:
    """The tools that looked, each under the first check that it spoke through."""
    found: dict[str, str] = {}
    for result in results:
        if result.tool and result.tool not in found.values():
            found[result.code] = result.tool
    return found
