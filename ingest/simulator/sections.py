"""A bid section (标段, 包, 宗地): its limit, its bidders, who won and for how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ingest.simulator.codes import mobile_number
from ingest.simulator.draw import Draw
from ingest.simulator.life_cycles import Cycle, Round
from ingest.simulator.numerals import capital_amount, chinese_minute, money
from ingest.simulator.parties import Body, Region, person, rivals

Row = Mapping[str, str]
_SCORES = {"score_business": (1300, 1480), "score_skill": (4100, 4400), "score_price": (2850, 3000)}
_LEAD = 220  # wide enough that the sum always falls with the rank


@dataclass(frozen=True)
class Section:
    """Values of the section and the rows of its lists: candidates, bidders, bids."""

    values: Row
    lists: Mapping[str, tuple[Row, ...]]


@dataclass(frozen=True)
class Tender:
    """What the sections of one round have in common."""

    cycle: Cycle
    subject: Mapping[str, Any]
    where: Region
    outcome: Round
    opening: datetime


def build_section(tender: Tender, name: str, code: str, limit: int, draw: Draw) -> Section:
    """The section with everything that its bidders did.

    `limit` is the highest price allowed, or the starting price where prices rise, in yuan.
    """
    step = max(limit // 100 // 1000 * 1000, 1000)
    values: dict[str, str] = {
        "section_name": name,
        "section_code": code,
        "limit": money(limit),
        "deposit": money(max(limit // 50 // 1000 * 1000, 1000)),
        "step": money(step),
        "duration": _duration(tender, draw),
    }
    trade = tender.subject.get("company", tender.cycle.company)
    bidders = rivals(draw.child("bidders"), tender.where, trade, _crowd(tender, draw))
    prices = sorted(
        (_price(limit, step, draw, rising=tender.cycle.rising) for _ in bidders), reverse=tender.cycle.rising
    )
    ranked = list(zip(bidders, prices, strict=True))
    candidates = tuple(_candidate(rank, body, price, draw) for rank, (body, price) in enumerate(ranked[:3], start=1))
    if ranked and tender.outcome == "award":
        values |= _winner(ranked[0][0], ranked[0][1], candidates[0])
    values["bidder_count"] = str(len(bidders))
    rows = tuple(_bidder(number, body, price, tender.opening, draw) for number, (body, price) in enumerate(ranked, 1))
    lists = {"candidates": candidates, "bidders": rows, "bids": _bids(ranked, limit, step, tender.opening)}
    return Section(values, {key: tuple({**values, **row} for row in items) for key, items in lists.items()})


def _crowd(tender: Tender, draw: Draw) -> int:
    if tender.outcome == "award":
        return draw.integer(3, 6)
    return 0 if tender.cycle.rising else draw.integer(1, 2)


def _duration(tender: Tender, draw: Draw) -> str:
    pattern: str = tender.subject.get("duration", tender.cycle.words["duration"])
    return pattern.format(days=draw.integer(6, 40) * 10)


def _price(limit: int, step: int, draw: Draw, *, rising: bool) -> int:
    if rising:
        return limit + step * draw.integer(0, 40)
    return limit * draw.integer(8600, 9890) // 10_000


def _winner(body: Body, price: int, row: Row) -> Row:
    return {
        "winner": body.name,
        "winner_code": body.code,
        "winner_address": body.address,
        "winner_head": body.head,
        "winner_contact": body.contact,
        "winner_mobile": body.mobile,
        "winner_manager": row["candidate_manager"],
        "winner_certificate": row["candidate_certificate"],
        "price": money(price),
        "price_capital": capital_amount(price),
        "fee": money(price * 12 // 1000),
    }


def _candidate(rank: int, body: Body, price: int, draw: Draw) -> Row:
    points = {key: draw.integer(*span) - _LEAD * (rank - 1) for key, span in _SCORES.items()}
    return {
        "rank": str(rank),
        "candidate": body.name,
        "candidate_price": money(price),
        "candidate_manager": person(draw),
        "candidate_certificate": f"鲁1372{draw.integer(2012, 2022)}{draw.digits(8)}",
        **{key: f"{value / 100:.2f}" for key, value in points.items()},
        "score": f"{sum(points.values()) / 100:.2f}",
    }


def _bidder(number: int, body: Body, price: int, opening: datetime, draw: Draw) -> Row:
    return {
        "no": str(number),
        "bidder": body.name,
        "bidder_code": body.code,
        "bidder_contact": body.contact,
        "bidder_mobile": mobile_number(draw),
        "bid_price": money(price),
        "handed_in": chinese_minute(opening - timedelta(minutes=draw.integer(11, 900))),
    }


def _bids(ranked: Sequence[tuple[Body, int]], limit: int, step: int, opening: datetime) -> tuple[Row, ...]:
    """A short run of rising bids that ends with the winner's price; empty without bidders."""
    if not ranked:
        return ()
    top = ranked[0][1]
    prices = sorted({max(limit, top - step * back) for back in (9, 7, 5, 4, 2, 1, 0)})
    last = len(prices) - 1
    return tuple(
        {
            "no": str(number + 1),
            "paddle": f"{101 + (last - number) % len(ranked)}",
            "bidder": ranked[(last - number) % len(ranked)][0].name,
            "bid": money(price),
            "bid_time": (opening + timedelta(seconds=97 * number + 41)).strftime("%H:%M:%S"),
        }
        for number, price in enumerate(prices)
    )
