"""What a plan is made of. All values come from versioned data files; see `archive.plan.service`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from archive.authorization import AccessLevel
from archive.errors import InvalidInput, NotFound
from archive.plan.numbering import NumberTemplate, Segment

__all__ = [
    "Channel",
    "DocumentClass",
    "End",
    "NumberTemplate",
    "Outcome",
    "Plan",
    "Region",
    "Retention",
    "Segment",
]

ON_PUBLISH = "on_publish"
_REGION_CODE = re.compile(r"[0-9]{6}")
_TRADE_CODE = re.compile(r"([A-Z])[0-9]{2}")
_LEAP_DAY = 29


class Outcome(StrEnum):
    """How a trade ends, which decides what its volume must hold."""

    AWARD = "award"
    FAILED = "failed"
    TERMINATED = "terminated"


@dataclass(frozen=True)
class DocumentClass:
    """One row of the classification scheme (DA/T 103-2024 appendix B and the laws named in `basis`).

    `trades` are trade letters, empty for classes shared by all trades; `stage_order` is the two-digit order of the
    stage; `aliases` are words of titles, `data_nos` datasets of the national specification (with a qualifier after
    `/` where one dataset holds several classes), `file_codes` FILE_EN_NAME values and table names. `retention` is a
    code of the plan's schedule; `public_after` a token of STANDARDS D4.
    """

    code: str
    category: str
    trades: tuple[str, ...]
    stage_order: str
    stage: str
    doc_type: str
    aliases: tuple[str, ...]
    data_nos: tuple[str, ...]
    file_codes: tuple[str, ...]
    carrier: str
    retention: str
    basis: str
    access_level: AccessLevel
    public_after: str


@dataclass(frozen=True)
class Retention:
    """A retention period: `code` as in reference codes, `years` None for permanent."""

    code: str
    name: str
    years: int | None

    def due(self, start: date) -> date | None:
        """The day on which appraisal falls due, None for never. Due means a person decides, nothing is deleted."""
        if self.years is None:
            return None
        year = start.year + self.years
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        if start.month == 2 and start.day == _LEAP_DAY and not leap:
            return date(year, 3, 1)
        return start.replace(year=year)


@dataclass(frozen=True)
class End:
    """What the arrival of a class means for its trade.

    `outcome` is None when the class alone ends nothing. `when` maps title words to the outcome they decide, checked in
    order before `outcome`. `events` are the release events (STANDARDS D4) the document stands for.
    """

    class_code: str
    outcome: Outcome | None
    events: tuple[str, ...] = ()
    when: tuple[tuple[str, Outcome], ...] = ()


@dataclass(frozen=True)
class Channel:
    """A label of a source: what it says about class and trade, each None where it says nothing."""

    label: str
    name: str
    class_code: str | None
    trade: str | None


@dataclass(frozen=True)
class Region:
    """An administrative region (GB/T 2260) with the names it goes by and, where a centre sits there, its fonds."""

    code: str
    name: str
    aliases: tuple[str, ...]
    fonds: str | None


@dataclass(frozen=True, eq=False)
class Plan:
    """The rules one centre works by. `id` and `version` are stored with every decision made under it."""

    id: str
    version: str
    classes: Mapping[str, DocumentClass]
    retentions: Mapping[str, Retention]
    starts: Mapping[str, str]
    numbers: NumberTemplate
    completeness: Mapping[tuple[str, Outcome], tuple[str, ...]]
    ends_by_class: Mapping[str, End]
    channels: Mapping[str, Channel]
    categories: Mapping[str, str]
    sites: tuple[tuple[str, str], ...]
    regions: Mapping[str, Region]
    default_fonds: str
    trade_names: Mapping[str, str] = field(default_factory=dict)

    def document_class(self, code: str) -> DocumentClass:
        """The class with this code.

        Raises:
            NotFound: the plan has no such class.
        """
        found = self.classes.get(code)
        if found is None:
            raise NotFound("plan-class-unknown", class_code=code, plan=self.id)
        return found

    def retention(self, code: str) -> Retention:
        """The retention period with this code.

        Raises:
            NotFound: the schedule has no such period.
        """
        found = self.retentions.get(code)
        if found is None:
            raise NotFound("plan-retention-unknown", retention=code, plan=self.id)
        return found

    def longest_retention(self, codes: tuple[str, ...]) -> str:
        """The longest of several retention codes: a volume is kept as long as its longest-lived item.

        Raises:
            InvalidInput: no code was given.
            NotFound: the schedule lacks a code.
        """
        if not codes:
            raise InvalidInput("plan-retention-empty", plan=self.id)
        return max(
            (self.retention(code) for code in codes), key=lambda term: (term.years is None, term.years or 0)
        ).code

    def retention_start(self, trade: str) -> str:
        """The event from which periods of this trade count, such as `procurement_end` (政府采购法 42)."""
        return self.starts.get(trade, self.starts["*"])

    def release_moment(self, cls: DocumentClass, published: datetime | None) -> datetime | None:
        """From when the public may see a document of `cls`; None means not by itself.

        Only what the law has published is open from its publication; everything else waits for a later release.
        """
        if cls.access_level is AccessLevel.PUBLIC and cls.public_after == ON_PUBLISH:
            return published
        return None

    def ends(self, class_code: str, title: str = "") -> Outcome | None:
        """How a trade ends when a document of this class arrives, None if it goes on. Words of `title` may decide."""
        end = self.ends_by_class.get(class_code)
        if end is None:
            return None
        return next((outcome for word, outcome in end.when if word in title), end.outcome)

    def events(self, class_code: str) -> tuple[str, ...]:
        """The release events a document of this class stands for."""
        end = self.ends_by_class.get(class_code)
        return end.events if end else ()

    def required(self, trade: str, outcome: Outcome) -> tuple[str, ...]:
        """The classes a volume of this trade letter must hold after this outcome, in procedure order.

        Raises:
            NotFound: the plan has no completeness rule for the pair; nothing is complete by default.
        """
        found = self.completeness.get((trade, outcome))
        if found is None:
            raise NotFound("plan-completeness-unknown", trade=trade, outcome=outcome.value, plan=self.id)
        return found

    def classes_of_data(self, data_no: str) -> tuple[str, ...]:
        """Classes of a dataset number, with its qualifier (`503/BULLETIN_TYPE=1`) or without; likeliest first."""
        exact = self._by_data.get(data_no)
        return exact if exact is not None else self._by_data.get(data_no.partition("/")[0], ())

    def classes_of_file_code(self, file_code: str) -> tuple[str, ...]:
        """Classes of a FILE_EN_NAME or table name; a signed twin (`_SIGN`) counts as its main file."""
        return self._by_file_code.get(file_code.strip().upper().removesuffix("_SIGN"), ())

    def channel(self, label: str) -> Channel | None:
        """What the plan knows about a source's label, None if it has never heard of it."""
        return self.channels.get(label.strip())

    def trade_of_category(self, category: str) -> str | None:
        """The trade letter behind a category label: `A01`, `D`, `房建及市政工程`; None if unknown.

        `G01`… at an engineering source is an alias of A in one province (STANDARDS C3) and is listed as such a label.
        """
        text = category.strip()
        if text in self.categories:
            return self.categories[text]
        match = _TRADE_CODE.fullmatch(text)
        letter = match[1] if match else text
        return letter if letter in self.trade_names else None

    def trade_of_site(self, label: str) -> str | None:
        """The trade letter that words of a site's name give away, None if they do not."""
        return next((trade for word, trade in self.sites if word in label), None)

    def region_code(self, name: str) -> str | None:
        """The six digits of a region given by code or by any text that holds its name; the smallest region wins."""
        text = name.strip()
        if _REGION_CODE.fullmatch(text):
            return text
        found = [(region.code, alias) for region in self.regions.values() for alias in region.aliases if alias in text]
        if not found:
            return None
        return max(found, key=lambda pair: (not pair[0].endswith("0000"), len(pair[1])))[0]

    def fonds(self, region: str) -> str:
        """The fonds code of the centre for a region code: its own, else its city's, its province's, the default."""
        for code in (region, f"{region[:4]}00", f"{region[:2]}0000"):
            found = self.regions.get(code)
            if found is not None and found.fonds is not None:
                return found.fonds
        return self.default_fonds

    @cached_property
    def _by_data(self) -> Mapping[str, tuple[str, ...]]:
        plain: dict[str, list[str]] = {}
        qualified: dict[str, list[str]] = {}
        for cls in self.classes.values():
            for number in cls.data_nos:
                base, slash, _ = number.partition("/")
                (qualified if slash else plain).setdefault(base, []).append(cls.code)
                if slash:
                    qualified.setdefault(number, []).append(cls.code)
        keys = {*plain, *qualified}
        return {key: tuple(dict.fromkeys(plain.get(key, []) + qualified.get(key, []))) for key in keys}

    @cached_property
    def _by_file_code(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for cls in self.classes.values():
            for code in cls.file_codes:
                found.setdefault(code.upper(), []).append(cls.code)
        return {code: tuple(classes) for code, classes in found.items()}
