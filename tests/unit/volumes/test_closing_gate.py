"""The gate at closing: what it keeps shut stays unnumbered, says why, and is tried again."""

from collections.abc import Sequence

import pytest

from archive.authorization import SYSTEM_ACTOR
from archive.db.uow import UnitOfWork
from archive.errors import Conflict, Unavailable
from archive.records.types import Record, RecordState
from archive.volumes.closing import Closing
from archive.volumes.gate import GATE_MARK, ClosingGate, NumberedMember, Stored
from archive.volumes.service import Ports
from archive.volumes.types import Volume, VolumeState
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"
FIRST = "Z002-ZY·D·370100-2026-D15-00001"


class Answering:
    """A gate that answers what it was told to and remembers what it was asked."""

    def __init__(self, *codes: str) -> None:
        self.codes = codes
        self.asked: list[tuple[Volume, tuple[NumberedMember, ...]]] = []

    def look(self, members: Sequence[Record]) -> Stored:
        del members
        return {}

    def judge(
        self, uow: UnitOfWork, volume: Volume, members: Sequence[NumberedMember], stored: Stored
    ) -> tuple[str, ...]:
        assert uow.connection.in_transaction()
        assert stored == {}
        self.asked.append((volume, tuple(members)))
        return self.codes


class Away:
    def look(self, members: Sequence[Record]) -> Stored:
        del members
        return {}

    def judge(
        self, uow: UnitOfWork, volume: Volume, members: Sequence[NumberedMember], stored: Stored
    ) -> tuple[str, ...]:
        del uow, volume, members, stored
        raise Unavailable("blob-store-unavailable", path="x", detail="x")


def closing(archive: SmallArchive, gate: ClosingGate) -> Closing:
    kernel = archive.kernel
    ports = Ports(kernel.database, kernel.records, kernel.ledger, kernel.clock, kernel.ids)
    return Closing(ports, kernel.plan, kernel.settings.web.timezone, gate)


@pytest.fixture
def ended(archive: SmallArchive) -> SmallArchive:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.advance()
    return archive


def only(archive: SmallArchive) -> Volume:
    (volume,) = archive.volumes()
    return volume


def test_what_the_gate_keeps_shut_is_neither_numbered_nor_filed(ended: SmallArchive) -> None:
    size, gate = len(ended.entries()), Answering("GD-2-6", "GD-1-7", "GD-2-6")
    swept = closing(ended, gate).sweep(SYSTEM_ACTOR)
    volume = only(ended)
    assert (swept.closed, swept.incomplete) == ((), (volume.id,))
    assert volume.state is VolumeState.INCOMPLETE
    assert volume.missing == (f"{GATE_MARK}GD-2-6", f"{GATE_MARK}GD-1-7")
    assert (volume.number, volume.reference_code, volume.retention, volume.closed_at) == (None, None, None, None)
    assert set(ended.states().values()) == {RecordState.PLACED}
    assert {record.reference_code for record in ended.records().values()} == {None}
    assert len(ended.entries()) == size


def test_the_gate_sees_the_numbers_that_are_about_to_be_given(ended: SmallArchive) -> None:
    gate = Answering()
    assert closing(ended, gate).sweep(SYSTEM_ACTOR).closed == (FIRST,)
    ((volume, members),) = gate.asked
    assert (volume.number, volume.reference_code, volume.item_count) == (1, FIRST, 2)
    assert [(member.number, member.reference_code) for member in members] == [
        (number, f"{FIRST}-{number:04}") for number in (1, 2)
    ]
    stored = only(ended)
    assert (stored.number, stored.reference_code, stored.item_count) == (1, FIRST, 2)


def test_a_shut_gate_is_asked_again_and_no_number_is_lost(ended: SmallArchive) -> None:
    shut = closing(ended, Answering("GD-2-2"))
    for _ in range(3):
        shut.sweep(SYSTEM_ACTOR)
    ended.take(tender(2, CLINIC), ending(2, CLINIC, day=25))
    ended.advance()
    codes = closing(ended, Answering()).sweep(SYSTEM_ACTOR).closed
    assert codes == (FIRST, FIRST[:-1] + "2")
    assert ended.fsck().findings == ()


def test_a_declaration_cannot_take_the_place_of_a_check(ended: SmallArchive) -> None:
    shut = closing(ended, Answering("GD-2-2"))
    shut.sweep(SYSTEM_ACTOR)
    before = only(ended)
    with ended.kernel.database.writing() as uow, pytest.raises(Conflict) as caught:
        shut.declare_missing(uow, ended.authorizer, ARCHIVIST, before.id, "无")
    assert caught.value.code == "volume-gate-shut"
    assert only(ended) == before


def test_a_gate_that_cannot_be_asked_changes_nothing(ended: SmallArchive) -> None:
    before, size = only(ended), len(ended.entries())
    with pytest.raises(Unavailable):
        closing(ended, Away()).sweep(SYSTEM_ACTOR)
    assert (only(ended), len(ended.entries())) == (before, size)
    assert closing(ended, Answering()).sweep(SYSTEM_ACTOR).closed == (FIRST,)


def test_closing_without_a_gate_cannot_be_built(ended: SmallArchive) -> None:
    kernel = ended.kernel
    ports = Ports(kernel.database, kernel.records, kernel.ledger, kernel.clock, kernel.ids)
    with pytest.raises(TypeError):
        Closing(ports, kernel.plan, kernel.settings.web.timezone)  # type: ignore[call-arg]  # that it is required is the point
