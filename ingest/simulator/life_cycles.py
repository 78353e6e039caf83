"""How a transaction of each kind runs, read from `wording`: its steps in order and what each publishes or delivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from ingest.simulator.wording import load

KINDS = ("engineering", "procurement", "land", "mining", "property", "drugs")
OUTCOMES = ("award", "failed", "terminated", "retendered")
Round = Literal["award", "failed", "terminated"]


@dataclass(frozen=True)
class FilePlan:
    """One file of a step. `name` is a template; `text` the passage it carries, the notice's own when None.

    `role`: main (the document itself), signed (its sealed twin), attachment, recording. `code`: FILE_EN_NAME or None.
    """

    name: str
    role: str
    code: str | None
    text: str | None


@dataclass(frozen=True)
class Step:
    """One document that a transaction brings forth. The names are those of the `[[step]]` tables in `wording`."""

    key: str
    class_code: str
    category: str
    title: str
    body: str
    after: tuple[int, int]
    data_no: str | None = None
    public: bool = True
    bare: bool = False
    opens: bool = False
    on_opening: bool = False
    first_round: bool = False
    each_section: bool = False
    chance: float = 1.0
    outcomes: tuple[str, ...] = ("award", "failed", "terminated")
    files: tuple[FilePlan, ...] = ()

    def applies(self, outcome: Round, number: int) -> bool:
        """Whether this step belongs to a round that ends so; `number` counts rounds from 1."""
        return outcome in self.outcomes and (number == 1 or not self.first_round)


@dataclass(frozen=True)
class Cycle:
    """A kind of transaction."""

    kind: str
    name: str
    codes: Mapping[str, str]
    round_mark: str
    opening_after: tuple[int, int]
    company: str
    rising: bool
    words: Mapping[str, str]
    categories: Mapping[str, str]
    subjects: tuple[Mapping[str, Any], ...]
    steps: tuple[Step, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What the n-th project of a scenario is to be."""

    kind: str
    outcome: str
    sections: int
    variant: str | None


@cache
def cycle(kind: str) -> Cycle:
    """The cycle of one of `KINDS`."""
    table = load(kind)
    texts = {**load("common")["texts"], **table["texts"]}
    return Cycle(
        kind=kind,
        name=table["name"],
        codes={key: table[key] for key in ("project_code", "tender_code", "section_code")},
        round_mark=table["round_mark"],
        opening_after=_span(table["opening_after"]),
        company=table["company"],
        rising=table["rising"],
        words=table["words"],
        categories=table["categories"],
        subjects=tuple(table["subjects"]),
        steps=tuple(_step(step, texts) for step in table["step"]),
        texts=texts,
    )


@cache
def rota() -> tuple[Plan, ...]:
    """The order in which kinds and outcomes follow one another; a scenario goes round it."""
    return tuple(
        Plan(row["kind"], row["outcome"], row["sections"], row.get("variant")) for row in load("rota")["project"]
    )


def categories() -> Mapping[str, str]:
    """Every category of the portal: number → name. 003… are public notices, 009… files delivered for archiving."""
    return {number: name for kind in KINDS for number, name in cycle(kind).categories.items()}


def _step(row: Mapping[str, Any], texts: Mapping[str, str]) -> Step:
    public = row.get("public", True)
    plain = (
        "key",
        "category",
        "title",
        "data_no",
        "bare",
        "opens",
        "on_opening",
        "first_round",
        "each_section",
        "chance",
    )
    return Step(
        **{name: row[name] for name in plain if name in row},
        class_code=row["class"],
        body=row.get("body") or texts[row.get("text", "delivery")],
        after=_span(row["after"]),
        public=public,
        outcomes=tuple(row.get("outcomes", ("award", "failed", "terminated"))),
        files=tuple(
            FilePlan(item["file"], item["role"], item.get("code"), item.get("text")) for item in row.get("attach", ())
        ),
    )


def _span(pair: list[int]) -> tuple[int, int]:
    low, high = pair
    return low, high
