"""What formats an archive holds, and which of them will want attention first."""

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.formats.policy import FormatDecision, FormatPolicy, FormatRisk
from ingest.formats.types import Identified

_ORDER = {FormatRisk.HIGH: 0, FormatRisk.MEDIUM: 1, FormatRisk.LOW: 2}


@dataclass(frozen=True)
class FormatCount:
    """How many files there are of one format, as it was identified."""

    puid: str | None
    mime: str
    label: str
    files: int


@dataclass(frozen=True)
class FormatStanding:
    """A format with its files, and what the policy says of it."""

    count: FormatCount
    decision: FormatDecision


def overview(counts: Iterable[FormatCount], policy: FormatPolicy) -> tuple[FormatStanding, ...]:
    """The formats by risk, the highest first; of one risk, the one with the most files first."""
    standings = [FormatStanding(count, policy.decide(_identified(count))) for count in counts]
    return tuple(sorted(standings, key=_rank))


def _rank(standing: FormatStanding) -> tuple[int, int, str, str, str]:
    count = standing.count
    return _ORDER[standing.decision.risk], -count.files, count.label, count.puid or "", count.mime


def _identified(count: FormatCount) -> Identified:
    return Identified(count.puid, count.mime, count.label, "counted", None)
