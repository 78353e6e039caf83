"""When each document of a round appears: working days with realistic gaps, the opening fixed by the first notice."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ingest.simulator.draw import Draw
from ingest.simulator.life_cycles import Cycle, Round, Step
from ingest.simulator.numerals import working_day

_OPENING = time(9, 30)


@dataclass(frozen=True)
class Timetable:
    """The steps of one round with their moments (local time of the platform, UTC+8), in order."""

    entries: tuple[tuple[Step, datetime], ...]
    notice: datetime
    opening: datetime


def lay_out(cycle: Cycle, outcome: Round, number: int, begin: datetime, draw: Draw) -> Timetable:
    """Choose which steps happen in this round, and when.

    Raises:
        ValueError: the cycle has no step that announces an opening.
    """
    steps = [step for step in cycle.steps if step.applies(outcome, number) and draw.child(step.key).chance(step.chance)]
    entries: list[tuple[Step, datetime]] = []
    notice = opening = None
    cursor = begin
    for step in steps:
        cursor = _moment(step, cursor, opening, draw.child(step.key, "when"))
        entries.append((step, cursor))
        if step.opens:
            notice = cursor
            day = working_day(cursor.date() + timedelta(days=draw.integer(*cycle.opening_after)))
            opening = datetime.combine(day, _OPENING)
    if notice is None or opening is None:
        raise ValueError(f"no step of {cycle.kind} opens a round")
    return Timetable(tuple(entries), notice, opening)


def _moment(step: Step, cursor: datetime, opening: datetime | None, draw: Draw) -> datetime:
    gap = draw.integer(*step.after)
    if step.on_opening and opening is not None and gap == 0:
        return max(cursor, opening) + timedelta(minutes=draw.integer(40, 90))
    base = max(cursor, opening) if step.on_opening and opening is not None else cursor
    if gap == 0:
        return base + timedelta(minutes=draw.integer(3, 25))
    day = working_day(base.date() + timedelta(days=gap))
    return datetime.combine(day, time(9 + draw.integer(0, 6), draw.integer(0, 59), draw.integer(0, 59)))
