"""Volumes for the tests of checks: sound ones, which the tests then spoil."""

from dataclasses import replace
from datetime import UTC, datetime

from archive.plan.service import load_plan
from ingest.checks.subjects import Act, CheckedMember, CheckedVolume, Said
from ingest.checks.types import Checked
from tests.unit.checks.items import item

NOW = datetime(2031, 4, 1, 8, 0, tzinfo=UTC)
REFERENCE = "Z002-ZY·D·370100-2031-D15-00001"
SOUND = replace(item(), now=NOW, duplicates=0)
STEPS = ("record.captured", "record.checked", "record.classified", "record.placed")


def acts(*events: str) -> tuple[Act, ...]:
    """A history in which every step was made by the system at a known moment."""
    return tuple(Act(event, "system", NOW) for event in events)


def said(checked: Checked) -> Said:
    """What checks say of an item that is there."""
    return lambda check: list(check.run(checked))


def member(number: int) -> CheckedMember:
    return CheckedMember(
        id=f"rec_{number}",
        number=number,
        reference_code=f"{REFERENCE}-{number:04}",
        class_code="ZC.02.01",
        size=100 * number,
        files=1,
        stored=100 * number,
        history=acts(*STEPS),
        item=said(SOUND),
    )


def volume(count: int = 3) -> CheckedVolume:
    """A closed volume of `count` items in which everything is as it should be."""
    members = tuple(member(number) for number in range(1, count + 1))
    return CheckedVolume(
        id="vol_1",
        reference_code=REFERENCE,
        numbers=load_plan("national-2026-1").numbers,
        expected={"fonds": "Z002", "trade_letter": "D", "region": "370100", "year": "2031", "retention": "D15"},
        members=members,
        registered_items=count,
        registered_bytes=sum(each.size for each in members),
        required=("ZC.02.01",),
        present=frozenset({"ZC.02.01"}),
        declared=frozenset(),
        now=NOW,
        sealed=tuple(each.id for each in members),
    )
