"""Dead letters as programs see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from archive.messages import Language, render
from ingest.dead_letters.types import DeadLetter, Resumed


class DeadLetterAnswer(BaseModel):
    """One of them. `advice` says what somebody has to do where the archive cannot go on by itself."""

    what: str
    source: str | None
    key: str
    kind: str
    step: str
    code: str
    message: str
    first: datetime | None
    last: datetime | None
    tries: int
    by_us: bool
    raw_sha256: str | None
    advice: str | None

    @classmethod
    def of(cls, letter: DeadLetter, language: Language) -> Self:
        """From a dead letter."""
        values = {name: getattr(letter, name) for name in cls.model_fields if name != "advice"}
        return cls(**values, advice=advice_of(letter, language))


def advice_of(letter: DeadLetter, language: Language) -> str | None:
    """What is to be done where the archive cannot fetch it again."""
    return None if letter.by_us else render("dead-letter-sender", {"sha256": letter.raw_sha256 or "-"}, language)


class DeadLettersAnswer(BaseModel):
    """How many there are by the code of the reason, and the latest."""

    reasons: Mapping[str, int]
    items: list[DeadLetterAnswer]


class ResumeRequest(BaseModel):
    """With what to go on: everything, or what has this reason or comes from this source."""

    model_config = ConfigDict(extra="forbid")

    reason: str | None = Field(default=None, max_length=100)
    source: str | None = Field(default=None, max_length=64)


class ResumeAnswer(BaseModel):
    """Jobs that wait again, documents that are fetched again, and those that somebody has to send again."""

    jobs: int
    arrivals: int
    sender: int

    @classmethod
    def of(cls, resumed: Resumed) -> Self:
        """From what was resumed."""
        return cls(**resumed.as_json())


class OrphansAnswer(BaseModel):
    """What belongs to nothing, by id; all three are empty unless something is broken."""

    arrivals: list[tuple[str, str]]
    records: list[str]
    unremembered: list[str]
