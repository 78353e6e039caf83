"""The embedded index, over tantivy: the only module that knows it.

Texts go in as `search.fields` gives them, under the `whitespace` tokenizer, so that positions are ours (tantivy's own
n-gram tokenizer puts every token at position 0, where no phrase is ever found). Where the index stands in the ledger is
a document of its own, committed with the others.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import tantivy

from archive.authorization import AccessLevel, Clause, Scope
from archive.errors import Damaged, InvalidInput, Unavailable
from search.card import unpack
from search.cjk import Phrase, is_han
from search.fields import NUMBERS, PUBLIC, STORED, TERMS, TEXTS, WHOLE, Fields, fields_of, micros, position_of, searched
from search.generations import Generations
from search.port import EMPTY, Replacement
from search.types import Between, Document, Hit, Is, Key, Removal, Request, Results, Says, Sort

_LAYOUT = "v1"
_HEAP = 50_000_000
_ORDER = "newest"
"""The engine orders by numbers without a sign."""
_TOO_BROAD = "exceeded max expansions"
"""What the engine says of a phrase whose last word begins too many others; it has no class of its own for it."""
_Answer = TypeVar("_Answer")


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace")
    for name in TERMS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in NUMBERS:
        if name == _ORDER:
            builder.add_unsigned_field(name, fast=True)
        else:
            builder.add_integer_field(name, fast=True)
    for name in STORED:
        builder.add_bytes_field(name, stored=True)
    return builder.build()


class TantivyIndex:
    """A `SearchIndex` in the folder `root`, which is made with the first document."""

    def __init__(self, root: Path) -> None:
        self._generations = Generations(root, _LAYOUT)
        self._guard = threading.Lock()
        self._open: _Generation | None = None

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        with self._generations.writing():
            generation = self._generation()
            if generation is None:
                folder = self._generations.create()
                generation = _Generation(folder)
                generation.write(documents, position)
                self._generations.promote(folder)
            else:
                generation.write(documents, position)

    def search(self, request: Request, scope: Scope) -> Results:
        started = time.perf_counter()
        nothing: tuple[int, tuple[Hit, ...]] = (0, ())
        total, hits = self._ask(lambda generation: generation.search(request, scope), nothing)
        return Results(total, hits, round((time.perf_counter() - started) * 1000, 3))

    def position(self) -> int:
        return self._ask(_Generation.position, EMPTY)

    def count(self) -> int:
        return self._ask(_Generation.count, 0)

    @contextmanager
    def replacement(self) -> Iterator[Replacement]:
        with self._generations.rebuilding():
            self._generations.sweep()
            try:
                yield _Beside(self._generations, self._generations.create())
            finally:
                self._generations.sweep()

    def _ask(self, question: "Callable[[_Generation], _Answer]", nothing: _Answer) -> _Answer:
        """The answer of the generation in use; of the next one where a rebuild drops it half-way."""
        while True:
            folder = self._generations.current()
            try:
                generation = self._generation()
                return nothing if generation is None else question(generation)
            except Damaged:
                if self._generations.current() == folder:
                    raise

    def _generation(self) -> "_Generation | None":
        """The generation in use now, which another process may have exchanged."""
        with self._guard:
            folder = self._generations.current()
            if folder is None:
                return None
            if self._open is None or self._open.folder != folder:
                self._open = _Generation(folder)
            return self._open


class _Beside:
    """A generation being filled: nobody else knows it, so only its promotion needs the writer's lock."""

    def __init__(self, generations: Generations, folder: Path) -> None:
        self._generations = generations
        self._generation = _Generation(folder)

    def apply(self, documents: Iterable[Document | Removal], position: int) -> None:
        self._generation.write(documents, position)

    def position(self) -> int:
        return self._generation.position()

    def count(self) -> int:
        return self._generation.count()

    def promote(self, catch_up: Callable[[], None]) -> None:
        with self._generations.writing():
            catch_up()
            self._generations.promote(self._generation.folder)


class _Generation:
    """One tantivy index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        with self._readable():
            if not folder.is_dir():
                raise FileNotFoundError(folder)
            self._index = tantivy.Index(_schema(), path=str(folder))
            # Reloading is ours: the engine's own watcher looks only every half second, from a thread of its own.
            self._index.config_reader("manual")

    def search(self, request: Request, scope: Scope) -> tuple[int, tuple[Hit, ...]]:
        query = _query(request, scope)
        with self._readable():
            searcher = self._searcher()
            order = tantivy.Order.Asc if request.sort is Sort.OLDEST else tantivy.Order.Desc
            by = None if request.sort is Sort.RELEVANCE else _ORDER
            # The stub of the library leaves out that a result has a count.
            found: Any = searcher.search(query, request.size, order_by_field=by, offset=request.offset, order=order)
            hits = []
            for score, address in found.hits:
                document = searcher.doc(address)
                # Without a text of its own, the whole is what its public copy says.
                own = None if scope.redacted else document.get_first(WHOLE)
                card, shown = document["card"][0], own or document[PUBLIC][0]
                hits.append(unpack(card, shown, request.phrases, float(score) if by is None else 0.0))
            return int(found.count), tuple(hits)

    def position(self) -> int:
        with self._readable():
            return _known(self._searcher(), "kind", "position", EMPTY)

    def count(self) -> int:
        with self._readable():
            found: Any = self._searcher().search(_term("kind", "document"), 1)
            return int(found.count)

    def write(self, changes: Iterable[Document | Removal], position: int) -> None:
        latest: dict[str, Document | Removal] = {}
        for change in changes:
            before = latest.get(change.record_id)
            if before is None or before.ledger_index <= change.ledger_index:
                latest[change.record_id] = change
        with self._readable():
            searcher = self._searcher()
            fresh = [c for c in latest.values() if _known(searcher, "record", c.record_id, EMPTY) <= c.ledger_index]
            reached = max(position, _known(searcher, "kind", "position", EMPTY))
        documents = [_filled(fields_of(change)) for change in fresh]
        with self._writer() as writer:
            for change, document in zip(fresh, documents, strict=True):
                writer.delete_documents_by_term("record", change.record_id)
                writer.add_document(document)
            writer.delete_documents_by_term("kind", "position")
            writer.add_document(_filled(position_of(reached)))
            writer.commit()
            writer.wait_merging_threads()

    def _searcher(self) -> tantivy.Searcher:
        """A view of what has been committed by now, by whichever process."""
        with self._lock:
            # The engine replaces this file with every commit: another file, another state.
            status = (self.folder / "meta.json").stat()
            state = (status.st_ino, status.st_mtime_ns)
            if state != self._seen:
                self._index.reload()
                self._seen = state
            return self._index.searcher()

    @contextmanager
    def _writer(self) -> Iterator[tantivy.IndexWriter]:
        try:
            yield self._index.writer(_HEAP, 1)
        except (OSError, ValueError) as error:
            raise Unavailable("search-index-unwritable", path=self.folder, detail=str(error)) from error

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # the engine's panic over damaged files is no Exception and has no public name
            if not isinstance(error, OSError | ValueError) and type(error).__name__ != "PanicException":
                raise
            if _TOO_BROAD in str(error):
                raise InvalidInput("search-too-broad") from error
            raise Damaged("search-index-unreadable", path=self.folder, detail=str(error)) from error


def _known(searcher: tantivy.Searcher, field: str, value: str, otherwise: int) -> int:
    """The ledger index of the document with this term."""
    found = searcher.search(_term(field, value), 1, count=False).hits
    if not found:
        return otherwise
    (index,) = searcher.fast_field_values("ledger_index", [found[0][1]])
    return otherwise if index is None else int(index)


def _filled(fields: Fields) -> tantivy.Document:
    output = tantivy.Document()
    add_text = output.add_text  # looked up once: there are thirty of these for every document
    for texts in (fields.terms, fields.texts):
        for name, values in texts.items():
            for value in values:
                add_text(name, value)
    for name, number in fields.numbers.items():
        if name == _ORDER:
            output.add_unsigned(name, number)
        else:
            output.add_integer(name, number)
    for name, stored in fields.stored.items():
        output.add_bytes(name, stored)
    return output


def _query(request: Request, scope: Scope) -> tantivy.Query:
    """Every condition and the scope. Only words in texts count for the score."""
    parts = [(tantivy.Occur.Must, _silent(_within(scope)))]
    for condition in request.conditions:
        query = _any([_test(test, scope) for test in condition.tests])
        if condition.negated:
            parts.append((tantivy.Occur.MustNot, query))
        else:
            parts.append((tantivy.Occur.Must, query if condition.worded else _silent(query)))
    return tantivy.Query.boolean_query(parts)


def _within(scope: Scope) -> tantivy.Query:
    """The scope as a query: this is the only place where who may see what is decided for this engine."""
    return _any([_clause(clause, scope.now) for clause in scope.clauses])


def _clause(clause: Clause, now: datetime) -> tantivy.Query:
    levels = _any([_term("level", str(level)) for level in AccessLevel if level in clause.levels])
    parts = [(tantivy.Occur.Must, levels)]
    if "" not in clause.regions:
        parts.append((tantivy.Occur.Must, _any([_term("region", region) for region in clause.regions])))
    if clause.released_only:
        parts.append((tantivy.Occur.Must, _term("settled", "yes")))
        parts.append((tantivy.Occur.Must, _range("released_from", None, micros(now))))
    return tantivy.Query.boolean_query(parts)


def _test(test: Says | Is | Between, scope: Scope) -> tantivy.Query:
    if isinstance(test, Between):
        start = None if test.start is None else micros(test.start)
        return _range("published", start, None if test.end is None else micros(test.end) - 1)
    if isinstance(test, Is):
        return _is(test)
    return _any(
        [
            tantivy.Query.boost_query(_phrase(field, phrase), weight)
            for field, weight in searched(test.area, redacted=scope.redacted)
            for phrase in test.readings
        ]
    )


def _is(test: Is) -> tantivy.Query:
    if test.key is Key.REGION and not test.value:
        return tantivy.Query.all_query()
    return _term(str(test.key), test.value)


def _phrase(field: str, phrase: Phrase) -> tantivy.Query:
    words = list(phrase.tokens)
    if phrase.prefix:
        # Tokens are letters, digits and CJK characters only, so they need no escape. A bigram has one character more.
        words[-1] += ".?" if is_han(words[-1]) else ".*"
        if len(words) == 1:
            return tantivy.Query.regex_query(_schema(), field, words[0])
        return tantivy.Query.regex_phrase_query(_schema(), field, list(words))
    if len(words) == 1:
        return tantivy.Query.term_query(_schema(), field, words[0])
    return tantivy.Query.phrase_query(_schema(), field, list(words))


def _term(field: str, value: str) -> tantivy.Query:
    return tantivy.Query.term_query(_schema(), field, value, "basic")


def _range(field: str, start: int | None, end: int | None) -> tantivy.Query:
    """Values from `start` to `end`, both included."""
    return tantivy.Query.range_query(_schema(), field, tantivy.FieldType.Integer, start, end)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    """One of the queries; none of none."""
    if not queries:
        return tantivy.Query.empty_query()
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _silent(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)
