"""Runs of checks, policies, tasks and reports, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from ingest.checks.gate import Ruling
from ingest.checks.types import Phase, SubjectKind
from ingest.outcomes import Outcome

CHECK_AGAIN: Final = "check_again"
"""The kind of job that checks one record anew; its key is the id of the record."""

CHECK_VOLUME: Final = "check_volume"
"""The kind of job that checks a closed volume and files the report; its key is the id of the volume."""

_HARDER: Final = (Ruling.ACCEPT, Ruling.ASK, Ruling.REFUSE)


@dataclass(frozen=True)
class Subject:
    """What a run is about. `version` is that of a record; what has no versions has 0."""

    kind: SubjectKind
    id: str
    version: int = 0


@dataclass(frozen=True)
class Run:
    """One run of the checks over one subject in one phase; `number` counts those runs from 1.

    `policy` is the version of the policy that it was judged by, "" for runs older than policies. `fingerprint` is that
    of the rules and tools in force then, `tools` names those that looked. `parts` are the ids of the components that
    had to be spoken of. `ruling` is None only for a run from before rulings were kept; `before` is the ruling of the
    run before it, None where there is none.
    """

    id: str
    subject: Subject
    phase: Phase
    number: int
    policy: str
    fingerprint: str
    ruling: Ruling | None
    before: Ruling | None
    tools: Mapping[str, str]
    parts: tuple[str, ...]
    at: datetime

    @property
    def worse(self) -> bool:
        """Whether it came out worse than the run before."""
        if self.ruling is None or self.before is None:
            return False
        return _HARDER.index(self.ruling) > _HARDER.index(self.before)


@dataclass(frozen=True)
class StoredPolicy:
    """A policy that a centre has set: its TOML, from when it holds, why, and who set it when."""

    version: str
    effective_from: datetime
    text: str
    reason: str
    actor: str
    at: datetime


class TaskState(StrEnum):
    """Whether somebody has answered."""

    OPEN = "open"
    ANSWERED = "answered"


@dataclass(frozen=True)
class Task:
    """An item of DA/T 70 that a person or a named service decides, asked of one volume or of the system.

    `id` is made from subject, phase and code, so that the same question is never there twice. What was answered last
    stands here; every answer is in the ledger.
    """

    id: str
    subject: Subject
    phase: Phase
    code: str
    asked_at: datetime
    state: TaskState = TaskState.OPEN
    outcome: Outcome | None = None
    note: str = ""
    actor: str | None = None
    answered_at: datetime | None = None


class ReportFormat(StrEnum):
    """The three forms of a report, which say the same."""

    JSON = "json"
    HTML = "html"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        kinds = {"json": "application/json", "html": "text/html; charset=utf-8", "pdf": "application/pdf"}
        return kinds[self.value]


@dataclass(frozen=True)
class Report:
    """The report of one run over a volume: the SHA-256 of each form, under which the store has it."""

    run: str
    volume: str
    phase: Phase
    digests: Mapping[ReportFormat, str]
    at: datetime


@dataclass(frozen=True)
class Trial:
    """What another policy would change: how many runs were judged again, and from which ruling to which how many went.

    `examples` are some of the records whose ruling would change.
    """

    judged: int
    changes: Mapping[tuple[Ruling, Ruling], int]
    examples: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class ReportFont:
    """A registered font by name, and what the report says of it: a code of the message catalogue, and which file."""

    name: str
    code: str
    file: str
