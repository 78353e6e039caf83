"""A page of hits within the public's scope; the floor is the engine's own answer to the same terms without a scope."""

import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.authorization import PUBLIC_ACTOR, AccessLevel, Clause, Scope
from search.port import SearchIndex
from search.query import QueryReader
from search.types import Document, Query
from search.wiring import build_index

NAME = "search-scoped"
_DOCUMENTS = 5000
_QUESTIONS = ("中标候选人", "道路", "改造工程 公告", '"档案馆"', "采购 设备")
_WORDS = ("道路", "改造", "工程", "公告", "中标", "候选人", "档案馆", "采购", "设备", "水利", "医院", "学校")
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure(rounds: int = 40) -> dict[str, object]:
    """The 95th percentile in milliseconds, with the ratio of everything's scope to the public's."""
    with tempfile.TemporaryDirectory() as folder:
        index = build_index(f"tantivy://{Path(folder) / 'index'}")
        index.apply(_documents(), _DOCUMENTS)
        levels = frozenset(AccessLevel)
        everything = Scope(PUBLIC_ACTOR, _NOW, (Clause(("",), levels, released_only=False),), redacted=False)
        public = Scope(
            PUBLIC_ACTOR, _NOW, (Clause(("",), frozenset({AccessLevel.PUBLIC}), released_only=True),), redacted=True
        )
        floor = _p95(index, everything, rounds)
        value = _p95(index, public, rounds)
    return {
        "benchmark": NAME,
        "value": round(value, 2),
        "unit": "ms p95",
        "ratio_to_floor": round(floor / value, 3),
        "floor": round(floor, 2),
        "floor_is": "the same questions with nothing to filter",
        "documents": _DOCUMENTS,
    }


def _p95(index: SearchIndex, scope: Scope, rounds: int) -> float:
    reader = QueryReader(UTC)
    times = []
    for _ in range(rounds):
        for question in _QUESTIONS:
            started = time.perf_counter()
            index.search(reader.read(Query(text=question)), scope)
            times.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(times, n=20)[-1]


def _documents() -> list[Document]:
    draw = random.Random(7)  # noqa: S311 - a corpus, not a secret
    return [_document(number, draw) for number in range(_DOCUMENTS)]


def _document(number: int, draw: random.Random) -> Document:
    title = "".join(draw.choices(_WORDS, k=6))
    body = "，".join("".join(draw.choices(_WORDS, k=8)) for _ in range(40))
    return Document(
        record_id=f"rec_{number:08}",
        ledger_index=number,
        title=title,
        body=body,
        public_title=title,
        public_body=body,
        reference_code=None,
        class_code="GC.06.01",
        doc_type="中标候选人公示",
        trade_type="A",
        stage="06定标",
        region=draw.choice(("370100", "370200", "371400")),
        level=draw.choice((AccessLevel.PUBLIC, AccessLevel.INTERNAL)),
        released_from=_NOW - timedelta(days=number % 900),
        settled=True,
        state="filed",
        withdrawn=False,
        project_id=None,
        project_name=None,
        public_project_name=None,
        project_code=None,
        published=_NOW - timedelta(days=number % 900),
        source="bench",
    )
