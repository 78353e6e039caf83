"""One project told from its plan: bodies, sections, rounds, and the items that come of them."""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from ingest.simulator import parties, values
from ingest.simulator.attachments import attach
from ingest.simulator.codes import unified_deal_code
from ingest.simulator.documents.model import Rows
from ingest.simulator.draw import Draw
from ingest.simulator.life_cycles import Cycle, Plan, Round, Step, cycle
from ingest.simulator.numerals import working_day
from ingest.simulator.parties import Region
from ingest.simulator.sections import Section, Tender, build_section
from ingest.simulator.timetable import Timetable, lay_out
from ingest.simulator.types import Item, Passage, Pushed
from ingest.simulator.wording import load

_ROUNDS: Mapping[str, tuple[Round, ...]] = {
    "award": ("award",),
    "failed": ("failed",),
    "terminated": ("terminated",),
    "retendered": ("failed", "award"),
}
_NAMING_ATTEMPTS = 60


@dataclass(frozen=True)
class Project:
    """What stays the same through all rounds. `limits`: the highest (or starting) price of each section, yuan."""

    index: int
    plan: Plan
    cycle: Cycle
    subject: Mapping[str, Any]
    where: Region
    draw: Draw
    start: date
    limits: tuple[int, ...]
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class _Round:
    project: Project
    number: int
    outcome: Round
    draw: Draw
    values: Mapping[str, str]
    sections: tuple[Section, ...]
    experts: tuple[Mapping[str, str], ...]

    def view(self, sections: tuple[Section, ...], moment: datetime) -> tuple[ChainMap[str, str], Rows]:
        """Values and lists for a document of `moment` that covers `sections`."""
        joined = {
            key: "、".join(section.values[key] for section in sections) for key in ("section_code", "section_name")
        }
        lists = {
            key: tuple(row for section in sections for row in section.lists[key])
            for key in ("candidates", "bidders", "bids")
        }
        seen = ChainMap(values.day_values(moment), joined, dict(sections[0].values), dict(self.values))
        return seen, {**lists, "sections": tuple(section.values for section in sections), "experts": self.experts}


def plan_project(seed: int, index: int, plan: Plan, start: date, taken: set[str]) -> Project:
    """Choose subject, place and bodies. `taken` holds the names used so far; the new one is added to it.

    When every name of a subject is taken, the last one drawn is used again, as it happens in real life.
    """
    kind = cycle(plan.kind)
    subjects = [row for row in kind.subjects if plan.variant in {None, row.get("variant")}]
    for attempt in range(_NAMING_ATTEMPTS):
        draw = Draw(seed, "project", index, attempt)
        subject = draw.choice(subjects)
        where = parties.region(draw)
        body = parties.owner(draw, where, plan.kind, subject)
        made = values.subject_values(draw, where, body, index, start)
        named = values.project_values(draw, kind, subject, where, made)
        if named["base"] not in taken:
            break
    taken.add(named["base"])
    agent = parties.company(draw.child("agent"), where, "agent")
    low, high = subject["limit"]
    limits = tuple(draw.integer(low, high) // 100 * 100 for _ in range(plan.sections))
    full = named | values.body_values("owner", body) | values.body_values("agent", agent) | values.budget_values(limits)
    full["project_code"] = kind.codes["project_code"].format_map(full | {"serial": index + 1, "year": start.year})
    return Project(index, plan, kind, subject, where, draw, start, limits, full)


def tell(project: Project, platform: str) -> list[Item]:
    """Every item of every round, in the order in which they come into being. `platform`: its credit code."""
    items: list[Item] = []
    begin = datetime.combine(working_day(project.start), time(9, 15))
    for number, outcome in enumerate(_ROUNDS[project.plan.outcome], start=1):
        pace = project.draw.child("round", number)
        times = lay_out(project.cycle, outcome, number, begin, pace)
        told = _build_round(project, number, outcome, times, platform)
        for step, moment in times.entries:
            items.extend(_items(told, step, moment))
        begin = times.entries[-1][1] + timedelta(days=pace.integer(10, 22))
    return items


def _build_round(project: Project, number: int, outcome: Round, times: Timetable, platform: str) -> _Round:
    draw = project.draw.child("round", number, "parties")
    known = dict(project.values)
    known |= values.round_values(project.cycle, known, number, outcome, draw) | values.timed_values(times, draw)
    known["tender_code"] = project.cycle.codes["tender_code"].format_map({**known, "round": number})
    serial = draw.integer(100_000, 999_999)
    known["deal_code"] = unified_deal_code(project.subject["trade"], platform, times.notice.date(), serial)
    committee = parties.experts(draw.child("experts"), 5, known["owner"])
    known |= {"expert_count": "5", "expert_names": "、".join(row["expert"] for row in committee)}
    tender = Tender(project.cycle, project.subject, project.where, outcome, times.opening)
    sections = tuple(_section(project, tender, known, place, draw) for place in range(project.plan.sections))
    return _Round(project, number, outcome, draw, known, sections, committee)


def _section(project: Project, tender: Tender, known: Mapping[str, str], place: int, draw: Draw) -> Section:
    name: str = project.subject["sections"][place].format_map(known)
    if project.plan.sections == 1 and project.cycle.kind in {"engineering", "procurement"}:
        name = known["base"]  # an undivided project is its own section
    code = project.cycle.codes["section_code"].format_map({**known, "number": place + 1})
    return build_section(tender, name, code, project.limits[place], draw.child("section", place))


def _items(told: _Round, step: Step, moment: datetime) -> Iterator[Item]:
    if not step.each_section:
        yield _item(told, step, moment, told.sections, 0)
        return
    for place, section in enumerate(told.sections):
        yield _item(told, step, moment + timedelta(minutes=2 * place), (section,), place)


def _item(told: _Round, step: Step, moment: datetime, sections: tuple[Section, ...], place: int) -> Item:
    project, draw = told.project, told.draw.child("item", step.key, place)
    seen, rows = told.view(sections, moment)
    single = project.plan.sections == 1 and project.cycle.kind in {"engineering", "procurement"}
    titled = seen.new_child({"section_name": ""}) if single else seen
    title = step.title.format_map(titled)
    fragments = load("common")["fragments"]
    token = draw.token()
    return Item(
        infoid="-".join((token[:8], token[8:12], token[12:16], token[16:20], token[20:])),
        title=title,
        published=moment,
        category=step.category,
        category_name=project.cycle.categories[step.category],
        region_code=project.where.code,
        region_name=project.where.name,
        trade_type=project.subject["trade"],
        class_code=step.class_code,
        kind=project.plan.kind,
        outcome=project.plan.outcome,
        round=told.number,
        round_outcome=told.outcome,
        public=step.public,
        project_name=seen["project"],
        project_code=seen["project_code"],
        tender_project_code=seen["tender_code"],
        section_codes=tuple(section.values["section_code"] for section in sections),
        section_names=tuple(section.values["section_name"] for section in sections),
        unified_deal_code=seen["deal_code"],
        data_no=step.data_no.format_map(seen) if step.data_no else None,
        pushed=_pushed(step, draw),
        attachments=tuple(
            attach(
                plan, title, Passage(project.cycle.texts.get(plan.text or "", step.body), seen, rows, fragments), moment
            )
            for plan in step.files
        ),
        passage=Passage(step.body, seen, rows, fragments),
    )


def _pushed(step: Step, draw: Draw) -> Pushed:
    """Files for the archive come with all metadata; some notices are on the portal only, some lack the data set."""
    if not step.public:
        return "everything"
    if step.bare or draw.chance(0.15):
        return "nothing"
    return "codes" if draw.chance(0.15) else "everything"
