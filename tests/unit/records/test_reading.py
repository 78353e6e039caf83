"""Reading records: what each reader sees, and what the public never sees."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.authorization import PUBLIC_ACTOR, AccessLevel, Actor
from archive.errors import Damaged, Forbidden, NotAuthenticated, NotFound
from archive.records.reading import ReadingPorts, RecordReader
from archive.records.repository import RecordRepository
from archive.records.types import ComponentRole, RecordState
from archive.volumes.reading import VolumeReader
from tests.small_archive import ARCHIVIST, START, SmallArchive, attachment, ending, notice, taken_back, tender
from tests.unit.records.test_service import with_envelope

STRANGER = Actor("acc_stranger", "stranger")
PROJECT = "济南市第一中学教学设备采购项目"


def masked(text: str) -> str:
    return text.replace("13800001111", "138****1111")


def reader(archive: SmallArchive) -> RecordReader:
    kernel = archive.kernel
    ports = ReadingPorts(kernel.database, kernel.blobs, kernel.ledger, archive.authorizer, masked, kernel.clock)
    return RecordReader(ports)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One placed, released notice in two versions, and one that waits for a person."""
    home, envelope = tmp_path_factory.mktemp("published") / "home", b'{"contact": "13800001111"}'
    with SmallArchive.at(home) as made:
        made.take(with_envelope(tender(1, PROJECT, body="联系人 13800001111，第一稿"), envelope), notice("w1", "通知"))
        made.work()
        made.take(with_envelope(tender(1, PROJECT, body="联系人 13800001111，第二稿"), envelope))
        made.work()
    return home


@pytest.fixture
def published(whole: Path, tmp_path: Path) -> Iterator[SmallArchive]:
    shutil.copytree(whole, tmp_path / "copy")
    with SmallArchive.opened(tmp_path / "copy") as copy:
        yield copy


def change(archive: SmallArchive, external_id: str, **values: object) -> None:
    with archive.kernel.database.writing() as uow:
        RecordRepository(uow.connection).update_record(archive.record(external_id).id, **values)


def test_the_archivist_sees_everything(published: SmallArchive) -> None:
    view = reader(published).find(ARCHIVIST, published.record("t1").id)
    assert (view.redacted, view.withdrawn, view.version.number, len(view.versions)) == (False, False, 2, 2)
    assert {component.role for component in view.components} == {ComponentRole.MAIN, ComponentRole.ENVELOPE}
    assert "13800001111" in next(iter(view.texts.values())).text
    assert view.version.hints["data_no"] == "551"
    assert {field.name for field in view.fields} >= {"project_code", "project_name"}
    assert next(str(entry.event.type) for entry in view.history) == "record.captured"


def test_the_public_gets_the_public_copy(published: SmallArchive) -> None:
    view = reader(published).find(PUBLIC_ACTOR, published.record("t1").id)
    assert view.redacted
    assert {component.role for component in view.components} == {ComponentRole.MAIN}
    assert [text.text.count("13800001111") for text in view.texts.values()] == [0]
    assert "138****1111" in next(iter(view.texts.values())).text
    assert all(not version.hints for version in (*view.versions, view.version))
    assert view.fields == ()
    assert {str(entry.event.type) for entry in view.history} <= {"record.captured", "record.version_added"}


def test_an_earlier_version_can_be_read_and_one_that_is_not_there_cannot(published: SmallArchive) -> None:
    found = reader(published).find(PUBLIC_ACTOR, published.record("t1").id, 1)
    assert "第一稿" in next(iter(found.texts.values())).text
    with pytest.raises(NotFound) as caught:
        reader(published).find(ARCHIVIST, published.record("t1").id, 3)
    assert caught.value.code == "record-version-unknown"


def test_a_record_is_found_by_its_reference_code(published: SmallArchive) -> None:
    published.take(ending(1, PROJECT))
    published.work()
    code = published.record("t1").reference_code
    assert code is not None
    assert reader(published).find(PUBLIC_ACTOR, code).record.external_id == "t1"


HIDDEN = {
    "nothing settled": {"settled_version": None},
    **{f"level {level}": {"level": level} for level in AccessLevel if level is not AccessLevel.PUBLIC},
    "never released": {"released_from": None},
    "not yet released": {"released_from": START + timedelta(microseconds=1)},
}


@pytest.mark.parametrize("values", HIDDEN.values(), ids=HIDDEN)
def test_the_public_sees_nothing_unreleased_or_unsettled(published: SmallArchive, values: dict[str, object]) -> None:
    record, volumes = published.record("t1"), VolumeReader(published.kernel.database, published.authorizer, masked)
    assert [found.id for found in reader(published).page(PUBLIC_ACTOR)] == [record.id]
    change(published, "t1", **values)
    assert reader(published).page(PUBLIC_ACTOR) == []
    assert sum(reader(published).count_by_state(PUBLIC_ACTOR).values()) == 0
    with pytest.raises(NotFound):
        reader(published).find(PUBLIC_ACTOR, record.id)
    assert volumes.page(PUBLIC_ACTOR) == []
    assert volumes.projects(PUBLIC_ACTOR) == []
    assert sum(volumes.count_by_state(PUBLIC_ACTOR).values()) == 0
    for look, reference in ((volumes.volume, record.volume_id), (volumes.project, record.project_id)):
        assert look(ARCHIVIST, str(reference))
        with pytest.raises(NotFound):
            look(PUBLIC_ACTOR, str(reference))
    assert reader(published).find(ARCHIVIST, record.id).record.id == record.id


def test_what_waits_for_a_person_is_not_public(published: SmallArchive) -> None:
    assert published.record("w1").state is RecordState.WAITING
    with pytest.raises(NotFound):
        reader(published).find(PUBLIC_ACTOR, published.record("w1").id)
    assert {found.external_id for found in reader(published).page(ARCHIVIST)} == {"t1", "w1"}


def test_of_a_withdrawn_notice_the_public_sees_the_tombstone_only(published: SmallArchive) -> None:
    published.take(taken_back("t1"))
    view = reader(published).find(PUBLIC_ACTOR, published.record("t1").id)
    assert (view.withdrawn, view.components, view.texts) == (True, (), {})
    assert view.versions == ()
    assert reader(published).find(ARCHIVIST, published.record("t1").id).texts


def test_no_stranger_learns_that_a_record_exists(published: SmallArchive) -> None:
    for reference in (published.record("t1").id, "rec_x"):
        with pytest.raises(NotFound):
            reader(published).find(STRANGER, reference)


def test_originals_are_not_for_the_public_and_opening_closed_ones_is_told(published: SmallArchive) -> None:
    main = reader(published).find(ARCHIVIST, published.record("t1").id).components[0]
    with pytest.raises((Forbidden, NotAuthenticated)):
        reader(published).open(PUBLIC_ACTOR, main.id)
    component, stream = reader(published).open(ARCHIVIST, main.id)
    with stream:
        assert "第二稿" in stream.read().decode()
    assert component == main
    assert "content.opened" not in published.history("t1")
    change(published, "t1", level=AccessLevel.RESTRICTED)
    reader(published).open(ARCHIVIST, main.id)[1].close()
    assert published.history("t1")[-1] == "content.opened"


def test_bytes_that_are_lost_are_an_alarm_not_an_empty_file(published: SmallArchive) -> None:
    main = reader(published).find(ARCHIVIST, published.record("t1").id).components[0]
    (published.settings.home / "blobs" / main.sha256[:2] / main.sha256).unlink()
    with pytest.raises(Damaged):
        reader(published).open(ARCHIVIST, main.id)
    with pytest.raises(NotFound) as caught:
        reader(published).open(ARCHIVIST, "cmp_x")
    assert caught.value.code == "component-unknown"


def test_lists_are_masked_and_in_order(archive: SmallArchive) -> None:
    first = replace(tender(1, f"{PROJECT}13800001111"), external_id="a")
    second = notice("b", f"{PROJECT}公开招标公告", attachment("一.txt", b"1"), day=9, hints={"data_no": "551"})
    archive.take(first, second)
    archive.work()
    titles = [record.title for record in reader(archive).page(PUBLIC_ACTOR)]
    assert titles == [second.title, f"{PROJECT}138****1111公开招标公告"]
    assert [r.external_id for r in reader(archive).page(ARCHIVIST, (RecordState.PLACED,), limit=1, offset=1)] == ["a"]
    assert reader(archive).count_by_state(ARCHIVIST)[RecordState.PLACED] == 2
