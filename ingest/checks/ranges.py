"""The data of the checks of values: ranges, what is plausible, what has to agree. From `data/values.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Range:
    """A value range: a closed list, or a form of which a part is one. `name` is the element's in Chinese."""

    name: str
    basis: str
    values: frozenset[str]
    pattern: re.Pattern[str] | None

    def holds(self, value: str) -> bool:
        """Whether the value lies within."""
        return value in self.values if self.pattern is None else self.pattern.fullmatch(value) is not None


@dataclass(frozen=True)
class Order:
    """Two moments whose order the procedure fixes."""

    before: str
    after: str
    basis: str


@dataclass(frozen=True)
class Part:
    """An element, or `length` characters of it from `start`; only of values that are `whole` long where it is given."""

    element: str
    start: int
    length: int | None
    whole: int | None

    def of(self, fields: Mapping[str, str]) -> str | None:
        """The part, None where the element is absent, empty or of another length."""
        value = fields.get(self.element, "").strip()
        if not value or (self.whole is not None and len(value) != self.whole):
            return None
        return value[self.start :] if self.length is None else value[self.start : self.start + self.length]


@dataclass(frozen=True)
class Rule:
    """A rule between two elements: `equal`, or `within` for an amount no larger than another."""

    id: str
    kind: str
    left: Part
    right: Part


@dataclass(frozen=True)
class Values:
    """All of it. `earliest` is a year, `future_hours` hours, `amount_most` yuan."""

    version: str
    ranges: Mapping[str, Range]
    earliest: int
    future_hours: int
    amount_most: int
    amounts: frozenset[str]
    orders: tuple[Order, ...]
    rules: tuple[Rule, ...]


@cache
def values() -> Values:
    """The ranges and rules that come with the archive."""
    text = resources.files("ingest.checks.data").joinpath("values.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    plausible = document["plausible"]
    return Values(
        version=document["version"],
        ranges={element: _range(table) for element, table in document["ranges"].items()},
        earliest=plausible["earliest"],
        future_hours=plausible["future_hours"],
        amount_most=plausible["amount_most"],
        amounts=frozenset(plausible["amounts"]),
        orders=tuple(Order(table["before"], table["after"], table["basis"]) for table in document["orders"]),
        rules=tuple(
            Rule(table["id"], table["kind"], _part(table["left"]), _part(table["right"])) for table in document["rules"]
        ),
    )


def _range(table: Mapping[str, Any]) -> Range:
    pattern = re.compile(table["pattern"]) if "pattern" in table else None
    return Range(table["name"], table["basis"], frozenset(table.get("values", ())), pattern)


def _part(table: Mapping[str, Any]) -> Part:
    return Part(table["element"], table.get("start", 0), table.get("length"), table.get("whole"))
