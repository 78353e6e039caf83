"""Into which volume a record goes: by its keys, beside its section, and behind what has been numbered already."""

from dataclasses import replace

import pytest

from archive.authorization import PUBLIC_ACTOR
from archive.errors import Conflict, NotFound
from archive.records.repository import RecordRepository
from archive.records.types import Delivery, RecordState
from archive.volumes.repository import VolumeRepository
from archive.volumes.types import Joining, Project, VolumeState
from tests.small_archive import ARCHIVIST, SmallArchive, attachment, code_of, ending, notice, taken_back, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"
CLOSED = "Z002-ZY·D·370100-2026-D15-00001"


def correction(external_id: str, project: str = SCHOOL, number: int = 1, body: str = "更正内容") -> Delivery:
    hints = {"data_no": "552", "project_code": code_of(number)}
    return notice(external_id, f"{project}更正公告", day=8, body=body, hints=hints)


def project_of(archive: SmallArchive, external_id: str) -> Project:
    with archive.kernel.database.reading() as connection:
        project = VolumeRepository(connection).project(str(archive.record(external_id).project_id))
    assert project is not None
    return project


def place(archive: SmallArchive, external_id: str, *keys: str) -> None:
    """Place a record by hand, with keys of the test's own."""
    joining = Joining(keys, "测试项目", None, None, "", "")
    with archive.kernel.database.writing() as uow:
        record = RecordRepository(uow.connection).by_id(archive.record(external_id).id)
        assert record is not None
        archive.kernel.volumes.place(uow, record, joining, ARCHIVIST)


def test_records_that_share_a_code_or_a_name_share_a_project(archive: SmallArchive) -> None:
    by_name = notice("n1", f"{SCHOOL}更正公告", hints={"data_no": "552"})
    by_code = notice("c1", "教学设备一批中标公告", hints={"data_no": "553", "project_code": code_of(1)})
    archive.take(tender(1, SCHOOL), by_name, by_code, tender(2, CLINIC))
    archive.work()
    assert {archive.record(each).project_id for each in ("n1", "c1")} == {archive.record("t1").project_id}
    assert archive.record("t2").project_id != archive.record("t1").project_id
    assert archive.history("t1")[-1] == "record.placed"


def test_a_code_that_comes_later_completes_the_project(archive: SmallArchive) -> None:
    archive.take(notice("n1", f"{SCHOOL}公开招标公告", hints={"data_no": "551"}))
    archive.work()
    assert project_of(archive, "n1").code is None
    archive.take(ending(1, SCHOOL, unified_deal_code="D01-1234567890ABCDEFGH-20260520-000001-X"))
    archive.work()
    assert (project_of(archive, "n1").code, project_of(archive, "n1").name) == (code_of(1), SCHOOL)


def test_the_same_code_at_two_centres_is_two_projects(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), replace(tender(1, SCHOOL), external_id="elsewhere", region="420500"))
    archive.work()
    records = archive.records()
    assert records["t1"].fonds != records["elsewhere"].fonds
    assert records["t1"].project_id != records["elsewhere"].project_id


def test_keys_that_lead_to_two_projects_are_a_question_for_a_person(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), tender(2, CLINIC))
    archive.work()
    archive.take(notice("x", f"{SCHOOL}更正公告", hints={"data_no": "552", "project_code": code_of(2)}))
    archive.work()
    outcome = archive.outcomes("x")["place"]
    assert (archive.record("x").state, outcome.code) == (RecordState.WAITING, "project-ambiguous")
    assert set(outcome.detail["projects"]) == {archive.record(each).project_id for each in ("t1", "t2")}  # type: ignore[call-overload]  # the detail of an outcome is JSON, whose shape mypy cannot know
    with pytest.raises(Conflict) as caught:
        place(archive, "x", f"code:{code_of(1)}", f"code:{code_of(2)}")
    assert caught.value.code == "project-ambiguous"


def test_what_comes_after_closing_gets_the_next_number_and_nothing_is_renumbered(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    before = {name: record.reference_code for name, record in archive.records().items()}
    sealed = archive.volumes()[0]
    for number, external_id in enumerate(("k1", "k2"), start=3):
        archive.take(correction(external_id))
        assert archive.work().closed == ()
        record = archive.record(external_id)
        assert (record.state, record.item_number) == (RecordState.FILED, number)
        assert record.reference_code == f"{CLOSED}-{number:04d}"
    after = {name: record.reference_code for name, record in archive.records().items()}
    assert {name: after[name] for name in before} == before
    assert archive.volumes()[0] == replace(sealed, item_count=4)
    filed = [entry.event.body for entry in archive.entries() if entry.event.type == "record.filed"]
    assert [body.get("supplement") for body in filed] == [None, None, True, True]
    assert archive.fsck().findings == ()


def test_a_new_version_of_a_filed_record_keeps_its_number(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    code = archive.record("t1").reference_code
    archive.take(tender(1, SCHOOL, body="第二稿"))
    archive.work()
    record = archive.record("t1")
    assert (record.state, record.version, record.reference_code) == (RecordState.FILED, 2, code)
    assert archive.volumes()[0].item_count == 2
    assert archive.fsck().findings == ()


def test_a_filed_record_stays_where_it_was_numbered_even_if_it_now_names_another_project(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL), tender(2, CLINIC))
    archive.work()
    filed = archive.record("t1")
    moved = replace(tender(2, CLINIC, body="编号改正"), external_id="t1")
    archive.take(moved)
    archive.work()
    record = archive.record("t1")
    assert (record.state, record.version) == (RecordState.FILED, 2)
    assert (record.volume_id, record.project_id) == (filed.volume_id, filed.project_id)
    assert (record.item_number, record.reference_code) == (filed.item_number, filed.reference_code)
    assert archive.fsck().findings == ()


def test_a_placed_record_goes_with_the_project_its_new_version_names(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), tender(2, CLINIC))
    archive.work()
    archive.take(replace(tender(2, CLINIC, body="编号改正"), external_id="t1"))
    archive.work()
    assert archive.record("t1").volume_id == archive.record("t2").volume_id
    assert archive.record("t1").state is RecordState.PLACED


def test_a_withdrawn_and_numbered_record_that_comes_back_has_its_old_number(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    code = archive.record("t1").reference_code
    archive.take(taken_back("t1"))
    archive.work()
    assert (archive.record("t1").state, archive.record("t1").reference_code) == (RecordState.WITHDRAWN, code)
    archive.take(tender(1, SCHOOL))
    archive.work()
    assert (archive.record("t1").state, archive.record("t1").reference_code) == (RecordState.FILED, code)
    assert archive.fsck().findings == ()


def test_what_is_withdrawn_before_it_is_placed_ends_where_it_would_have(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.take(correction("k1"), taken_back("k1"))
    archive.work()
    record = archive.record("k1")
    assert (record.state, record.volume_id) == (RecordState.WITHDRAWN, archive.record("t1").volume_id)
    assert record.reference_code == f"{CLOSED}-0002"
    assert archive.fsck().findings == ()


def test_a_volume_shows_its_records_in_their_order_to_those_who_may_see_them(archive: SmallArchive) -> None:
    closed = notice("o1", f"{SCHOOL}开标记录", attachment("一.txt", "唱标".encode()), day=9)
    archive.take(tender(1, SCHOOL), replace(closed, hints={"data_no": "556", "project_code": code_of(1)}))
    archive.take(ending(1, SCHOOL))
    archive.work()
    reader = archive.volume_reader()
    assert [r.external_id for r in reader.volume(ARCHIVIST, CLOSED).records] == ["t1", "o1", "e1"]
    view = reader.volume(PUBLIC_ACTOR, CLOSED)
    assert ([r.external_id for r in view.records], view.project.code) == (["t1", "e1"], code_of(1))
    project = reader.project(PUBLIC_ACTOR, code_of(1))
    assert [r.external_id for r in project.records] == ["t1", "e1"]
    assert [volume.reference_code for volume in project.volumes] == [CLOSED]
    assert reader.count_by_state(PUBLIC_ACTOR)[VolumeState.CLOSED] == 1
    assert [volume.id for volume, _ in reader.page(PUBLIC_ACTOR, VolumeState.CLOSED)] == [view.volume.id]
    assert reader.page(PUBLIC_ACTOR, VolumeState.OPEN) == []
    assert [found.code for found in reader.projects(PUBLIC_ACTOR)] == [code_of(1)]
    for reference in ("vol_x", f"{CLOSED}-0001"):
        with pytest.raises(NotFound):
            reader.volume(ARCHIVIST, reference)
