"""What a message tells of its document; what it does not say itself, its parents say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.records.types import ComponentRole, Delivery, Incoming
from ingest.connectors.locale import Locale
from ingest.connectors.port import Stated
from ingest.connectors.streams import from_bytes
from ingest.push.codes import is_placeholder, parts
from ingest.push.formats import read_stamp
from ingest.push.page import page_of
from ingest.push.tables import Tables
from ingest.push.types import Judged, Operation, Parent, Pushed, Shape

GOVERNMENT = "government"
"""The hint `disclosure` of a document of which nothing is disclosed to society."""

_MOST_NAMES = 1_000
_LONGEST_NAME = 200
_LISTS = ("section_codes", "section_names")
_INHERITED = ("project_code", "project_name", "tender_project_code", "region")
_SECTIONS = "BID_SECTION_CODE"


@dataclass(frozen=True)
class Told:
    """What one message and its parents tell, and how its words are read."""

    judged: Judged
    facts: Mapping[str, object]
    tables: Tables
    locale: Locale

    @classmethod
    def of(
        cls,
        judged: Judged,
        parents: Sequence[tuple[Parent, Mapping[str, object]]],
        tables: Tables,
        locale: Locale,
    ) -> "Told":
        """Own facts, and where there are none those of the parents; the names of sections from the sections alone."""
        facts: dict[str, object] = {}
        for parent, inherited in parents:
            facts |= {name: inherited[name] for name in _INHERITED if name in inherited}
            if parent.field == _SECTIONS and isinstance(names := inherited.get("section_names"), list):
                listed = facts.setdefault("section_names", [])
                assert isinstance(listed, list)
                listed.extend(names)
        return cls(judged, facts | dict(_own(judged, tables)), tables, locale)

    def delivery(self, pushed: Pushed, raw: bytes, files: Sequence[Incoming]) -> Delivery:
        """The document as intake takes it."""
        page = page_of(self.judged.data_set, self.judged.values, self.tables)
        main = Incoming("data.html", ComponentRole.MAIN, from_bytes(page), "text/html")
        name = "envelope.json" if pushed.shape is Shape.GENERAL_JSON else "envelope.xml"
        return Delivery(
            external_id=pushed.external_id,
            title=self.title(),
            region=self.locale.region_of(str(self.facts.get("region", ""))),
            published=self.published(pushed),
            components=(main, *files, Incoming(name, ComponentRole.ENVELOPE, from_bytes(raw))),
            hints=self._hints(),
        )

    def title(self) -> str:
        """The title that the notice has, or the name of the data set with that of its subject."""
        own = self._first("title")
        if own:
            return own
        subject = self._first("subject") or self._project()
        name = self.judged.data_set.name_cn
        return f"{name}：{subject}" if subject else name

    def _project(self) -> object:
        """The name of its project where that may be shown: its own, or where it says none itself that of a parent."""
        said = any(name in self.judged.values for name in self.tables.roles["project_name"])
        return self._first("project_name") if said else self.facts.get("project_name")

    def published(self, pushed: Pushed) -> datetime:
        """When it was published; where it does not say so, the moment of its data, or else when it came."""
        said = read_stamp(self._first("published"), self.locale.zone)
        return said or pushed.stamp or pushed.received_at

    def stated(self, pushed: Pushed, *, again: bool) -> Stated:
        """Under what it counts, and its moment. `again` says that its document had been added before."""
        day = self.published(pushed).astimezone(self.locale.zone).date()
        return Stated(pushed.data_no, day, ranked(pushed, again=again))

    def _first(self, role: str) -> str:
        """The first value in this role that may be shown as openly as the document."""
        data_set, values = self.judged.data_set, self.judged.values
        shown = {field.name for field in data_set.fields if field.public or not data_set.public}
        names = self.tables.roles[role]
        return next((values[name] for name in names if name in values and (name in shown or not shown)), "")

    def _hints(self) -> dict[str, object]:
        hints: dict[str, object] = {"data_no": self.judged.data_set.number}
        hints |= {name: value for name, value in self.facts.items() if name != "region"}
        if not self.judged.data_set.public:
            hints["disclosure"] = GOVERNMENT
        return hints


def _own(judged: Judged, tables: Tables) -> Iterator[tuple[str, object]]:
    for name in ("region", "project_code", "project_name", "tender_project_code", "unified_deal_code"):
        values = [judged.values[field] for field in tables.roles[name] if field in judged.values]
        usable = [value for value in values if not is_placeholder(value)]
        if usable:
            # Of several unified deal codes the first stands for the document.
            yield name, parts(usable[0])[0] if name == "unified_deal_code" else usable[0]
    for name in _LISTS:
        listed = [
            part
            for field in tables.roles[name]
            for part in parts(judged.values.get(field, ""))
            if not is_placeholder(part)
        ]
        if listed:
            yield name, list(dict.fromkeys(listed))[:_MOST_NAMES]


def ranked(pushed: Pushed, *, again: bool) -> datetime | None:
    """The moment of a message's data, in the order of its operations where it is the same.

    A moment may be as coarse as an hour. Of what happened within one, the first adding came before everything else.
    """
    first = pushed.operation is Operation.ADD and not again
    return pushed.stamp + timedelta(microseconds=0 if first else 1) if pushed.stamp else None


def known_as(judged: Judged) -> str:
    """By what children refer to this document; "" where none do."""
    value = judged.values.get(judged.data_set.known_by, "")
    return _name(judged.data_set.number, value) if value and not is_placeholder(value) else ""


def parent_names(judged: Judged) -> list[tuple[Parent, str]]:
    """What must be there before this document, each as it is known; placeholders name nothing."""
    return [
        (parent, _name(parent.number, part))
        for parent in judged.data_set.parents
        for part in parts(judged.values.get(parent.own, ""))[:_MOST_NAMES]
        if not is_placeholder(part)
    ]


def _name(number: str, value: str) -> str:
    return f"{number}:{value[:_LONGEST_NAME]}"
