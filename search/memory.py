"""The twin: an index without a file, which looks through everything it holds, for tests."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from archive.authorization import Scope
from archive.errors import Unavailable
from search.card import pack_card, pack_texts, unpack
from search.cjk import Phrase, is_han, tokens
from search.port import EMPTY, Replacement
from search.types import Area, Between, Condition, Document, Is, Key, Removal, Request, Results, Says, Sort

_Values = tuple[list[str], ...]


class MemoryIndex:
    """A `SearchIndex` that is gone with the process."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry | Removal] = {}
        self._position = EMPTY
        self._rebuilding = False

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        for change in documents:
            known = self._entries.get(change.record_id)
            if known is None or known.ledger_index <= change.ledger_index:
                self._entries[change.record_id] = _Entry(change) if isinstance(change, Document) else change
        self._position = max(position, self._position)

    def search(self, request: Request, scope: Scope) -> Results:
        started = time.perf_counter()
        found = [
            (entry.score(request, redacted=scope.redacted), entry.document)
            for entry in self._documents()
            if scope.admits(entry.document.subject) and entry.answers(request, redacted=scope.redacted)
        ]
        if request.sort is Sort.RELEVANCE:
            found.sort(key=lambda pair: (-pair[0], pair[1].record_id))
        else:
            found.sort(key=lambda pair: pair[1].newest, reverse=request.sort is Sort.NEWEST)
        hits = tuple(
            unpack(pack_card(document), pack_texts(document, redacted=scope.redacted), request.phrases, score)
            for score, document in found[request.offset : request.offset + request.size]
        )
        return Results(len(found), hits, round((time.perf_counter() - started) * 1000, 3))

    def position(self) -> int:
        return self._position

    def count(self) -> int:
        return len(self._documents())

    @contextmanager
    def replacement(self) -> Iterator[Replacement]:
        if self._rebuilding:
            raise Unavailable("search-rebuild-running", path="memory:")
        self._rebuilding = True
        try:
            yield _Beside(self)
        finally:
            self._rebuilding = False

    def take_over(self, entries: "dict[str, _Entry | Removal]", position: int) -> None:
        """Hold this instead of what it held."""
        self._entries, self._position = entries, position

    def _documents(self) -> list["_Entry"]:
        return [entry for entry in self._entries.values() if isinstance(entry, _Entry)]


class _Beside(MemoryIndex):
    def __init__(self, index: MemoryIndex) -> None:
        super().__init__()
        self._index = index

    def promote(self, catch_up: Callable[[], None]) -> None:
        catch_up()
        self._index.take_over(self._entries, self._position)


@dataclass(frozen=True)
class _Entry:
    """A document with its tokens."""

    document: Document

    @property
    def ledger_index(self) -> int:
        return self.document.ledger_index

    @cached_property
    def _whole(self) -> dict[Area, _Values]:
        return _areas(self.document, redacted=False)

    @cached_property
    def _public(self) -> dict[Area, _Values]:
        return _areas(self.document, redacted=True)

    def answers(self, request: Request, *, redacted: bool) -> bool:
        """Whether every condition holds."""
        areas = self._public if redacted else self._whole
        return all(self._holds(condition, areas) for condition in request.conditions)

    def score(self, request: Request, *, redacted: bool) -> float:
        """How often the document says what is asked for, in its names three times as much."""
        names = [tokens(name) for name in self.document.names(redacted=redacted)]
        everything = (self._public if redacted else self._whole)[Area.TEXT]
        return float(sum(_count(everything, phrase) + 2 * _count(names, phrase) for phrase in request.phrases))

    def _holds(self, condition: Condition, areas: dict[Area, _Values]) -> bool:
        return any(self._passes(test, areas) for test in condition.tests) is not condition.negated

    def _passes(self, test: Says | Is | Between, areas: dict[Area, _Values]) -> bool:
        if isinstance(test, Says):
            return any(_count(areas[test.area], phrase) for phrase in test.readings)
        if isinstance(test, Is):
            return self._is(test)
        published = self.document.published
        if published is None:
            return False
        return (test.start is None or test.start <= published) and (test.end is None or published < test.end)

    def _is(self, test: Is) -> bool:
        document = self.document
        if test.key is Key.REGION:
            return document.region.startswith(test.value)
        if test.key is Key.CLASS:
            return test.value in document.classes()
        return bool(test.value) and getattr(document, str(test.key)) == test.value


def _areas(document: Document, *, redacted: bool) -> dict[Area, _Values]:
    shown = document.shown(redacted=redacted)
    texts: dict[Area, tuple[str | None, ...]] = {
        Area.TEXT: (*document.names(redacted=redacted), shown.body),
        Area.PROJECT: (shown.project_name, document.project_code),
        Area.REFERENCE: (document.reference_code,),
        Area.DOC_TYPE: (document.doc_type,),
    }
    return {area: tuple(tokens(value) for value in values if value) for area, values in texts.items()}


def _count(values: Sequence[Sequence[str]], phrase: Phrase) -> int:
    """At how many positions the phrase stands."""
    length = len(phrase.tokens)
    return sum(
        _stands(value[start : start + length], phrase) for value in values for start in range(len(value) - length + 1)
    )


def _stands(found: Sequence[str], phrase: Phrase) -> bool:
    if not phrase.prefix:
        return tuple(found) == phrase.tokens
    last = phrase.tokens[-1]
    fits = found[-1].startswith(last) and (not is_han(last) or len(found[-1]) <= len(last) + 1)
    return fits and tuple(found[:-1]) == phrase.tokens[:-1]
