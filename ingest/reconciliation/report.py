"""The report of one day, from rows to the document that is filed: the same rows give the same bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from html import escape
from typing import Final

from archive.messages import render
from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.port import Arrival, Stated
from ingest.connectors.streams import from_bytes
from ingest.reconciliation.types import Bucket, Difference, DifferenceState, Run, RunState

SOURCE: Final = "reconciliation"
"""The source under which reports are filed, and the connector it is registered with."""

_NO_RUN: Final = "reconciliation-no-run"
_OTHER_TRADES: Final = "Z"
_STATES: Final = {RunState.DONE: "已对账", RunState.FAILED: "对账失败", RunState.NOT_POSSIBLE: "无法对账"}
_KINDS: Final = {"missing": "缺失", "extra": "多出", "changed": "内容不同", "moved": "日期或数据集不同"}
_COUNTS: Final = {
    "listed": "来源所列 listed",
    "held": "本馆所存 held",
    "same": "摘要一致 same",
    "sized": "仅比对大小 size only",
    "uncompared": "未比对 not compared",
    "missing": "缺失 missing",
    "extra": "多出 extra",
    "changed": "内容不同 changed",
    "moved": "日期或数据集不同 moved",
    "refused": "未能接收 refused",
    "gone": "来源曾不再提供 gone",
    "withdrawn": "已撤回 withdrawn",
    "repeated": "重复列出 listed twice",
}


@dataclass(frozen=True)
class SourceReport:
    """One source on one day. `run` is None where nothing was tried; lists are cut where `_more` says how many follow.

    `buckets` are the data sets and days on which both sides differ, `differences` those that nobody has settled.
    """

    source: str
    run: Run | None
    buckets: Sequence[Bucket]
    buckets_more: bool
    differences: Sequence[Difference]
    standing: Mapping[DifferenceState, int]

    @property
    def reconciled(self) -> bool:
        """Whether both sides were compared."""
        return self.run is not None and self.run.state is RunState.DONE

    def as_json(self) -> dict[str, object]:
        """As programs read it."""
        run = self.run
        return {
            "source": self.source,
            "state": str(run.state) if run else "none",
            "code": run.code if run else _NO_RUN,
            "started": run.started.isoformat() if run else None,
            "ended": run.ended.isoformat() if run else None,
            "counts": dict(run.counts) if run else {},
            "buckets": [asdict(bucket) for bucket in self.buckets],
            "buckets_more": self.buckets_more,
            "differences": [_difference(found) for found in self.differences],
            "standing": {str(state): number for state, number in self.standing.items()},
        }


def _difference(found: Difference) -> dict[str, object]:
    return {
        "id": found.id,
        "external_id": found.external_id,
        "kind": str(found.kind),
        "state": str(found.state),
        "theirs": found.theirs,
        "ours": found.ours,
        "found": found.found.isoformat(),
    }


def delivery_of(day: date, at: datetime, region: str, sources: Sequence[SourceReport]) -> Arrival:
    """The report of a day as intake takes it; `at` is the moment it is dated.

    All reports of a year stand in one volume. Their class (数据交换与汇聚日志, ZH.06.02) is never public.
    """
    title = f"{day.isoformat()}数据汇聚对账单"
    value = {"day": day.isoformat(), "sources": [source.as_json() for source in sources]}
    data = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()
    page = "\n".join(_page(title, day, sources)).encode()
    delivery = Delivery(
        external_id=f"{SOURCE}:{day.isoformat()}",
        title=title,
        region=region,
        published=at,
        components=(
            Incoming("report.html", ComponentRole.MAIN, from_bytes(page), "text/html"),
            Incoming("report.json", ComponentRole.ENVELOPE, from_bytes(data), "application/json"),
        ),
        hints={
            "source_label": "数据汇聚对账单",
            "category": _OTHER_TRADES,
            "project_code": f"RECONCILIATION-{day.year}",
            "project_name": f"{day.year}年数据汇聚对账",
        },
    )
    return Arrival(delivery.external_id, delivery, stated=Stated(SOURCE, day))


def _page(title: str, day: date, sources: Sequence[SourceReport]) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="zh"><head><meta charset="utf-8">'
    yield f"<title>{escape(title)}</title></head><body>\n<h1>{escape(title)}</h1>"
    yield f"<p>Reconciliation of {day.isoformat()}: what each source says it has against what the archive holds.</p>"
    all_of_them, done = len(sources), sum(source.reconciled for source in sources)
    open_ones = sum(source.standing.get(DifferenceState.OPEN, 0) for source in sources)
    yield f"<p>来源 {all_of_them} 个，已对账 {done} 个，未对账 {all_of_them - done} 个；未处理差异 {open_ones} 项。</p>"
    for source in sources:
        yield from _section(source)
    yield "</body></html>\n"


def _section(source: SourceReport) -> Iterator[str]:
    run = source.run
    yield f"<h2>{escape(source.source)}：{_STATES[run.state] if run else '未对账'}</h2>"
    if run is None:
        yield f"<p>{escape(render(_NO_RUN, {}))}</p>"
    elif run.state is not RunState.DONE:
        yield f"<p>{escape(run.code or '')} {escape(run.message or '')}</p>"
    else:
        yield _table(("项目", "件数"), [(_COUNTS[name], number) for name, number in run.counts.items()])
    if source.buckets:
        yield "<h3>有差异的数据集与日期 Data sets and days that differ</h3>"
        columns = ("数据集", "日期", "来源件数", "来源字节", "本馆件数", "本馆字节", "差异")
        yield _table(columns, [tuple(asdict(bucket).values()) for bucket in source.buckets])
        if source.buckets_more:
            yield "<p>其余从略，全部见系统。More of them are in the system.</p>"
    if source.differences:
        yield "<h3>未处理的差异 Differences not settled</h3>"
        rows = [(found.external_id, _KINDS[found.kind], str(found.state), found.id) for found in source.differences]
        yield _table(("来源编号", "差异", "状态", "差异号"), rows)
    standing = "、".join(f"{state} {number}" for state, number in sorted(source.standing.items()))
    if standing:
        yield f"<p>差异合计 All differences: {escape(standing)}</p>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}</table>"
