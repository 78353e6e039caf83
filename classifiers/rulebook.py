"""The rules as values: kinds of notices, words of trades and weights, read once from `rules/*.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal

from archive.errors import InvalidInput
from archive.plan.types import Plan

Strength = Literal["strong", "weak", "alias"]
ANY_TRADE = "*"


@dataclass(frozen=True)
class Kind:
    """A kind of notice; what the parts mean stands at the head of `rules/kinds.toml`."""

    id: str
    name: str
    classes: Mapping[str, str]
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    labels: tuple[str, ...]
    body: tuple[str, ...]
    refines: tuple[str, ...]
    changing: bool
    notice: bool
    doubted: frozenset[str]
    doubt_words: tuple[str, ...]


@dataclass(frozen=True)
class TradeWords:
    """Words that give a trade letter away."""

    letter: str
    title: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True)
class Rulebook:
    """All rules. `weights` is keyed `class.title_strong`, `decide.accept` and so on."""

    kinds: tuple[Kind, ...]
    trades: tuple[TradeWords, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Term:
    """A word with what it stands for: the class it means in each trade (`*` in any)."""

    word: str
    strength: Strength
    classes: Mapping[str, str]
    kind: Kind | None

    def class_for(self, trade: str | None) -> str | None:
        """The class it means in `trade`; without a trade only if it means the same class in all."""
        if trade is None:
            meanings = set(self.classes.values())
            return meanings.pop() if len(meanings) == 1 else None
        return self.classes.get(trade) or self.classes.get(ANY_TRADE)


@dataclass(frozen=True)
class Vocabulary:
    """The words of the rules and of one plan's scheme together, strongest meaning first."""

    terms: tuple[Term, ...]
    labels: Mapping[str, Kind]
    kind_of_class: Mapping[str, Kind]


@cache
def rulebook() -> Rulebook:
    """The rules as shipped.

    Raises:
        InvalidInput: a rules file is damaged.
    """
    kinds = tuple(_kind(table) for table in _read("kinds.toml")["kind"])
    trades = tuple(
        TradeWords(letter=table["letter"], title=tuple(table["title"]), body=tuple(table["body"]))
        for table in _read("trades.toml")["trade"]
    )
    weights = {
        f"{group}.{name}": float(weight)
        for group, table in _read("weights.toml").items()
        for name, weight in table.items()
    }
    known = {kind.id for kind in kinds}
    if len(known) != len(kinds):
        raise InvalidInput("classify-rules-damaged", file="kinds.toml", detail="an id stands twice")
    for kind in kinds:
        for other in (*kind.refines, *kind.doubted):
            if other not in known and other != "*":
                raise InvalidInput("classify-rules-damaged", file="kinds.toml", detail=f"{kind.id} names {other}")
    return Rulebook(kinds=kinds, trades=trades, weights=weights)


def _read(name: str) -> dict[str, Any]:
    text = (resources.files("classifiers") / "rules" / name).read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput("classify-rules-damaged", file=name, detail=str(error)) from error


def _kind(table: Mapping[str, Any]) -> Kind:
    doubts = table.get("doubts", {"kinds": (), "words": ()})
    try:
        return Kind(
            id=table["id"],
            name=table["name"],
            classes=dict(table["classes"]),
            strong=tuple(table["strong"]),
            weak=tuple(table.get("weak", ())),
            labels=tuple(table["labels"]),
            body=tuple(table["body"]),
            refines=tuple(table.get("refines", ())),
            changing=bool(table.get("changing", False)),
            notice=bool(table.get("notice", True)),
            doubted=frozenset(doubts["kinds"]),
            doubt_words=tuple(doubts["words"]),
        )
    except KeyError as error:
        raise InvalidInput("classify-rules-damaged", file="kinds.toml", detail=f"key {error} is missing") from error


@lru_cache(maxsize=8)
def vocabulary(plan: Plan) -> Vocabulary:
    """The words to look for under `plan`.

    Raises:
        InvalidInput: a rule names a class that the plan does not have.
    """
    terms: dict[str, Term] = {}
    labels: dict[str, Kind] = {}
    kind_of_class: dict[str, Kind] = {}
    for kind in rulebook().kinds:
        for code in kind.classes.values():
            if code not in plan.classes:
                raise InvalidInput("classify-rules-class", kind=kind.id, class_code=code, plan=plan.id)
            kind_of_class.setdefault(code, kind)
        for word in kind.strong:
            terms[word] = Term(word=word, strength="strong", classes=kind.classes, kind=kind)
        for word in kind.weak:
            terms.setdefault(word, Term(word=word, strength="weak", classes=kind.classes, kind=kind))
        labels.update(dict.fromkeys((*kind.labels, kind.name), kind))
    for word, meanings in _aliases(plan).items():
        known = terms.get(word)
        if known is None and _says_the_same(word, meanings):
            continue
        if known is None:
            terms[word] = Term(word=word, strength="alias", classes=meanings, kind=None)
        else:
            added = {**meanings, **known.classes}
            terms[word] = Term(word=word, strength=known.strength, classes=added, kind=known.kind)
    ordered = sorted(terms.values(), key=lambda term: (-len(term.word), term.word))
    return Vocabulary(terms=tuple(ordered), labels=labels, kind_of_class=kind_of_class)


def _says_the_same(word: str, meanings: Mapping[str, str]) -> bool:
    """Whether a name of the scheme is only the longer form of a full type name (公开招标公告 of 招标公告)."""
    return any(
        word.endswith(strong) and all(kind.classes.get(trade) == code for trade, code in meanings.items())
        for kind in rulebook().kinds
        for strong in kind.strong
    )


def _aliases(plan: Plan) -> dict[str, dict[str, str]]:
    """Document names of the scheme with the class they mean in each trade; where two compete, the first row wins."""
    words: dict[str, dict[str, str]] = {}
    for cls in plan.classes.values():
        for word in (cls.doc_type, *cls.aliases):
            meanings = words.setdefault(word, {})
            for trade in cls.trades or (ANY_TRADE,):
                meanings.setdefault(trade, cls.code)
    return words
