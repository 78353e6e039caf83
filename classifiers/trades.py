"""Which trade a document belongs to, decided apart from its type: codes, then the source's labels, then words."""

from collections.abc import Iterable
from dataclasses import dataclass

from archive.plan.types import Plan
from classifiers.rulebook import rulebook
from classifiers.types import Evidence, Reason

_ENGINEERING_ALIAS = "G"


@dataclass(frozen=True)
class Trade:
    """The trade letter with its confidence; `rival` is another letter too near to rule out."""

    letter: str | None
    confidence: float
    rival: str | None
    reasons: tuple[Reason, ...]


class _Votes:
    """Evidence per letter; equal evidence from several places adds up."""

    def __init__(self) -> None:
        self.doubt: dict[str, float] = {}
        self.reasons: dict[str, list[Reason]] = {}
        self.weights = rulebook().weights

    def add(self, letter: str | None, weight: str, code: str, value: str) -> None:
        if not letter:
            return
        self.doubt[letter] = self.doubt.get(letter, 1.0) * (1.0 - self.weights[f"trade.{weight}"])
        self.reasons.setdefault(letter, []).append(Reason(code, {"value": value, "trade": letter}))


def decide_trade(evidence: Evidence, title: str, title_trades: Iterable[str], plan: Plan) -> Trade:
    """The trade of a document. `title_trades` are the trades in which the type named in the title exists at all."""
    votes = _Votes()
    _by_codes(votes, evidence, plan)
    _by_labels(votes, evidence, plan)
    sure = max((1.0 - doubt for doubt in votes.doubt.values()), default=0.0)
    only = sorted(set(title_trades))
    if len(only) == 1:
        votes.add(only[0], "title_type", "classify-trade-by-type", plan.trade_names.get(only[0], only[0]))
    if sure < votes.weights["trade.site"]:
        _by_words(votes, evidence, title)
    return _best(votes)


def _by_codes(votes: _Votes, evidence: Evidence, plan: Plan) -> None:
    letters = {letter for code in plan.classes_of_data(evidence.data_no) for letter in plan.classes[code].trades}
    if len(letters) == 1:
        votes.add(letters.pop(), "data_set", "classify-trade-by-data-set", evidence.data_no)
    letter = evidence.unified_deal_code[:1]
    if letter in plan.trade_names:
        votes.add(
            _unalias(letter, evidence, plan), "deal_code", "classify-trade-by-deal-code", evidence.unified_deal_code[:3]
        )
    for file_code in evidence.attachment_codes:
        found = {letter for code in plan.classes_of_file_code(file_code) for letter in plan.classes[code].trades}
        if len(found) == 1:
            votes.add(found.pop(), "file_code", "classify-trade-by-file-code", file_code[:40])


def _by_labels(votes: _Votes, evidence: Evidence, plan: Plan) -> None:
    category = plan.trade_of_category(evidence.category) if evidence.category else None
    votes.add(_unalias(category, evidence, plan), "category", "classify-trade-by-category", evidence.category[:40])
    for label in (evidence.source_label, evidence.notice_type):
        channel = plan.channel(label) if label else None
        if channel is not None:
            votes.add(channel.trade, "channel", "classify-trade-by-channel", channel.name)
        elif label:
            votes.add(plan.trade_of_category(label), "channel", "classify-trade-by-channel", label[:40])
            votes.add(plan.trade_of_site(label), "site", "classify-trade-by-site", label[:40])


def _unalias(letter: str | None, evidence: Evidence, plan: Plan) -> str | None:
    """One province writes G for engineering; its datasets tell (STANDARDS C3)."""
    if letter != _ENGINEERING_ALIAS:
        return letter
    found = {trade for code in plan.classes_of_data(evidence.data_no) for trade in plan.classes[code].trades}
    return "A" if found == {"A"} else letter


def _by_words(votes: _Votes, evidence: Evidence, title: str) -> None:
    body = evidence.body[: int(votes.weights["decide.body_length"])]
    for trade in rulebook().trades:
        word = next((word for word in trade.title if word in title), None)
        if word is not None:
            votes.add(trade.letter, "title_word", "classify-trade-by-title", word)
        found = [word for word in trade.body if word in body]
        if found:
            votes.add(
                trade.letter,
                "body_words" if len(found) > 1 else "body_word",
                "classify-trade-by-body",
                "、".join(found[:3]),
            )


def _best(votes: _Votes) -> Trade:
    ranked = sorted(votes.doubt.items(), key=lambda pair: (pair[1], pair[0]))
    if not ranked:
        return Trade(letter=None, confidence=0.0, rival=None, reasons=())
    letter, doubt = ranked[0]
    rival = None
    if len(ranked) > 1 and ranked[1][1] - doubt < votes.weights["decide.margin"]:
        rival = ranked[1][0]
    return Trade(letter=letter, confidence=1.0 - doubt, rival=rival, reasons=tuple(votes.reasons[letter]))
