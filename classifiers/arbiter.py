"""The decision: everything the evidence says is weighed, and either a class comes out or a question to a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from archive.plan.types import DocumentClass, Plan
from classifiers.candidates import Voice, read_type, voices
from classifiers.rulebook import Kind, rulebook, vocabulary
from classifiers.titles import read_title
from classifiers.trades import Trade, decide_trade
from classifiers.types import Decision, Evidence, Reason


@dataclass(frozen=True)
class _Ranked:
    """A possible answer: a class, or a kind of notice without a class in this trade."""

    class_code: str | None
    kind: Kind | None
    score: float
    firm: bool
    reasons: tuple[Reason, ...]


def classify(evidence: Evidence, plan: Plan) -> Decision:
    """Decide what a document is under `plan`, or ask. Questions stand last among the reasons, the gravest at the end.

    A person is asked when nothing matches, the title is missing, firm evidence contradicts itself, the runner-up is
    close, the trade is unknown or disputed, the type does not exist in the trade, or it is no notice of a trade.
    """
    title = read_title(evidence.title)
    reading = read_type(title, vocabulary(plan))
    trade = decide_trade(evidence, title.text, reading.trades(), plan)
    heard = list(voices(evidence, reading, trade.letter, plan))
    ranked = _rank(heard)
    best = ranked[0] if ranked else None
    second = ranked[1] if len(ranked) > 1 else None
    code = best.class_code if best else None
    cls = plan.classes[code] if code else None
    trade = _implied(trade, cls)
    questions = _questions(evidence, trade, heard, best, second)
    confidence = min(best.score, trade.confidence if cls is None or cls.trades else 1.0) if best else 0.0
    accept = rulebook().weights["decide.accept"]
    if best and not questions and confidence < accept:
        questions = (Reason("classify-ask-unsure", {"confidence": f"{confidence:.2f}"}),)
    return Decision(
        class_code=code,
        doc_type=cls.doc_type if cls else (best.kind.name if best and best.kind else None),
        trade_type=trade.letter,
        stage=cls.stage if cls else None,
        confidence=round(confidence, 4),
        needs_person=bool(questions),
        reasons=(*(best.reasons if best else ()), *trade.reasons, *questions),
        runner_up=second.class_code if second else None,
        round=title.rounds.tender,
        republication=title.rounds.republication,
        correction=title.rounds.correction,
        is_notice=not (best and best.kind and not best.kind.notice),
    )


def _implied(trade: Trade, cls: DocumentClass | None) -> Trade:
    """Where nothing speaks for a trade, a class that exists in one trade only speaks for it."""
    if trade.letter is not None or cls is None or len(cls.trades) != 1:
        return trade
    reason = Reason("classify-trade-by-type", {"value": cls.doc_type, "trade": cls.trades[0]})
    weight = rulebook().weights["trade.title_type"]
    return Trade(letter=cls.trades[0], confidence=weight, rival=None, reasons=(reason,))


def _rank(heard: list[Voice]) -> list[_Ranked]:
    """Add up the voices for each answer; where one answer refines another, it inherits what spoke for the other."""
    groups: dict[tuple[str | None, str | None], list[Voice]] = {}
    for voice in heard:
        if voice.class_code is not None or voice.kind is not None:
            key = (voice.class_code, None if voice.class_code else voice.kind.id if voice.kind else None)
            groups.setdefault(key, []).append(voice)
    scored = [_sum_up(group, heard) for group in groups.values()]
    return sorted(scored, key=lambda answer: (-answer.score, answer.class_code or ""))


def _sum_up(group: list[Voice], heard: list[Voice]) -> _Ranked:
    kind = next((voice.kind for voice in group if voice.kind), None)
    doubt = 1.0
    for voice in group:
        doubt *= 1.0 - voice.weight
    own = 1.0 - doubt
    for voice in heard:
        other = voice.kind
        if other is None or kind is None or other is kind:
            continue
        if _refines(kind, other) and own >= _firmness():
            doubt *= 1.0 - voice.weight / 2
        elif _refines(other, kind) and voice.weight >= _firmness():
            doubt = 1.0 - (1.0 - doubt) * 0.5
    reasons = tuple(voice.reason for voice in group)
    firm = any(voice.firm for voice in group)
    return _Ranked(class_code=group[0].class_code, kind=kind, score=1.0 - doubt, firm=firm, reasons=reasons)


def _firmness() -> float:
    return rulebook().weights["decide.accept"]


def _refines(kind: Kind, other: Kind) -> bool:
    return other.id in kind.refines or "*" in kind.refines


def _questions(
    evidence: Evidence, trade: Trade, heard: list[Voice], best: _Ranked | None, second: _Ranked | None
) -> tuple[Reason, ...]:
    clash = _clash(heard)
    asked = list(_disputes(trade, best, None if clash else second)) if best else []
    if best:
        if clash:
            asked.append(Reason("classify-ask-conflict", {"first": clash[0], "second": clash[1]}))
        asked.extend(_doubts(evidence, best))
    if not evidence.title.strip():
        asked.append(Reason("classify-ask-title-missing"))
    if best is None:
        asked.append(Reason("classify-ask-no-evidence"))
    elif best.kind and not best.kind.notice:
        asked.append(Reason("classify-ask-not-a-notice", {"name": best.kind.name}))
    return tuple(asked)


def _disputes(trade: Trade, best: _Ranked, second: _Ranked | None) -> Iterator[Reason]:
    """What is too close to call, or cannot be told at all, about the trade and the class."""
    if trade.letter is None:
        yield Reason("classify-ask-trade-unknown")
    elif trade.rival:
        yield Reason("classify-ask-trade-close", {"first": trade.letter, "second": trade.rival})
    elif best.class_code is None and best.kind:
        yield Reason("classify-ask-no-class", {"name": best.kind.name, "trade": trade.letter})
    if second and _close(best, second):
        yield Reason("classify-ask-close", {"first": _name(best), "second": _name(second)})


def _close(best: _Ranked, second: _Ranked) -> bool:
    weights = rulebook().weights
    if best.firm and not second.firm and best.score >= weights["decide.sure"]:
        return False
    return best.score - second.score < weights["decide.margin"]


def _name(answer: _Ranked) -> str:
    return answer.class_code or (answer.kind.name if answer.kind else "")


def _doubts(evidence: Evidence, best: _Ranked) -> Iterator[Reason]:
    """Words of the body that forbid to decide alone: a result notice that speaks of failure may end a trade wrongly."""
    for kind in rulebook().kinds:
        if best.kind is None or best.kind.id not in kind.doubted:
            continue
        word = next((word for word in kind.doubt_words if word in evidence.body), None)
        if word is not None:
            yield Reason("classify-ask-doubt", {"value": word, "name": kind.name})


def _clash(heard: list[Voice]) -> tuple[str, str] | None:
    """Two firm voices that cannot both be right."""
    firm = [voice for voice in heard if voice.firm]
    for index, one in enumerate(firm):
        for two in firm[index + 1 :]:
            if one.class_code is not None and one.class_code == two.class_code:
                continue
            if one.kind and two.kind and _agree(one.kind, two.kind):
                continue
            return one.reason.params["value"], two.reason.params["value"]
    return None


def _agree(one: Kind, two: Kind) -> bool:
    return one is two or _refines(one, two) or _refines(two, one)
