"""Documents, scopes and questions for the tests of search, with everything irrelevant filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from archive.authorization import PUBLIC_ACTOR, AccessLevel, Actor, Clause, Scope
from search.port import SearchIndex
from search.query import QueryReader
from search.types import Document, Query, Results

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 4, 1, tzinfo=UTC)
ARCHIVIST = Actor(id="acc_1", name="archivist")
EVERYWHERE = Scope(ARCHIVIST, NOW, (Clause(("",), frozenset(AccessLevel), released_only=False),), redacted=False)
PUBLIC = Scope(PUBLIC_ACTOR, NOW, (Clause(("",), frozenset({AccessLevel.PUBLIC}), released_only=True),), redacted=True)

_PLAIN = Document(
    record_id="rec_1",
    ledger_index=1,
    title="滨河路改造工程施工中标候选人公示",
    body="第一中标候选人为示例建设有限公司。",
    public_title="滨河路改造工程施工中标候选人公示",
    public_body="第一中标候选人为示例建设有限公司。",
    reference_code=None,
    class_code="GC.03.05",
    doc_type="中标候选人公示",
    trade_type="A",
    stage="评标",
    region="370102",
    level=AccessLevel.PUBLIC,
    released_from=NOW - timedelta(days=3),
    settled=True,
    state="placed",
    withdrawn=False,
    project_id="prj_1",
    project_name="滨河路改造工程",
    public_project_name="滨河路改造工程",
    project_code="2603-370102-04-01-123456",
    published=datetime(2026, 3, 27, 2, tzinfo=UTC),
    source="portal",
)


def document(record_id: str, title: str = "公告", body: str = "", **changes: Any) -> Document:
    """A released public record whose public copy says the same as the record."""
    texts = {"title": title, "body": body, "public_title": title, "public_body": body}
    blank = {"project_name": None, "public_project_name": None, "project_code": None}
    values: dict[str, Any] = {"record_id": record_id, **texts, **blank, **changes}
    return replace(_PLAIN, **values)


def ask(index: SearchIndex, text: str = "", scope: Scope = EVERYWHERE, **filters: Any) -> Results:
    """What `index` answers to words and filters."""
    query = Query(text=text, **filters)
    return index.search(QueryReader(CHINA, Names()).read(query), scope)


def found(index: SearchIndex, text: str = "", scope: Scope = EVERYWHERE, **filters: Any) -> set[str]:
    """The records of the first page; the total must be their number."""
    results = ask(index, text, scope, **{"size": 100, **filters})
    records = {hit.record_id for hit in results.hits}
    assert results.total == len(records) == len(results.hits)
    return records


class Names:
    """A vocabulary of two words."""

    def region_code(self, name: str) -> str | None:
        return {"济南": "370100"}.get(name)

    def trade_of_category(self, category: str) -> str | None:
        return {"工程建设": "A", "A": "A"}.get(category)
