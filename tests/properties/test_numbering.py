"""Numbers do not depend on the order in which the same documents came in, nor on where the work was interrupted."""

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.records.types import Delivery
from tests.small_archive import SmallArchive, code_of, ending, notice, taken_back, tender

SCHOOL, CLINIC, BRIDGE = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目", "黄河大桥照明设备采购项目"


def correction(number: int, project: str, day: int, name: str) -> Delivery:
    hints = {"data_no": "552", "project_code": code_of(number)}
    return notice(name, f"{project}更正公告", day=day, hints=hints)


# Three trades that end, two of them on the same day; two corrections of one class and day; a bid section.
MATERIAL = (
    tender(1, SCHOOL),
    correction(1, SCHOOL, 8, "k1"),
    correction(1, SCHOOL, 8, "k2"),
    ending(1, SCHOOL, day=22),
    tender(2, CLINIC),
    replace(tender(2, CLINIC, section_codes=["S1"]), external_id="s1"),
    ending(2, CLINIC, day=20),
    tender(3, BRIDGE),
    ending(3, BRIDGE, day=22),
)
NUMBERED = {
    "s1": "Z002-ZY·D·370100-2026-D15-00002-0001",
    "t2": "Z002-ZY·D·370100-2026-D15-00001-0001",
    "e2": "Z002-ZY·D·370100-2026-D15-00001-0002",
    "t1": "Z002-ZY·D·370100-2026-D15-00003-0001",
    "k1": "Z002-ZY·D·370100-2026-D15-00003-0002",
    "k2": "Z002-ZY·D·370100-2026-D15-00003-0003",
    "e1": "Z002-ZY·D·370100-2026-D15-00003-0004",
    "t3": "Z002-ZY·D·370100-2026-D15-00004-0001",
    "e3": "Z002-ZY·D·370100-2026-D15-00004-0002",
}


def numbers(archive: SmallArchive) -> dict[str, str | None]:
    return {name: record.reference_code for name, record in archive.records().items()}


@settings(max_examples=12)
@given(
    order=st.permutations(range(len(MATERIAL))),
    pauses=st.sets(st.integers(0, len(MATERIAL) - 1), max_size=3),
    twice=st.sets(st.integers(0, len(MATERIAL) - 1), max_size=3),
    withdrawn=st.sampled_from([None, "t1", "k2"]),
)
def test_the_same_documents_get_the_same_numbers(
    order: list[int], pauses: set[int], twice: set[int], withdrawn: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, SmallArchive.at(Path(folder)) as archive:
        for position, index in enumerate(order):
            archive.take(MATERIAL[index], *([MATERIAL[index]] if index in twice else []))
            if MATERIAL[index].external_id == withdrawn:
                archive.take(taken_back(withdrawn))
            if position in pauses:
                archive.advance()
        archive.work()
        assert numbers(archive) == NUMBERED
        assert archive.fsck().findings == ()
        # Nothing is left to do, and doing it again changes nothing.
        entries = len(archive.entries())
        assert archive.work().closed == ()
        assert (numbers(archive), len(archive.entries())) == (NUMBERED, entries)


@settings(max_examples=6)
@given(late=st.permutations(range(3)))
def test_supplements_are_numbered_as_they_come_behind_what_is_sealed(late: list[int]) -> None:
    supplements = [correction(1, SCHOOL, day, f"k{day}") for day in (5, 6, 7)]
    with tempfile.TemporaryDirectory() as folder, SmallArchive.at(Path(folder)) as archive:
        archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
        archive.work()
        for index in late:
            archive.take(supplements[index])
            archive.work()
        given_numbers = {name: record.item_number for name, record in archive.records().items()}
        assert given_numbers == {"t1": 1, "e1": 2} | {
            supplements[index].external_id: number for number, index in enumerate(late, start=3)
        }
        assert archive.fsck().findings == ()
