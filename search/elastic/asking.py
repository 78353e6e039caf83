"""A question as the server takes it: every condition and the scope. Only words in texts count for the score."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from archive.authorization import AccessLevel, Clause, Scope
from search.cjk import Phrase
from search.fields import micros, searched
from search.types import Between, Condition, Is, Key, Request, Says, Sort

_Query = dict[str, Any]


def query_of(request: Request, scope: Scope) -> _Query:
    """What answers `request` inside `scope`."""
    must, silent, without = [], [_within(scope)], []
    for condition in request.conditions:
        query = _condition(condition, scope)
        if condition.negated:
            without.append(query)
        elif condition.worded:
            must.append(query)
        else:
            silent.append(query)
    return {"bool": {"must": must, "filter": silent, "must_not": without}}


def order_of(request: Request) -> list[dict[str, str]]:
    """A total order: what is equal otherwise comes in the order of its records."""
    orders = {
        Sort.RELEVANCE: {"_score": "desc"},
        Sort.NEWEST: {"newest": "desc"},
        Sort.OLDEST: {"newest": "asc"},
    }
    return [orders[request.sort], {"record": "asc"}]


def _within(scope: Scope) -> _Query:
    """The scope as a query: this is the only place where who may see what is decided for this engine."""
    return _any([_clause(clause, scope.now) for clause in scope.clauses])


def _clause(clause: Clause, now: datetime) -> _Query:
    parts: list[_Query] = [{"terms": {"level": [str(level) for level in AccessLevel if level in clause.levels]}}]
    if "" not in clause.regions:
        parts.append({"terms": {"region": list(clause.regions)}})
    if clause.released_only:
        parts.append({"term": {"settled": "yes"}})
        parts.append({"range": {"released_from": {"lte": micros(now)}}})
    return {"bool": {"filter": parts}}


def _condition(condition: Condition, scope: Scope) -> _Query:
    return _any([query for test in condition.tests for query in _test(test, scope)])


def _test(test: Says | Is | Between, scope: Scope) -> list[_Query]:
    if isinstance(test, Between):
        start = {} if test.start is None else {"gte": micros(test.start)}
        end = {} if test.end is None else {"lt": micros(test.end)}
        return [{"range": {"published": {**start, **end}}}]
    if isinstance(test, Is):
        everywhere = test.key is Key.REGION and not test.value
        return [{"match_all": {}} if everywhere else {"term": {str(test.key): test.value}}]
    return [
        _phrase(field, phrase, weight)
        for field, weight in searched(test.area, redacted=scope.redacted)
        for phrase in test.readings
    ]


def _phrase(field: str, phrase: Phrase, weight: float) -> _Query:
    if not phrase.prefix:
        return {"match_phrase": {field: {"query": " ".join(phrase.tokens), "boost": weight}}}
    # A token of CJK characters has two at most, so the beginning of one needs no other rule than that of a code.
    *before, last = phrase.tokens
    if not before:
        return {"prefix": {field: {"value": last, "boost": weight}}}
    # `match_phrase_prefix` looks for so many words that begin like this and silently leaves out the others; this rule
    # refuses instead.
    words = {"match": {"query": " ".join(before), "ordered": True, "max_gaps": 0}}
    together = {"ordered": True, "max_gaps": 0, "intervals": [words, {"prefix": {"prefix": last}}]}
    return {"intervals": {field: {"all_of": together, "boost": weight}}}


def _any(queries: Sequence[_Query]) -> _Query:
    """One of the queries; none of none."""
    if not queries:
        return {"match_none": {}}
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}
