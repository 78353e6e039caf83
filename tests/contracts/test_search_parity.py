"""All engines give the same answers: the same documents, questions and readers on the twin, on tantivy and on a server.

Documents and questions are drawn from a fixed seed. Relevance is the one thing in which engines may differ; what is
found, how many, what is shown of it and the order by date may not.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.authorization import AccessLevel, Clause, Scope
from search.port import SearchIndex
from search.types import Document, Removal, Sort
from tests.search_engines import SERVICES, engine
from tests.unit.search.documents import ARCHIVIST, EVERYWHERE, NOW, PUBLIC, ask, document

RECORDS = 90
SECRETS = (("王小明", "王**"), ("13900000000", "139****0000"))
PIECES = (
    "滨河路改造工程",
    "滨江路绿化项目",
    "中标候选人公示",
    "招 标 公 告",
    "终止\n公告",
    "第一名：示例建设有限公司",
    "ABC建设(集团)有限公司",
    "ＡＢＣ电梯",
    "编号GC-2026-D30-00127",
    "编号gc-2025-d31-00128",
    "A01-91370000MA3C0000XX-20260319-102642-5",
    "开标时间2026年3月27日",
    "开标时间：2026-03-27 09:30",
    "2026/3/7至2026年4月",
    "报价1,234,567.89元",
    "报价 1234567.89 元",
    "联系人王小明",
    "电话13900000000",
    "二〇二六年",
    "𠮷野工程",
    "ｶﾞｽ管道",
    "étude № 7",
)
WORDS = (
    *("滨", "滨河", "滨河路", "河路改", "路", "公告", "招标公告", "终止公告", "候选人", "人公", "有限公司", "不存在"),
    *("abc", "ABC建设", "“ABC建”", "“abc电”", "GC-2026-D30-00127", "gc2026d30", "D3*", "“GC 2026”", "gc-2026-d*"),
    *("00127", "9137*", "91370000MA3C0000XX", "20260319", "1234567.89", "1234567", "7", "étude", "ガス", "𠮷野"),
    *("2026-03-27", "2026年3月", "3月27日", "2026年", "20*", "“2026 3”", "二〇二六"),
    *("王小明", "王", "小明", "13900000000", "139*", "-王小明"),
    *("滨江 -绿化", "-公告", "公告 -“招标公告” 滨", "“示例建设有限公司”", "“路绿”", "工程 报价"),
)
FIELDS = (
    *("类型:公示", "类型:GC.03", "类型:a", "-类型:招标", "项目:滨河路", "项目:JX-2026", "项目:王", "档号:D30"),
    *("档号:7*", "地区:37", "地区:3701", "-地区:济南", "日期:2026-03", "日期:..2026-03-20", "日期:2026-03-25.. 滨"),
    "-日期:2026",
)
QUESTIONS = ("", *WORDS, *FIELDS)
ALL = frozenset(AccessLevel)
SCOPES = (
    EVERYWHERE,
    PUBLIC,
    replace(EVERYWHERE, redacted=True),
    replace(PUBLIC, now=NOW + timedelta(days=2)),
    Scope(ARCHIVIST, NOW, (), redacted=False),
    Scope(ARCHIVIST, NOW, (Clause(("3701", "42"), ALL, released_only=False),), redacted=False),
    Scope(
        ARCHIVIST,
        NOW,
        (
            Clause(("37",), frozenset({AccessLevel.INTERNAL, AccessLevel.RESTRICTED}), released_only=False),
            Clause(("",), frozenset({AccessLevel.PUBLIC}), released_only=True),
        ),
        redacted=False,
    ),
)


def masked(text: str) -> str:
    for secret, shown in SECRETS:
        text = text.replace(secret, shown)
    return text


def text_of(draw: random.Random, most: int) -> str:
    marks = ("，", "。", "\n", "\n\n", " ", "")
    return "".join(draw.choice(PIECES) + draw.choice(marks) for _ in range(draw.randint(1, most)))


def document_of(draw: random.Random, number: int) -> Document:
    title, body = text_of(draw, 2), text_of(draw, 6)
    project = draw.choice([None, "滨河路改造", "王小明承包地"])
    return document(
        f"rec_{number:03}",
        title,
        body,
        ledger_index=number,
        public_title=masked(title),
        public_body=masked(body),
        reference_code=draw.choice([None, f"Z001-GC-2026-D30-{number:05}"]),
        class_code=draw.choice([None, "GC.03.05", "GC.02.01", "ZC.02"]),
        doc_type=draw.choice([None, "中标候选人公示", "招标公告"]),
        trade_type=draw.choice([None, "A", "D"]),
        region=draw.choice(["370102", "370202", "420500"]),
        level=draw.choice(list(AccessLevel)),
        released_from=draw.choice([None, NOW, NOW - timedelta(days=1), NOW + timedelta(days=1)]),
        settled=draw.random() < 0.8,
        withdrawn=draw.random() < 0.2,
        project_id=draw.choice([None, "prj_1"]),
        project_name=project,
        public_project_name=project and masked(project),
        project_code=draw.choice([None, "JX-2026-0088"]),
        published=draw.choice([None, NOW - timedelta(days=draw.randint(0, 40), seconds=draw.randint(0, 3))]),
    )


def history(draw: random.Random) -> list[list[Document | Removal]]:
    """Batches that leave `RECORDS` records, some of them replaced, some removed, some both out of their order."""
    final: list[Document | Removal] = [document_of(draw, number) for number in range(RECORDS)]
    older = [document_of(draw, number) for number in range(0, RECORDS, 7)]
    late = [replace(change, ledger_index=0) for change in older[1:]]
    gone: list[Document | Removal] = [document_of(draw, RECORDS + number) for number in range(5)]
    removals: list[Document | Removal] = [Removal(change.record_id, 1_000) for change in gone]
    draw.shuffle(final)
    return [[*older, *gone], final[:50], [*removals, *final[50:]], [*late, *gone]]


@pytest.fixture
def indexes(tmp_path: Path) -> Iterator[list[SearchIndex]]:
    with ExitStack() as stack:
        yield [stack.enter_context(engine(kind, tmp_path)) for kind in ("memory", "tantivy", "elastic")]


def answers(index: SearchIndex, question: str, scope: Scope, sort: Sort) -> tuple[int, Sequence[object]]:
    """The total and the hits without their scores; in no order where only relevance has ordered them."""
    results = ask(index, question, scope, sort=sort, size=100)
    hits = [replace(hit, score=0.0) for hit in results.hits]
    return results.total, sorted(hits, key=lambda hit: hit.record_id) if sort is Sort.RELEVANCE else hits


@SERVICES
@pytest.mark.parametrize("seed", [1, 2])
def test_every_question_of_every_reader_has_the_same_answer(indexes: list[SearchIndex], seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - documents that repeat themselves, not secrets
    for position, batch in enumerate(history(draw)):
        for index in indexes:
            index.apply(batch, position)
    assert {index.count() for index in indexes} == {RECORDS}
    compared = answered = 0
    for number, (question, scope) in enumerate((question, scope) for question in QUESTIONS for scope in SCOPES):
        for sort in (Sort.RELEVANCE, Sort.OLDEST if number % 2 else Sort.NEWEST):
            expected, *others = (answers(index, question, scope, sort) for index in indexes)
            assert others == [expected, expected], (question, sort, scope)
        compared += 1
        answered += 0 < expected[0] < RECORDS
    assert compared == len(QUESTIONS) * len(SCOPES) == 469
    # Most questions tell records apart; two engines that never find anything would agree, too.
    assert answered > compared / 2
