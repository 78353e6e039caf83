"""For any documents, scope and words: search finds what the scope admits and the words say, and both engines agree."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.authorization import AccessLevel, Clause, Scope
from search.memory import MemoryIndex
from search.port import SearchIndex
from search.tantivy import TantivyIndex
from search.types import Document, Snippet
from tests.unit.search.documents import ARCHIVIST, EVERYWHERE, NOW, PUBLIC, ask, document, found

MOMENTS = st.integers(-3, 3).map(lambda micros: NOW + timedelta(microseconds=micros))
REGIONS = st.sampled_from(["370102", "370100", "370202", "371002", "420500", "42"])
PREFIXES = st.sampled_from(["", "3", "37", "3701", "370102", "3701029", "42", "4205", "9"])
LEVELS = st.sampled_from(list(AccessLevel))
TEXT = st.text(alphabet="中标候选人 \n，。-aA1２3.年月", max_size=30)

SUBJECTS = st.fixed_dictionaries(
    {
        "region": REGIONS,
        "level": LEVELS,
        "released_from": st.none() | MOMENTS,
        "settled": st.booleans(),
        "withdrawn": st.booleans(),
    }
)
CLAUSES = st.builds(
    Clause, st.lists(PREFIXES, max_size=3).map(tuple), st.frozensets(LEVELS), released_only=st.booleans()
)
SCOPES = st.builds(Scope, st.just(ARCHIVIST), MOMENTS, st.lists(CLAUSES, max_size=3).map(tuple), redacted=st.booleans())

COPIES = {"public_title": TEXT, "public_body": TEXT}


def indexes(folder: str, documents: Sequence[Document]) -> list[SearchIndex]:
    made: list[SearchIndex] = [MemoryIndex(), TantivyIndex(Path(folder))]
    for index in made:
        index.apply(documents, 1)
    return made


def shown(index: SearchIndex, question: str, scope: Scope) -> set[tuple[str, Snippet, Snippet]]:
    return {(hit.record_id, hit.marked_title, hit.snippet) for hit in ask(index, question, scope).hits}


@settings(max_examples=25)
@given(st.lists(SUBJECTS, max_size=12), st.lists(SCOPES, min_size=1, max_size=4))
def test_everything_in_scope_and_nothing_else(subjects: list[dict[str, Any]], scopes: list[Scope]) -> None:
    documents = [document(f"rec_{number}", "招标公告", **subject) for number, subject in enumerate(subjects)]
    with tempfile.TemporaryDirectory() as folder:
        for index in indexes(folder, documents):
            for scope in scopes:
                admitted = {item.record_id for item in documents if scope.admits(item.subject)}
                assert (
                    found(index, "", scope) == found(index, "公告", scope) == found(index, "-绿化", scope) == admitted
                )


@settings(max_examples=30)
@given(
    st.lists(st.fixed_dictionaries({"title": TEXT, "body": TEXT}, optional=COPIES), min_size=1, max_size=6),
    st.lists(TEXT, min_size=1, max_size=6),
)
def test_both_engines_agree_on_words_for_every_reader(texts: list[dict[str, Any]], words: list[str]) -> None:
    documents = [document(f"rec_{number}", **text) for number, text in enumerate(texts)]
    questions = [f"“{word}”" for word in words if any(character.isalnum() for character in word)]
    with tempfile.TemporaryDirectory() as folder:
        memory, engine = indexes(folder, documents)
        for question in ["", *questions, *(f"-{question}" for question in questions)]:
            for scope in (EVERYWHERE, PUBLIC):
                assert found(memory, question, scope) == found(engine, question, scope)
                assert shown(memory, question, scope) == shown(engine, question, scope)


@settings(max_examples=20)
@given(
    st.lists(st.text(alphabet="中标候选人", min_size=1, max_size=6), min_size=1, max_size=6),
    st.lists(st.text(alphabet="中标候选人", max_size=40), max_size=20),
)
def test_characters_are_found_exactly_where_they_are_a_substring(words: list[str], texts: list[str]) -> None:
    documents = [document(f"rec_{number}", "题", text) for number, text in enumerate(texts)]
    with tempfile.TemporaryDirectory() as folder:
        for index in indexes(folder, documents):
            for word in words:
                assert found(index, word) == {item.record_id for item in documents if word in item.body}


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=12), st.integers(0, 12))
def test_the_newest_wins_in_whatever_order_documents_come(writes: list[tuple[int, int]], cut: int) -> None:
    documents = [document(f"rec_{record}", f"题{number}", ledger_index=number) for record, number in writes]
    newest = {f"rec_{record}": max(n for r, n in writes if r == record) for record, _ in writes}
    with tempfile.TemporaryDirectory() as folder:
        for index in (MemoryIndex(), TantivyIndex(Path(folder))):
            index.apply(documents[:cut], 0)
            index.apply(documents[cut:], 1)
            for record, number in newest.items():
                assert record in found(index, f"题{number}", replace(EVERYWHERE))
            assert index.count() == len(newest)
