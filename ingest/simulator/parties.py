"""Invented bodies and people of a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.simulator.codes import credit_code, identity_number, mobile_number, telephone_number
from ingest.simulator.draw import Draw
from ingest.simulator.wording import load


@dataclass(frozen=True)
class Region:
    """A city of Shandong, its GB/T 2260 code, and an invented district of it."""

    code: str
    name: str
    short: str
    district: str


@dataclass(frozen=True)
class Body:
    """An organisation with its contact."""

    name: str
    code: str
    address: str
    head: str
    contact: str
    phone: str
    mobile: str


def region(draw: Draw) -> Region:
    """A city with one of its invented districts."""
    row: Mapping[str, Any] = draw.choice(load("names")["regions"])
    return Region(row["code"], row["name"], row["short"], draw.choice(row["districts"]))


def person(draw: Draw) -> str:
    """A name of two or three characters."""
    names = load("names")
    return f"{draw.choice(names['surnames'])}{draw.choice(names['given'])}"


def company(draw: Draw, where: Region, trade: str, brand: str | None = None) -> Body:
    """A company of one of the trades in `names.toml`; `brand` fixes its name where several must differ."""
    names = load("names")
    title = (
        where.name.removesuffix("市") + (brand or draw.choice(names["brands"])) + draw.choice(names["companies"][trade])
    )
    return _body(draw, where, title, "91")


def owner(draw: Draw, where: Region, kind: str, subject: Mapping[str, Any]) -> Body:
    """The public body that tenders, buys, grants or sells; the subject may say which bodies would."""
    title = draw.choice(subject.get("owners") or load("names")["owners"][kind])
    if kind == "property":
        return _body(draw, where, f"{where.name.removesuffix('市')}{where.district}{title}", "91")
    place = where.name if kind == "drugs" else f"{where.name}{where.district}"
    return _body(draw, where, place + title, "11" if title.endswith("局") else "12")


def rivals(draw: Draw, where: Region, trade: str, count: int) -> list[Body]:
    """`count` companies with different brands, bidders for one section."""
    brands = draw.sample(load("names")["brands"], count)
    return [company(draw.child("rival", number), where, trade, brand) for number, brand in enumerate(brands)]


def experts(draw: Draw, count: int, sender: str) -> tuple[Mapping[str, str], ...]:
    """Rows of an evaluation committee, its first member sent by the body `sender`."""
    rows: list[Mapping[str, str]] = []
    taken: set[str] = set()
    while len(rows) < count:
        name = person(draw)
        if name in taken:
            continue
        taken.add(name)
        rows.append(
            {
                "no": str(len(rows) + 1),
                "expert": name,
                "expert_identity": identity_number(draw),
                "expert_employer": draw.choice(load("names")["employers"]) if rows else sender,
                "expert_role": "技术专家" if rows else "业主代表",
                "expert_mobile": mobile_number(draw),
            }
        )
    return tuple(rows)


def _body(draw: Draw, where: Region, title: str, kind: str) -> Body:
    return Body(
        name=title,
        code=credit_code(draw, kind),
        address=f"{where.name}{where.district}{draw.choice(load('names')['roads'])}{draw.integer(1, 199)}号",
        head=person(draw),
        contact=person(draw),
        phone=telephone_number(draw),
        mobile=mobile_number(draw),
    )
