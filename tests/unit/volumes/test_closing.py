"""Closing: when a volume closes, what it lacks when it does not, and which numbers are given."""

from dataclasses import replace
from datetime import date

import pytest

from archive.authorization import PUBLIC_ACTOR
from archive.errors import Conflict, Forbidden, InvalidInput, NotAuthenticated, NotFound
from archive.plan.types import Outcome, Plan
from archive.records.repository import RecordRepository
from archive.records.types import Delivery, RecordState
from archive.volumes.closing import NO_RULE
from archive.volumes.types import Volume, VolumeState
from tests.small_archive import ARCHIVIST, SmallArchive, code_of, ending, notice, taken_back, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"


def award(number: int, project: str, day: int = 15, **hints: object) -> Delivery:
    known = {"data_no": "553", "project_code": code_of(number)}
    return notice(f"r{number}", f"{project}中标公告", day=day, hints=known | hints)


def rest(number: int, project: str) -> list[Delivery]:
    """What the volume of an awarded procurement needs beside its first and its last notice."""
    known = {"project_code": code_of(number), "category": "D"}
    titles = {"b": "招标文件", "p": "评标报告", "v": "评标录像"}
    parts = [notice(f"{name}{number}", f"{project}{title}", day=10, hints=known) for name, title in titles.items()]
    return [*parts, notice(f"o{number}", f"{project}开标记录", day=9, hints=known | {"data_no": "556"})]


def only(archive: SmallArchive) -> Volume:
    (volume,) = archive.volumes()
    return volume


def declare(archive: SmallArchive, reason: str = "采购人书面说明未制作") -> str | None:
    with archive.kernel.database.writing() as uow:
        return archive.kernel.closing.declare_missing(
            uow, archive.authorizer, ARCHIVIST, archive.volumes()[0].id, reason
        )


def test_a_volume_stays_open_while_its_trade_goes_on(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), *rest(1, SCHOOL))
    assert archive.work().closed == ()
    assert (only(archive).state, only(archive).reference_code) == (VolumeState.OPEN, None)
    assert set(archive.states().values()) == {RecordState.PLACED}


def test_a_complete_volume_closes_numbered_and_sealed(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), *rest(1, SCHOOL), award(1, SCHOOL))
    code = "Z002-ZY·D·370100-2026-D15-00001"
    assert archive.work().closed == (code,)
    volume = only(archive)
    assert (volume.state, volume.reference_code, volume.number) == (VolumeState.CLOSED, code, 1)
    assert (volume.outcome, volume.ended_on) == (Outcome.AWARD, date(2026, 5, 15))
    assert (volume.item_count, volume.retention, volume.missing) == (6, "D15", ())
    sealed = archive.entries()[-1]
    assert (str(sealed.event.type), sealed.event.subject_id) == ("volume.closed", volume.id)
    assert sealed.event.body["reference_code"] == code
    assert sealed.event.body["items"] == [
        {"item": number, "record": archive.record(external_id).id, "version": 1}
        for number, external_id in enumerate(["t1", "b1", "o1", "p1", "v1", "r1"], start=1)
    ]


def test_items_stand_in_the_order_of_the_procedure_not_of_arrival(archive: SmallArchive) -> None:
    archive.take(award(1, SCHOOL), *reversed(rest(1, SCHOOL)), tender(1, SCHOOL))
    archive.work()
    records = sorted(archive.records().values(), key=lambda record: record.item_number or 0)
    assert [record.class_code for record in records] == sorted(str(record.class_code) for record in records)
    assert [record.external_id for record in records] == ["t1", "b1", "o1", "p1", "v1", "r1"]
    assert records[0].reference_code == "Z002-ZY·D·370100-2026-D15-00001-0001"
    assert {record.state for record in records} == {RecordState.FILED}
    assert all(archive.history(record.external_id)[-1] == "record.filed" for record in records)


def test_what_is_missing_is_named_and_the_volume_waits(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), award(1, SCHOOL))
    swept = archive.work()
    volume = only(archive)
    assert (swept.closed, swept.incomplete) == ((), (volume.id,))
    assert (volume.state, volume.missing) == (VolumeState.INCOMPLETE, ("ZC.02.03", "ZC.04.01", "ZC.05.07", "ZC.05.08"))
    assert volume.reference_code is None
    size = len(archive.entries())
    assert archive.work().incomplete == (volume.id,)
    assert len(archive.entries()) == size


def test_what_comes_late_completes_a_volume(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), award(1, SCHOOL))
    archive.work()
    archive.take(*rest(1, SCHOOL))
    assert len(archive.work().closed) == 1
    assert (only(archive).state, only(archive).missing) == (VolumeState.CLOSED, ())


def test_a_person_may_declare_that_what_is_missing_does_not_exist(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), award(1, SCHOOL))
    archive.work()
    code = declare(archive)
    volume = only(archive)
    assert (volume.state, volume.reference_code) == (VolumeState.CLOSED, code)
    assert volume.declared == ("ZC.02.03", "ZC.04.01", "ZC.05.07", "ZC.05.08")
    told = [entry.event for entry in archive.entries() if entry.event.type == "decision.made"]
    assert [(event.actor, event.body["reason"], event.body["classes"]) for event in told] == [
        (ARCHIVIST.id, "采购人书面说明未制作", list(volume.declared))
    ]
    assert archive.entries()[-1].event.body["declared"] == list(volume.declared)
    assert archive.fsck().findings == ()


def test_only_gaps_are_declared_and_only_with_a_reason(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL))
    archive.work()
    with pytest.raises(Conflict) as caught:
        declare(archive)
    assert caught.value.code == "volume-lacks-nothing"
    archive.take(award(1, SCHOOL))
    archive.work()
    with pytest.raises(InvalidInput):
        declare(archive, "  ")
    assert only(archive).state is VolumeState.INCOMPLETE


def test_not_everybody_may_declare(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), award(1, SCHOOL))
    archive.work()
    volume = only(archive)
    for volume_id, error in ((volume.id, (Forbidden, NotAuthenticated)), ("vol_x", (NotFound,))):
        with archive.kernel.database.writing() as uow, pytest.raises(error):
            archive.kernel.closing.declare_missing(uow, archive.authorizer, PUBLIC_ACTOR, volume_id, "无")
    assert only(archive) == volume


def test_without_a_rule_a_person_must_say_that_it_is_complete(
    archive: SmallArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def required(plan: Plan, trade: str, outcome: Outcome) -> tuple[str, ...]:
        raise NotFound("plan-completeness-unknown", trade=trade, outcome=outcome.value, plan=plan.id)

    monkeypatch.setattr(Plan, "required", required)
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    assert only(archive).missing == (NO_RULE,)
    assert declare(archive) is not None


def test_no_volume_closes_over_the_head_of_a_person(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    archive.take(tender(2, CLINIC))
    archive.work()
    # A second version of a placed notice that the checks send back: its volume has to wait for it.
    archive.take(notice("t2", "公" * 600, hints={"data_no": "551", "project_code": code_of(2)}), ending(2, CLINIC))
    assert archive.work().closed == ()
    assert archive.record("t2").state is RecordState.RETURNED
    assert archive.volumes()[0].state is VolumeState.OPEN


def test_sweeping_again_changes_nothing(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    volumes, records, size = archive.volumes(), archive.records(), len(archive.entries())
    assert archive.work().closed == ()
    assert (archive.volumes(), archive.records(), len(archive.entries())) == (volumes, records, size)


def test_numbers_follow_the_end_of_the_trade_within_region_year_and_retention(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL, day=25), tender(2, CLINIC), ending(2, CLINIC, day=20))
    assert archive.work().closed == ("Z002-ZY·D·370100-2026-D15-00001", "Z002-ZY·D·370100-2026-D15-00002")
    assert str(archive.record("t2").reference_code).startswith("Z002-ZY·D·370100-2026-D15-00001")
    assert archive.fsck().findings == ()


def test_two_sources_with_the_same_ids_are_numbered_the_same_way_every_time(archive: SmallArchive) -> None:
    archive.take(tender(2, CLINIC), ending(2, CLINIC), source="b")
    first = {"project_code": code_of(1)}
    archive.take(
        notice("t2", f"{SCHOOL}公开招标公告", hints=first | {"data_no": "551"}),
        notice("e2", f"{SCHOOL}终止公告", day=20, hints=first | {"category": "D"}),
        source="a",
    )
    archive.work()
    numbers = {volume.id: volume.number for volume in archive.volumes()}
    with archive.kernel.database.reading() as connection:
        records = RecordRepository(connection).page(archive.scope)
    assert {(record.source, numbers[str(record.volume_id)]) for record in records} == {("a", 1), ("b", 2)}


def test_a_trade_that_fails_and_is_awarded_later_was_awarded(archive: SmallArchive) -> None:
    failed = notice("f1", f"{SCHOOL}废标公告", day=20, hints={"project_code": code_of(1), "category": "D"})
    archive.take(tender(1, SCHOOL), *rest(1, SCHOOL), failed, award(1, SCHOOL, day=12))
    archive.work()
    assert (only(archive).outcome, only(archive).ended_on) == (Outcome.AWARD, date(2026, 5, 12))


def test_a_withdrawn_notice_ends_nothing_but_keeps_its_place(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.take(taken_back("e1"))
    assert archive.work().closed == ()
    assert only(archive).state is VolumeState.OPEN
    archive.take(notice("e1b", f"{SCHOOL}终止公告", day=22, hints={"project_code": code_of(1), "category": "D"}))
    assert len(archive.work().closed) == 1
    assert only(archive).ended_on == date(2026, 5, 22)
    withdrawn = archive.record("e1")
    assert (withdrawn.state, withdrawn.item_number) == (RecordState.WITHDRAWN, 2)
    assert archive.fsck().findings == ()


def test_a_bid_section_has_a_volume_of_its_own_and_may_end_with_the_whole(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), replace(tender(1, SCHOOL, section_codes=["S1"]), external_id="s1"))
    archive.work()
    assert {volume.section for volume in archive.volumes()} == {"", "S1"}
    archive.take(ending(1, SCHOOL))
    assert len(archive.work().closed) == 2
    assert {volume.ended_on for volume in archive.volumes()} == {date(2026, 5, 20)}
    assert archive.fsck().findings == ()
