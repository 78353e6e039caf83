"""What a check of an object store is, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from archive.blobs.s3.bench import Answer, Bench
from archive.messages import Language, render


class Result(StrEnum):
    """How a check ended. `ABSENT`: the capability is not there, or could not be looked at; the evidence says which."""

    PASS = "pass"  # noqa: S105 - the word of the report
    FAIL = "fail"
    ABSENT = "absent"


@dataclass(frozen=True)
class Seen:
    """The result of one look, and what was seen, in the words of the service where it said any."""

    result: Result
    evidence: str


class Need(Enum):
    """When the archive cannot do without a capability."""

    ALWAYS = auto()
    TO_RETAIN = auto()
    NEVER = auto()


@dataclass(frozen=True)
class Site:
    """Where the suite works: a bucket of its own, and one with object lock if the service makes such.

    `bucket` has a prefix where no bucket could be made; `unlocked` says why there is no `locked`.
    """

    bucket: Bench
    locked: Bench | None
    unlocked: Answer | None


@dataclass(frozen=True)
class Check:
    """One capability. `code` names it in the message catalogue, `instead` what the archive does without it."""

    code: str
    look: Callable[[Site], Seen]
    need: Need
    instead: str


@dataclass(frozen=True)
class Finding:
    """What the suite says of one capability."""

    code: str
    result: Result
    evidence: str
    required: bool
    instead_code: str

    def name(self, language: Language = "zh") -> str:
        """The capability in words."""
        return render(self.code, {}, language)

    def instead(self, language: Language = "zh") -> str:
        """What the archive does where it is absent, in words."""
        return render(self.instead_code, {}, language)


@dataclass(frozen=True)
class Report:
    """The whole suite. `left` names what could not be removed afterwards."""

    place: str
    findings: tuple[Finding, ...]
    left: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether everything the archive needs was seen to work."""
        return all(finding.result is Result.PASS for finding in self.findings if finding.required)


def passed(evidence: object) -> Seen:
    """It works."""
    return Seen(Result.PASS, str(evidence))


def failed(evidence: object) -> Seen:
    """It does something else than S3 says."""
    return Seen(Result.FAIL, str(evidence))


def absent(evidence: object) -> Seen:
    """It is not there, or could not be looked at."""
    return Seen(Result.ABSENT, str(evidence))


def judged(answer: Answer, what: str) -> Seen:
    """A look that ended at an answer that was no success."""
    return absent(f"{what}: {answer}") if answer.unknown else failed(f"{what}: {answer}")
