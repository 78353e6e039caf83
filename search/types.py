"""What is indexed, what is asked and what comes back."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from archive.authorization import AccessLevel, Subject
from search.cjk import Phrase

MOST_HITS = 100
DEEPEST = 10_000

_FIRST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Shown:
    """What one kind of reader may find and see of a record."""

    title: str
    body: str
    project_name: str


@dataclass(frozen=True)
class Document:
    """A record as the index knows it: derived, to be thrown away at will.

    `ledger_index` is the entry whose effect this shows: an older document never takes the place of a newer one. The
    `public_*` texts are the public copy, with personal data masked. `class_code` is a code of the scheme such as
    `GC.03.05`, `trade_type` a trade letter, `region` a GB/T 2260 code.
    """

    record_id: str
    ledger_index: int
    title: str
    body: str
    public_title: str
    public_body: str
    reference_code: str | None
    class_code: str | None
    doc_type: str | None
    trade_type: str | None
    stage: str | None
    region: str
    level: AccessLevel
    released_from: datetime | None
    settled: bool
    state: str
    withdrawn: bool
    project_id: str | None
    project_name: str | None
    public_project_name: str | None
    project_code: str | None
    published: datetime | None
    source: str

    @property
    def subject(self) -> Subject:
        """What decides who may find this record."""
        return Subject(self.region, self.level, self.released_from, self.settled)

    @property
    def newest(self) -> int:
        """Orders documents by publication, undated ones as the oldest, and then in an order of their own."""
        tie = int.from_bytes(hashlib.sha256(self.record_id.encode()).digest()[:3], "big")
        moment = self.published or _FIRST
        return (moment - _FIRST) // timedelta(seconds=1) << 24 | tie

    def shown(self, *, redacted: bool) -> Shown:
        """The texts for a reader of the public copy, or for one who may see everything.

        Of a withdrawn record the public keeps the title, its tombstone; the text is no longer shown to it.
        """
        if redacted:
            return Shown(self.public_title, "" if self.withdrawn else self.public_body, self.public_project_name or "")
        return Shown(self.title, self.body, self.project_name or "")

    def names(self, *, redacted: bool) -> tuple[str, ...]:
        """Everything the record goes by, searched like its text but worth more."""
        shown = self.shown(redacted=redacted)
        return tuple(name for name in (shown.title, shown.project_name, self.project_code, self.reference_code) if name)

    def classes(self) -> tuple[str, ...]:
        """The class with its ancestors: `GC.03.05`, `GC.03`, `GC`."""
        parts = (self.class_code or "").upper().split(".")
        return tuple(".".join(parts[: n + 1]) for n in range(len(parts))) if parts[0] else ()


@dataclass(frozen=True)
class Removal:
    """A record that is to be found no longer, as of `ledger_index`."""

    record_id: str
    ledger_index: int


class Sort(StrEnum):
    """In which order hits come. Undated records count as the oldest."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Query:
    """What somebody asks: words in the language of `docs/search.md`, and filters, all of which must hold.

    `region` is a GB/T 2260 code, standing for its whole subtree; the days are inclusive. `size` is at most 100, and a
    page ends at the 10,000th hit at the latest. Without `sort`, words are answered by relevance, everything else by
    the newest publication.
    """

    text: str = ""
    trade_type: str | None = None
    doc_type: str | None = None
    class_code: str | None = None
    region: str | None = None
    state: str | None = None
    project_id: str | None = None
    published_from: date | None = None
    published_to: date | None = None
    sort: Sort | None = None
    size: int = 20
    offset: int = 0


class Area(StrEnum):
    """A part of a document in which phrases are looked for."""

    TEXT = "text"
    PROJECT = "project"
    REFERENCE = "reference"
    DOC_TYPE = "doc_type"


class Key(StrEnum):
    """A property of a document that is one of some values. A class includes its subclasses, a region its subtree."""

    CLASS = "class"
    TRADE_TYPE = "trade_type"
    DOC_TYPE = "doc_type"
    STATE = "state"
    PROJECT = "project_id"
    REGION = "region"


@dataclass(frozen=True)
class Says:
    """One of the readings stands in an area."""

    area: Area
    readings: tuple[Phrase, ...]


@dataclass(frozen=True)
class Is:
    """A property has this value."""

    key: Key
    value: str


@dataclass(frozen=True)
class Between:
    """Published from `start` up to, not including, `end`; None is open."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Condition:
    """One of the tests holds, or, where `negated`, none does."""

    tests: tuple[Says | Is | Between, ...]
    negated: bool = False

    @property
    def worded(self) -> bool:
        """Whether it looks for words in texts, which makes one answer better than another."""
        return not self.negated and any(isinstance(test, Says) and test.area is Area.TEXT for test in self.tests)


@dataclass(frozen=True)
class Request:
    """A question in the terms of an index: all conditions hold."""

    conditions: tuple[Condition, ...]
    sort: Sort
    size: int
    offset: int

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """What is to be marked in the texts of hits."""
        tests = [test for condition in self.conditions if condition.worded for test in condition.tests]
        texts = [test for test in tests if isinstance(test, Says)]
        return tuple(dict.fromkeys(phrase for test in texts for phrase in test.readings))


@dataclass(frozen=True)
class Snippet:
    """A piece of text with the ranges `(start, end)` that answer the question. Escape it where it is shown."""

    text: str
    ranges: tuple[tuple[int, int], ...] = ()

    def plain(self) -> str:
        """The text without marks."""
        return self.text

    def pieces(self) -> list[tuple[str, bool]]:
        """The text cut into pieces, each with whether it is marked."""
        found, position = [], 0
        for start, end in self.ranges:
            found += [(self.text[position:start], False), (self.text[start:end], True)]
            position = end
        found.append((self.text[position:], False))
        return [(text, marked) for text, marked in found if text]


@dataclass(frozen=True)
class Hit:
    """A record that answers, with the texts of the public copy where that is what the reader gets.

    `marked_title` is `title` with its marks; `project` is the project's name.
    """

    record_id: str
    title: str
    marked_title: Snippet
    class_code: str | None
    doc_type: str | None
    trade_type: str | None
    region: str
    state: str
    withdrawn: bool
    project_id: str | None
    project: str | None
    project_code: str | None
    reference_code: str | None
    published: datetime | None
    snippet: Snippet
    score: float


@dataclass(frozen=True)
class Results:
    """One page of hits out of `total`, all of them within the asker's scope; `took_ms` in milliseconds."""

    total: int
    hits: tuple[Hit, ...]
    took_ms: float
