"""What a check of a connector is, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archive.errors import ArchiveError
from archive.messages import Language, render
from archive.records.types import ComponentRole
from ingest.connectors.port import Listed, Stated


class Result(StrEnum):
    """How a check ended. What could not be looked at is `NOT_CHECKED`, with the reason; it has not passed."""

    PASS = "pass"  # noqa: S105 - the word of the report
    FAIL = "fail"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Seen:
    """The result of one look, and what was seen."""

    result: Result
    evidence: str


@dataclass(frozen=True)
class Finding:
    """What was found of one check."""

    code: str
    result: Result
    evidence: str

    def name(self, language: Language = "zh") -> str:
        """What was asked, in words."""
        return render(self.code, {}, language)


@dataclass(frozen=True)
class Report:
    """Everything that was found of a connector."""

    connector: str
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found to be wrong; what was not checked stands in the findings."""
        return all(finding.result is not Result.FAIL for finding in self.findings)


class Outcome(StrEnum):
    """As what a document was handed over."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    GONE = "gone"
    WITHDRAWN = "withdrawn"
    SAME = "same"


@dataclass(frozen=True)
class NotedFile:
    """A file that was handed over and read: `digests` are those of its first and second reading, in hexadecimal."""

    name: str
    role: ComponentRole
    size: int
    digests: tuple[str, ...]
    announced_size: int | None
    announced_sha256: str | None


@dataclass(frozen=True)
class Noted:
    """A document that was handed over. `trouble` is the code for which intake would refuse it on reading its files."""

    external_id: str
    outcome: Outcome
    fingerprint: str
    stated: Stated
    code: str = ""
    title: str = ""
    region: str = ""
    published: datetime | None = None
    hints: Mapping[str, object] = field(default_factory=dict)
    files: tuple[NotedFile, ...] = ()
    trouble: str = ""

    @property
    def content(self) -> object:
        """What must be the same when nothing has changed at the source."""
        files = [(file.name, file.role, file.digests[:1]) for file in self.files]
        return self.outcome, self.code, self.title, self.region, self.published, dict(self.hints), files, self.trouble

    @property
    def is_bad(self) -> bool:
        """Whether intake refuses it."""
        return self.outcome is Outcome.REFUSED or bool(self.trouble)


@dataclass
class Reading:
    """One reading of a source. `whole` says that it came to its end by itself.

    `error` is the error by which the connector broke it off, `crash` one that has no name of ours. `position` is what
    intake would remember afterwards.
    """

    notes: list[Noted] = field(default_factory=list)
    whole: bool = False
    error: ArchiveError | None = None
    crash: str = ""
    position: Mapping[str, object] = field(default_factory=dict)
    inventory: list[Listed] | None = None

    @property
    def ids(self) -> set[str]:
        """The ids of everything that was handed over."""
        return {note.external_id for note in self.notes}

    @property
    def delivered(self) -> list[Noted]:
        """Documents that intake would take in."""
        return [note for note in self.notes if note.outcome is Outcome.DELIVERED and not note.trouble]

    @property
    def trouble(self) -> str:
        """By what it broke off; "" if it did not."""
        return self.crash or (f"{self.error.code}: {self.error.message('en')}" if self.error else "")


def passed(evidence: object) -> Seen:
    """It does what is asked."""
    return Seen(Result.PASS, str(evidence))


def failed(evidence: object) -> Seen:
    """It does something else."""
    return Seen(Result.FAIL, str(evidence))


def not_checked(evidence: object) -> Seen:
    """It could not be looked at."""
    return Seen(Result.NOT_CHECKED, str(evidence))
