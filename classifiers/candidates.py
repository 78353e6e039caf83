"""What each kind of evidence says about the class of a document: one voice per channel, with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass

from archive.plan.types import Plan
from classifiers.rulebook import ANY_TRADE, Kind, Term, Vocabulary, rulebook, vocabulary
from classifiers.titles import Title
from classifiers.types import Evidence, Reason

_LABEL_LENGTH = 40
_NAMES_READ = 5


@dataclass(frozen=True)
class Voice:
    """One piece of evidence for a class. A `firm` voice may not be contradicted without asking a person.

    `kind` is known for notices; `class_code` is None when the kind has no class in the trade at hand.
    """

    class_code: str | None
    kind: Kind | None
    weight: float
    firm: bool
    reason: Reason


@dataclass(frozen=True)
class Hit:
    """A word of the vocabulary found in a title, ending at `end`."""

    term: Term
    end: int


@dataclass(frozen=True)
class TitleReading:
    """What a title says: the word that decides, how strongly, and the other words in it."""

    main: Hit | None
    weight: str
    others: tuple[Hit, ...]

    def trades(self) -> frozenset[str]:
        """The trades in which the deciding word means something."""
        return frozenset(self.main.term.classes) - {ANY_TRADE} if self.main else frozenset()


def read_type(title: Title, words: Vocabulary) -> TitleReading:
    """Find the word of a title that tells the type.

    The last full type name wins (公开招标 … 中标公告 is a result), unless a changing word goes with it (招标公告 …
    更正); without a full name a document name or short word at the end decides.
    """
    hits = _hits(title.text, words)
    strong = [hit for hit in hits if hit.term.strength == "strong"]
    at_end = [hit for hit in hits if title.tail - hit.end <= rulebook().weights["decide.title_tail"]]
    main, weight = None, ""
    if strong:
        main, weight = _deciding(strong), "title_strong"
        after = [hit for hit in hits if hit.end > main.end and _changes(hit.term.kind, main.term.kind)]
        if after:
            main, weight = max(after, key=_place), "title_override"
    elif at_end:
        main = max(at_end, key=_place)
        weight = "title_strong" if main.term.strength == "alias" and len(main.term.word) > 2 else "title_weak"
    elif hits:
        main, weight = max(hits, key=_place), "title_weak_inside"
    return TitleReading(main=main, weight=weight, others=tuple(hit for hit in hits if hit is not main))


def _deciding(strong: list[Hit]) -> Hit:
    """The last full type name, unless it and an earlier one are a change and what it changes (更正公告 … 招标公告)."""
    last = max(strong, key=_place)
    for hit in sorted(strong, key=_place):
        changed, changing = last.term.kind, hit.term.kind
        outranks_change = changed and changed.changing and changing and changed.id in changing.refines
        if outranks_change or _changes(changing, changed):
            return hit
    return last


def _changes(changing: Kind | None, changed: Kind | None) -> bool:
    return bool(changing and changed and changing.changing and changed.id in changing.refines)


def _place(hit: Hit) -> tuple[int, int]:
    return hit.end, len(hit.term.word)


def _hits(text: str, words: Vocabulary) -> list[Hit]:
    """The last place of every word, without words that lie inside a longer one."""
    hits: list[Hit] = []
    for term in words.terms:
        if term.word not in text:
            continue
        end = text.rfind(term.word) + len(term.word)
        start = end - len(term.word)
        if not any(other.end - len(other.term.word) <= start and end <= other.end for other in hits):
            hits.append(Hit(term=term, end=end))
    return hits


def voices(evidence: Evidence, reading: TitleReading, trade: str | None, plan: Plan) -> Iterator[Voice]:
    """Everything the evidence says about the class, surest channels first."""
    words = vocabulary(plan)
    yield from _data_set(evidence, reading, trade, plan)
    yield from _file_codes(evidence, trade, plan)
    yield from _labels(evidence, trade, plan, words)
    yield from _title(reading, trade)
    yield from _file_names(evidence, trade, words)
    yield from _body(evidence, trade, words)


def _voice(code: str, kind: Kind | None, weight: str, reason: Reason, *, firm: bool = False) -> Voice:
    return Voice(class_code=code, kind=kind, weight=rulebook().weights["class." + weight], firm=firm, reason=reason)


def _data_set(evidence: Evidence, reading: TitleReading, trade: str | None, plan: Plan) -> Iterator[Voice]:
    codes = plan.classes_of_data(evidence.data_no) if evidence.data_no else ()
    if not codes:
        return
    named = reading.main.term.class_for(trade) if reading.main else None
    code, weight = (named, "data_set") if named in codes else (codes[0], "data_set_default")
    if len(codes) == 1:
        weight = "data_set"
    assert code is not None
    reason = Reason("classify-by-data-set", {"value": evidence.data_no, "class_code": code})
    yield _voice(code, vocabulary(plan).kind_of_class.get(code), weight, reason, firm=len(codes) == 1)


def _file_codes(evidence: Evidence, trade: str | None, plan: Plan) -> Iterator[Voice]:
    found: dict[str, str] = {}
    for file_code in evidence.attachment_codes:
        for code in plan.classes_of_file_code(file_code):
            if trade is None or not plan.classes[code].trades or trade in plan.classes[code].trades:
                found.setdefault(code, file_code)
    for code, file_code in found.items():
        reason = Reason("classify-by-file-code", {"value": file_code[:_LABEL_LENGTH], "class_code": code})
        weight = "file_code" if len(found) == 1 else "file_code_shared"
        yield _voice(code, vocabulary(plan).kind_of_class.get(code), weight, reason)


def _labels(evidence: Evidence, trade: str | None, plan: Plan, words: Vocabulary) -> Iterator[Voice]:
    for label in dict.fromkeys((evidence.source_label.strip(), evidence.notice_type.strip())):
        channel = plan.channel(label) if label else None
        if channel is not None and channel.class_code is not None:
            code = channel.class_code
            reason = Reason("classify-by-channel", {"value": label, "name": channel.name, "class_code": code})
            yield _voice(code, words.kind_of_class.get(code), "label", reason, firm=True)
        elif label:
            yield from _label_words(label, trade, words)


def _label_words(label: str, trade: str | None, words: Vocabulary) -> Iterator[Voice]:
    plain = label.replace("（", "(").replace("）", ")")
    kind = words.labels.get(plain)
    term = None
    if kind is None:
        term = next((term for term in words.terms if term.strength != "weak" and plain.endswith(term.word)), None)
    else:
        term = Term(word=plain, strength="strong", classes=kind.classes, kind=kind)
    if term is not None:
        reason = Reason("classify-by-label", {"value": label[:_LABEL_LENGTH]})
        weight = rulebook().weights["class.label"]
        yield Voice(class_code=term.class_for(trade), kind=term.kind, weight=weight, firm=True, reason=reason)


def _title(reading: TitleReading, trade: str | None) -> Iterator[Voice]:
    weights = rulebook().weights
    main = reading.main
    if main is not None:
        yield Voice(
            class_code=main.term.class_for(trade),
            kind=main.term.kind,
            weight=weights["class." + reading.weight],
            firm=reading.weight in {"title_strong", "title_override"},
            reason=Reason("classify-by-title", {"value": main.term.word}),
        )
    for hit in reading.others:
        if hit.term.strength == "weak" or (main is not None and hit.term.kind is main.term.kind):
            continue
        reason = Reason("classify-by-title-too", {"value": hit.term.word})
        code = hit.term.class_for(trade)
        yield Voice(class_code=code, kind=hit.term.kind, weight=weights["class.title_other"], firm=False, reason=reason)


def _file_names(evidence: Evidence, trade: str | None, words: Vocabulary) -> Iterator[Voice]:
    names = " ".join(name[-80:] for name in evidence.attachment_names[:_NAMES_READ])
    if not names:
        return
    for hit in _hits(names, words):
        code = hit.term.class_for(trade)
        if hit.term.strength == "strong" and code is not None:
            reason = Reason("classify-by-file-name", {"value": hit.term.word})
            yield _voice(code, hit.term.kind, "file_name", reason)


def _body(evidence: Evidence, trade: str | None, words: Vocabulary) -> Iterator[Voice]:
    weights = rulebook().weights
    head = evidence.body[: int(weights["decide.body_head_length"])]
    head = "".join(head.split()).replace("（", "(").replace("）", ")")
    places = [(head.find(term.word), term) for term in words.terms if term.strength == "strong" and term.word in head]
    if places:
        term = min(places, key=lambda pair: (pair[0], -len(pair[1].word)))[1]
        reason = Reason("classify-by-body-head", {"value": term.word})
        weight = weights["class.body_head"]
        yield Voice(class_code=term.class_for(trade), kind=term.kind, weight=weight, firm=False, reason=reason)
    body = evidence.body[: int(weights["decide.body_length"])]
    for kind in rulebook().kinds:
        found = [phrase for phrase in kind.body if phrase in body]
        if found:
            term = Term(word=found[0], strength="strong", classes=kind.classes, kind=kind)
            weight = weights["class.body_phrases" if len(found) > 1 else "class.body_phrase"]
            reason = Reason("classify-by-body", {"value": "、".join(found[:3])})
            yield Voice(class_code=term.class_for(trade), kind=kind, weight=weight, firm=False, reason=reason)
