"""The values that fill the passages: of a project, of a round of it, of a single document."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ingest.simulator import parties
from ingest.simulator.codes import credit_code, telephone_number
from ingest.simulator.draw import Draw
from ingest.simulator.life_cycles import Cycle, Round
from ingest.simulator.numerals import chinese_day, chinese_minute, money, ten_thousands
from ingest.simulator.parties import Body, Region
from ingest.simulator.timetable import Timetable
from ingest.simulator.wording import load

_ORDINALS = "一二三四五六七八九十"
_SPANS = (3, 5, 7, 14, 20, 28)
_FUNDS = ("财政资金", "地方政府专项债券", "自筹资金", "中央预算内投资及地方配套资金")


def subject_values(draw: Draw, where: Region, body: Body, index: int, start: date) -> dict[str, str]:
    """What the name and the scale of a project are made of."""
    names = load("names")
    return {
        "district": where.district,
        "region": where.name,
        "region_code": where.code,
        "short": where.short,
        "year": str(start.year),
        "month": f"{start.year}年{start.month}月",
        "serial": str(index + 1),
        "roman": _ORDINALS[draw.integer(0, 4)],
        "road": draw.choice(names["roads"]),
        "river": draw.choice(names["rivers"]),
        "village": draw.choice(names["villages"]),
        "brand": draw.choice(names["brands"]),
        "scale": str(draw.integer(12, 480) * 100),
        "area": f"{draw.integer(80, 2400) / 1000:.4f}",
        "count": str(draw.integer(4, 46)),
        "floors": str(draw.integer(4, 6)),
        "owner_short": body.name.removeprefix(where.name),
    }


def project_values(
    draw: Draw, cycle: Cycle, subject: Mapping[str, Any], where: Region, made: Mapping[str, str]
) -> dict[str, str]:
    """What holds for all rounds: texts of the subject, quantities, approvals, the words of the kind."""
    plain = {key: value for key, value in subject.items() if isinstance(value, str)}
    approver = f"{where.name}{where.district}行政审批服务局"
    return {
        **cycle.words,
        **plain,
        **made,
        "base": plain["name"].format_map(made),
        "scale": plain["scale"].format_map(made),
        "manager_kind": plain["manager"],
        "approver": approver,
        "approval_no": f"{where.short}审批投〔{made['year']}〕{draw.integer(11, 299)}号",
        "fund": draw.choice(_FUNDS),
        "location": f"{where.name}{where.district}{made['road']}",
        "centre": f"{where.name}公共资源交易中心",
        "platform": f"{where.name}公共资源电子交易平台",
        "supervisor": f"{where.name}{where.district}公共资源交易监督办公室",
        "supervisor_phone": telephone_number(draw),
        "supervisor_contact": parties.person(draw),
        "witness": parties.person(draw),
        **{f"q{number}": str(draw.integer(3, 980)) for number in range(1, 7)},
    }


def body_values(role: str, body: Body) -> dict[str, str]:
    """`owner_…` or `agent_…` values."""
    parts = ("code", "address", "head", "contact", "phone", "mobile")
    return {role: body.name} | {f"{role}_{part}": getattr(body, part) for part in parts}


def round_values(cycle: Cycle, project: Mapping[str, str], number: int, outcome: Round, draw: Draw) -> dict[str, str]:
    """Name and number of the round, and why it failed if it did."""
    mark = cycle.round_mark.format(round=number, round_cn=_ORDINALS[number - 1]) if number > 1 else ""
    reasons = load("reasons")
    reason = draw.choice(reasons["terminated"]) if outcome == "terminated" else reasons["failed"]
    return {
        "project": project["base"] + mark,
        "round_suffix": f"-{number}" if number > 1 else "",
        "reason": reason["short"],
        "reason_long": reason["long"],
    }


def timed_values(times: Timetable, draw: Draw) -> dict[str, str]:
    """Days of the round's documents as `<step>_day`, the opening, the evaluation session."""
    session = times.opening + timedelta(minutes=75)
    ends = session + timedelta(minutes=draw.integer(95, 260))
    room = draw.integer(1, 12)
    return {f"{step.key}_day": chinese_day(moment) for step, moment in times.entries} | {
        "notice_day": chinese_day(times.notice),
        "open_day": chinese_day(times.opening),
        "open_time": chinese_minute(times.opening),
        "open_place": f"公共资源交易中心第{_ORDINALS[room % 8]}开标室（不见面开标大厅）",
        "room": f"第{room}评标室",
        "session_start": session.strftime("%Y-%m-%d %H:%M:%S"),
        "session_end": ends.strftime("%Y-%m-%d %H:%M:%S"),
        "stamp": session.strftime("%Y%m%d%H%M%S"),
    }


def day_values(moment: datetime) -> dict[str, str]:
    """The day of a document and days after it, `plus3` and so on (calendar days)."""
    day = moment.date()
    return {"today": chinese_day(day)} | {f"plus{span}": chinese_day(day + timedelta(days=span)) for span in _SPANS}


def budget_values(limits: tuple[int, ...]) -> dict[str, str]:
    """The sum of the sections' limits."""
    total = sum(limits)
    return {"budget": money(total), "budget_wan": ten_thousands(total)}


def platform_code(seed: int) -> str:
    """The credit code of the stand-in platform itself, a public institution."""
    return credit_code(Draw(seed, "platform"), "12")
