"""The stand-in trading platform: projects running through their lives, published day by day, troubled on request."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ingest.simulator.documents.html import write_html
from ingest.simulator.documents.model import Paragraph
from ingest.simulator.draw import Draw
from ingest.simulator.faults import first_zipped, lengthen, truncate, understate, victims
from ingest.simulator.life_cycles import rota
from ingest.simulator.port import Manner, Row
from ingest.simulator.scenario import Faults, Scenario
from ingest.simulator.story import plan_project, tell
from ingest.simulator.types import Attachment, Item
from ingest.simulator.values import platform_code

FIRST_DAY = date(2025, 3, 3)
_SPREAD, _PACE = 270, 9
_DISPLACED = 17


class Platform:
    """A trading platform made from a scenario. Safe to change while a server shows it.

    Attributes:
        items: everything the platform ever brings forth, with the truth about it, in order of publication.
        first_day: when the first project begins.
        last_day: when the last regular item is published.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.items: tuple[Item, ...] = _all_items(scenario)
        self.first_day = self.items[0].published.date() if self.items else FIRST_DAY
        self.last_day = self.items[-1].published.date() if self.items else FIRST_DAY
        self._by_id = {item.infoid: item for item in self.items}
        self._opening = scenario.opening or self.last_day
        self._today = self._opening
        self._lock = threading.RLock()
        self._edits: dict[str, list[datetime]] = {}
        self._withdrawn: set[str] = set()
        self._vanished: set[str] = set()
        self._asked: Counter[str] = Counter()
        self._lists: dict[str | None, Sequence[Row]] = {}
        self._requests = 0
        self._faults = scenario.faults
        self._victims = victims(self._faults, self.items, scenario.seed)

    @property
    def today(self) -> date:
        """The day up to which the platform has published."""
        return self._today

    @property
    def faults(self) -> Faults:
        """The troubles in force. Setting them chooses their victims anew and forgets what was already suffered."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._victims = victims(faults, self.items, self.scenario.seed)
            self._asked.clear()
            self._lists.clear()
            self._requests = 0

    def advance(self, days: int = 0, *, to: date | None = None) -> None:
        """Let time pass by `days`, or to the day `to`. Time never runs backwards."""
        with self._lock:
            self._lists.clear()
            self._today = max(self._today, to or self._today + timedelta(days=days))

    def edit(self, infoid: str) -> None:
        """Change the text of a published item, as if somebody corrected it in place."""
        with self._lock:
            self._lists.clear()
            self._edits.setdefault(self._by_id[infoid].infoid, []).append(self._noon())

    def withdraw(self, infoid: str) -> None:
        """Take an item back: off the list, and the portal says that it is no more (410)."""
        with self._lock:
            self._lists.clear()
            self._withdrawn.add(self._by_id[infoid].infoid)

    def tidy_away(self, infoid: str) -> None:
        """Show an item no longer, and know nothing of it (404), as portals do with what is old."""
        with self._lock:
            self._lists.clear()
            self._vanished.add(self._by_id[infoid].infoid)

    def befallen(self, fault: str) -> frozenset[str]:
        """The identifiers of the items that the fault of this name (a field of `Faults`) befalls."""
        return self._victims[fault]

    def documents(
        self, *, kind: str | None = None, outcome: str | None = None, project_code: str | None = None
    ) -> tuple[Item, ...]:
        """Items by the kind and outcome of their project or by its code, in order of publication."""
        return tuple(
            item
            for item in self.items
            if kind in {None, item.kind}
            and outcome in {None, item.outcome}
            and project_code in {None, item.project_code}
        )

    def visible(self) -> tuple[Item, ...]:
        """What the portal shows today, in order of publication."""
        with self._lock:
            return tuple(item for item in self.items if self._shows(item))

    def listing(self, category: str | None) -> Sequence[Row]:
        with self._lock:
            if category not in self._lists:
                self._lists[category] = self._list(category)
            return self._lists[category]

    def _list(self, category: str | None) -> Sequence[Row]:
        rows: list[Item] = []
        for item in reversed(self.visible()):
            if category is None or item.category.startswith(category):
                rows.extend([item] * (2 if item.infoid in self._victims["twice"] else 1))
        for item in [item for item in rows if item.infoid in self._victims["out_of_order"]]:
            at = rows.index(item)
            rows.insert(min(at + _DISPLACED, len(rows)), rows.pop(at))
        return [self._row(item) for item in rows]

    def detail(self, infoid: str) -> Row | None:
        with self._lock:
            item = self._by_id.get(infoid)
            if item is None or not self._shows(item):
                return None
            edits = self._edited(item)
        blocks = item.passage.blocks() + tuple(
            Paragraph(
                f"补充说明（{number}）：开标（竞价）地点调整为公共资源交易中心第{number + 8}开标室，其他内容不变。"
            )
            for number in range(1, len(edits) + 1)
        )
        return {
            **self._row(item),
            "infocontent": write_html(item.title, blocks),
            "attachments": [self._attachment(item, entry) for entry in item.attachments],
            **_metadata(item),
        }

    def file(self, infoid: str, name: str) -> bytes | None:
        with self._lock:
            item = self._by_id.get(infoid)
            if item is None or not self._shows(item):
                return None
        attachment = next((entry for entry in item.attachments if entry.name == name), None)
        return None if attachment is None else self._bytes(item, attachment)

    def manner(self, infoid: str | None) -> Manner:
        with self._lock:
            self._requests += 1
            if self._requests <= self._faults.refused_requests:
                return Manner(status=503)
            if infoid is None:
                return Manner()
            self._asked[infoid] += 1
            return self._manner_of(infoid, self._asked[infoid])

    def _manner_of(self, infoid: str, times: int) -> Manner:
        def hit(fault: str) -> bool:
            return infoid in self._victims[fault]

        if hit("flaky") and times <= self._faults.flaky_times:
            return Manner(status=502)
        if infoid in self._by_id and self._is_withdrawn(self._by_id[infoid]):
            return Manner(status=410)
        encoding = "gb18030" if hit("wrong_encoding") else "utf-8-sig" if hit("byte_order_mark") else "utf-8"
        delay = self._faults.slow_seconds if hit("slow") else 0.0
        return Manner(
            delay=delay, encoding=encoding, cut=hit("half_answer") and times <= self._faults.half_answer_times
        )

    def _noon(self) -> datetime:
        return datetime(self._today.year, self._today.month, self._today.day, 12)  # noqa: DTZ001 - local time, as portals give it

    def _effect(self, item: Item, fault: str, low: int, high: int) -> date:
        """The day on which a fault shows: some days after publication, and after the platform opened."""
        base = max(item.published.date(), self._opening)
        return base + timedelta(days=Draw(self.scenario.seed, fault, item.infoid).integer(low, high))

    def _shows(self, item: Item) -> bool:
        if self._is_withdrawn(item) or item.infoid in self._vanished:
            return False
        if item.infoid in self._victims["late"]:
            return self._effect(item, "late", 2, 5) <= self._today
        return item.published.date() <= self._today

    def _is_withdrawn(self, item: Item) -> bool:
        befallen = item.infoid in self._victims["withdrawn"]
        return item.infoid in self._withdrawn or (befallen and self._effect(item, "withdrawn", 3, 6) <= self._today)

    def _edited(self, item: Item) -> list[datetime]:
        edits = list(self._edits.get(item.infoid, []))
        if item.infoid in self._victims["edited"]:
            day = self._effect(item, "edited", 1, 4)
            if day <= self._today:
                edits.append(datetime(day.year, day.month, day.day, 16, 20))  # noqa: DTZ001 - local time, as portals give it
        return sorted(edits)

    def _row(self, item: Item) -> dict[str, Any]:
        title = lengthen(item.title) if item.infoid in self._victims["long_title"] else item.title
        edits = self._edited(item)
        return {
            "infoid": item.infoid,
            "title": title,
            "customtitle": title,
            "categorynum": item.category,
            "categoryname": item.category_name,
            "infodate": item.published.strftime("%Y-%m-%d"),
            "pubinwebdate": item.published.strftime("%Y-%m-%d %H:%M:%S"),
            "lasteditdate": max([item.published, *edits]).strftime("%Y-%m-%d %H:%M:%S"),
            "xiaqucode": item.region_code,
            "xiaquname": item.region_name,
            "infourl": f"/jyxx/{item.category[:6]}/{item.category}/{item.published:%Y%m%d}/{item.infoid}.html",
            "projectjiaoyitypeex": item.trade_type,
        }

    def _attachment(self, item: Item, entry: Attachment) -> dict[str, Any]:
        return {
            "name": entry.name,
            "url": f"/files/{item.infoid}/{quote(entry.name)}",
            "size": entry.size,
            "code": entry.code,
            "role": entry.role,
        }

    def _bytes(self, item: Item, entry: Attachment) -> bytes:
        first = entry is item.attachments[0]
        if first and item.infoid in self._victims["empty_attachment"]:
            return b""
        data = entry.content()
        if first and item.infoid in self._victims["truncated_attachment"]:
            return truncate(data)
        if item.infoid in self._victims["lying_zip"] and entry is first_zipped(item.attachments):
            return understate(data)
        return data


def _all_items(scenario: Scenario) -> tuple[Item, ...]:
    taken: set[str] = set()
    platform = platform_code(scenario.seed)
    items: list[Item] = []
    for index in range(scenario.projects):
        start = FIRST_DAY + timedelta(days=index * _PACE % _SPREAD)
        plan = rota()[index % len(rota())]
        items.extend(tell(plan_project(scenario.seed, index, plan, start, taken), platform))
    return tuple(sorted(items, key=lambda item: (item.published, item.infoid)))


def _metadata(item: Item) -> Mapping[str, Any]:
    """The trading metadata as far as the platform pushes it with the item; null where it does not."""
    pushed = item.pushed != "nothing"
    return {
        "data_no": item.data_no if item.pushed == "everything" else None,
        "project_code": item.project_code if pushed else None,
        "project_name": item.project_name if pushed else None,
        "tender_project_code": item.tender_project_code if pushed else None,
        "section_codes": list(item.section_codes) if pushed else None,
        "section_names": list(item.section_names) if pushed else None,
        "unified_deal_code": item.unified_deal_code if pushed else None,
    }
