"""What must not come out: closed, unapproved and withdrawn versions, closed names, sealed content, masked digits."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from access_control.memory import AllowList
from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, AccessLevel, Actor, Clause, Permission
from archive.errors import Forbidden, NotAuthenticated, NotFound
from archive.evidence.builder import Builder
from archive.evidence.service import EvidencePorts, EvidenceService, Kind
from archive.ledger.types import EventType
from archive.records.reading import ReadingPorts, RecordReader, RecordView
from archive.records.repository import RecordRepository
from archive.records.service import Act, existing
from archive.records.types import Delivery, ExtractedText, FieldValue, Placement, RecordState
from archive.volumes.reading import VolumeReader
from archive.volumes.types import Joining
from search.memory import MemoryIndex
from search.projector import Projector
from search.types import Document
from tests.small_archive import ARCHIVIST, SOURCE, START, SmallArchive, notice

PUBLIC, INTERNAL, RESTRICTED, SEALED = AccessLevel
LISTER, OFFICER = Actor("acc_lister", "lists and reads, opens nothing sealed"), Actor("acc_officer", "officer")
MOBILE, MASKED = "13800001111", "138****1111"
RELEASED = START - timedelta(days=1)
FIRST = notice("n1", "第一稿", body="一")
SECOND = notice("n1", "第二稿", body="二")


def masked(text: str) -> str:
    return text.replace(MOBILE, MASKED)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as made:
        not_sealed = Clause(("",), frozenset({PUBLIC, INTERNAL, RESTRICTED}), released_only=False)
        published = Clause(("",), frozenset({PUBLIC}), released_only=True)
        anything = Clause(("",), frozenset(AccessLevel), released_only=False)
        reading = (Permission.RECORD_LIST, Permission.RECORD_READ)
        lister = dict.fromkeys(reading, (anything,))
        taking = (Permission.RECORD_OPEN, Permission.EVIDENCE_BUILD)
        allowed = {
            ARCHIVIST.id: dict.fromkeys(Permission, (anything,)),
            LISTER.id: lister | dict.fromkeys(taking, (not_sealed,)),
            OFFICER.id: dict.fromkeys((*reading, *taking), (not_sealed,)),
            PUBLIC_ACTOR.id: dict.fromkeys((*reading, Permission.RECORD_OPEN), (published,)),
        }
        yield replace(made, authorizer=AllowList(made.clock, allowed))


def reader(archive: SmallArchive) -> RecordReader:
    kernel = archive.kernel
    return RecordReader(
        ReadingPorts(kernel.database, kernel.blobs, kernel.ledger, archive.authorizer, masked, kernel.clock)
    )


def volumes(archive: SmallArchive) -> VolumeReader:
    return VolumeReader(archive.kernel.database, archive.authorizer, masked)


def deliver(archive: SmallArchive, delivery: Delivery) -> str:
    """Take in a version, and read its text: the delivery's own page."""
    records = archive.kernel.records
    stored = records.store(delivery)
    with archive.kernel.database.writing() as uow:
        made = records.register(uow, SOURCE, stored, SYSTEM_ACTOR)
        repository = RecordRepository(uow.connection)
        version = repository.version(made.record_id, made.version)
        assert version is not None
        for component, incoming in zip(repository.components(version.id), delivery.components, strict=True):
            with incoming.open() as page:
                content = page.read().decode()
            repository.put_texts(
                [ExtractedText(component.id, content, complete=True, extractor="t", extractor_version="1")]
            )
    return made.record_id


def grade(
    archive: SmallArchive, record_id: str, level: AccessLevel, released: datetime | None = RELEASED, project: str = "项"
) -> None:
    """Check and classify the present version; with a project, place it too."""
    records = archive.kernel.records
    placement = Placement("C.01", "公告", "A", "招标", level, released if level is PUBLIC else None)
    fields = [FieldValue("project_name", "栏", "title", 1.0)]
    with archive.kernel.database.writing() as uow:
        repository = RecordRepository(uow.connection)
        told = Act(EventType.RECORD_CHECKED, SYSTEM_ACTOR, {})
        records.move(uow, existing(repository, record_id), RecordState.CHECKED, told)
        records.classify(uow, existing(repository, record_id), placement, fields, told)
        if project:
            joining = Joining(("code:P-1",), project, None, None, f"段{MOBILE}", f"标段{MOBILE}")
            archive.kernel.volumes.place(uow, existing(repository, record_id), joining, SYSTEM_ACTOR)


def withdraw(archive: SmallArchive, external_id: str = "n1") -> None:
    with archive.kernel.database.writing() as uow:
        assert archive.kernel.records.withdraw(uow, SOURCE, external_id, SYSTEM_ACTOR, "gone")


def send_back(archive: SmallArchive, record_id: str) -> None:
    with archive.kernel.database.writing() as uow:
        record = existing(RecordRepository(uow.connection), record_id)
        archive.kernel.records.move(uow, record, RecordState.RETURNED, Act(EventType.RECORD_RETURNED, SYSTEM_ACTOR, {}))


def numbers(view: RecordView) -> list[int]:
    return [version.number for version in view.versions]


def text(view: RecordView) -> str:
    return "".join(found.text for found in view.texts.values())


def indexed(archive: SmallArchive, record_id: str) -> Document:
    """What search is told of a record."""
    kept: list[object] = []

    class Kept(MemoryIndex):
        def apply(self, documents: object, position: int) -> None:
            kept.extend(list(documents))  # type: ignore[call-overload] # what it is given is kept and nothing else
            del position

    Projector(archive.kernel.database, Kept(), masked).project({record_id: 1}, 0, 1)
    (document,) = kept
    assert isinstance(document, Document)
    return document


def absence(look: Callable[[], object]) -> tuple[str, set[str]]:
    with pytest.raises(NotFound) as caught:
        look()
    return caught.value.code, set(caught.value.params)


def test_a_closed_version_stays_closed_when_a_later_one_is_public(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, RESTRICTED)
    closed = reader(archive).find(ARCHIVIST, record_id).components[0].id
    deliver(archive, SECOND)
    grade(archive, record_id, PUBLIC)
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.version.number, numbers(view), view.record.title) == (2, [2], "第二稿")
    assert all(entry.event.body.get("version") == 2 for entry in view.history)
    there = absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id, 1))
    assert there == absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id, 9))
    assert there[0] == "record-version-unknown"
    assert absence(lambda: reader(archive).open(PUBLIC_ACTOR, closed))[0] == "component-unknown"
    assert numbers(reader(archive).find(ARCHIVIST, record_id)) == [1, 2]


def test_a_sealed_version_is_not_opened_because_a_later_one_is_internal(archive: SmallArchive, tmp_path: Path) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, SEALED)
    sealed = reader(archive).find(ARCHIVIST, record_id).components[0].id
    deliver(archive, SECOND)
    grade(archive, record_id, INTERNAL)
    assert numbers(reader(archive).find(OFFICER, record_id)) == [2]
    assert absence(lambda: reader(archive).open(OFFICER, sealed))[0] == "component-unknown"
    with pytest.raises(Forbidden):
        reader(archive).open(LISTER, sealed)
    old = reader(archive).find(LISTER, record_id, 1)
    assert (old.version.title, old.texts, old.fields) == ("第一稿", {}, ())
    assert "二" in text(reader(archive).find(LISTER, record_id))
    names = bundle(archive, OFFICER, "record", record_id, tmp_path / "one.zip")
    assert not any("/v1/" in name for name in names)
    left = json.loads(names["metadata/left-out.json"])
    assert left == {"records": 0, "versions": 1, "volumes": 0}
    assert "第一稿" not in names["metadata/records.json"].decode()


def test_a_withdrawn_version_does_not_come_back_with_its_successor(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC)
    withdraw(archive)
    deliver(archive, SECOND)
    # Under way, the tombstone stands.
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.withdrawn, view.components, view.version.title, numbers(view)) == (True, (), "第一稿", [])
    assert [r.state for r in reader(archive).page(PUBLIC_ACTOR)] == [RecordState.WITHDRAWN]
    assert (indexed(archive, record_id).public_title, indexed(archive, record_id).public_body) == ("第一稿", "")
    grade(archive, record_id, PUBLIC)
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.withdrawn, numbers(view), "二" in text(view)) == (False, [2], True)
    assert absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id, 1))[0] == "record-version-unknown"


def test_withdrawing_publishes_nothing_that_was_never_approved(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC)
    deliver(archive, SECOND)
    send_back(archive, record_id)
    withdraw(archive)
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.withdrawn, view.record.title, view.version.title, view.texts) == (True, "第一稿", "第一稿", {})
    document = indexed(archive, record_id)
    assert (document.title, document.public_title, document.public_body) == ("第二稿", "第一稿", "")


def test_what_was_withdrawn_before_anything_was_settled_leaves_no_tombstone(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC, project="")
    withdraw(archive)
    assert absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id))[0] == "record-unknown"
    assert reader(archive).page(PUBLIC_ACTOR) == []
    assert indexed(archive, record_id).public_title == ""


@pytest.mark.parametrize("returned", [False, True])
def test_a_new_version_under_way_leaves_the_approved_one_on_view(archive: SmallArchive, *, returned: bool) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC)
    deliver(archive, SECOND)
    grade(archive, record_id, PUBLIC, project="")
    if returned:
        send_back(archive, record_id)
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.version.number, view.record.version, view.record.state) == (1, 1, RecordState.PLACED)
    assert (numbers(view), "一" in text(view), "二" in text(view)) == ([1], True, False)
    assert [record.title for record in reader(archive).page(PUBLIC_ACTOR)] == ["第一稿"]
    document = indexed(archive, record_id)
    assert (document.public_title, "二" in document.public_body, "二" in document.body) == ("第一稿", False, True)
    assert absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id, 2))[0] == "record-version-unknown"
    assert reader(archive).find(ARCHIVIST, record_id).version.number == 2


def test_what_turns_out_stricter_is_closed_at_once(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC)
    deliver(archive, SECOND)
    grade(archive, record_id, RESTRICTED, project="")
    record = archive.record("n1")
    assert (record.level, record.released_from, record.settled_version) == (RESTRICTED, None, 1)
    assert absence(lambda: reader(archive).find(PUBLIC_ACTOR, record_id))[0] == "record-unknown"


def test_a_closed_record_does_not_give_the_name_of_its_project_to_the_public(archive: SmallArchive) -> None:
    grade(archive, deliver(archive, notice("c1", "内部")), RESTRICTED, project="不公开的名称")
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, PUBLIC, project=f"公开名称{MOBILE}")
    project = str(archive.record("n1").project_id)
    assert volumes(archive).project(ARCHIVIST, project).project.name == "不公开的名称"
    assert volumes(archive).project(PUBLIC_ACTOR, project).project.name == f"公开名称{MASKED}"
    assert [found.name for found in volumes(archive).projects(PUBLIC_ACTOR)] == [f"公开名称{MASKED}"]
    document = indexed(archive, record_id)
    assert (document.project_name, document.public_project_name) == ("不公开的名称", f"公开名称{MASKED}")


def test_sealed_content_is_neither_shown_nor_indexed(archive: SmallArchive) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, SEALED)
    view = reader(archive).find(LISTER, record_id)
    assert (view.version.title, view.texts, view.fields, dict(view.version.hints)) == ("第一稿", {}, (), {})
    assert text(reader(archive).find(ARCHIVIST, record_id))
    assert (indexed(archive, record_id).body, indexed(archive, record_id).public_body) == ("", "")


def test_a_volume_tells_the_public_nothing_beyond_its_public_records(archive: SmallArchive) -> None:
    grade(archive, deliver(archive, notice("c1", "内部")), RESTRICTED)
    grade(archive, deliver(archive, FIRST), PUBLIC)
    volume = str(archive.record("n1").volume_id)
    seen = volumes(archive).volume(PUBLIC_ACTOR, volume).volume
    assert (seen.section, seen.section_name) == (f"段{MASKED}", f"标段{MASKED}")
    assert (seen.item_count, seen.missing, seen.declared) == (1, (), ())
    assert [one for one, _ in volumes(archive).page(PUBLIC_ACTOR)] == [seen]
    assert volumes(archive).project(PUBLIC_ACTOR, str(archive.record("n1").project_id)).volumes == (seen,)
    assert volumes(archive).volume(ARCHIVIST, volume).volume.section_name == f"标段{MOBILE}"


def bundle(archive: SmallArchive, actor: Actor, kind: Kind, reference: str, out: Path) -> dict[str, bytes]:
    kernel = archive.kernel
    builder = Builder(kernel.database, kernel.ledger, kernel.integrator, kernel.clock)
    ports = EvidencePorts(kernel.database, kernel.blobs, kernel.ledger, archive.authorizer, builder)
    EvidenceService(ports).build(actor, kind, reference, out)
    with zipfile.ZipFile(out) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_what_is_out_of_scope_looks_like_what_is_not_there(archive: SmallArchive, tmp_path: Path) -> None:
    record_id = deliver(archive, FIRST)
    grade(archive, record_id, SEALED)
    component = reader(archive).find(ARCHIVIST, record_id).components[0].id
    for actor in (OFFICER, PUBLIC_ACTOR):
        found = [absence(partial(reader(archive).find, actor, one)) for one in (record_id, "rec_x")]
        assert found == [("record-unknown", {"record"})] * 2
        found = [absence(partial(reader(archive).open, actor, one)) for one in (component, "cmp_x")]
        assert found == [("component-unknown", {"component"})] * 2
    out = tmp_path / "bundle.zip"
    record = archive.record("n1")
    kinds: list[tuple[Kind, str]] = [("record", record_id), ("volume", str(record.volume_id))]
    for kind, reference in kinds:
        found = [absence(partial(bundle, archive, OFFICER, kind, one, out)) for one in (reference, "x")]
        assert found == [(f"{kind}-unknown", {kind})] * 2
        for each in (reference, "x"):
            with pytest.raises(NotAuthenticated):
                bundle(archive, PUBLIC_ACTOR, kind, each, out)


def test_volumes_of_which_nothing_may_be_taken_are_not_in_the_bundle(archive: SmallArchive, tmp_path: Path) -> None:
    grade(archive, deliver(archive, FIRST), PUBLIC)
    record_id = deliver(archive, notice("s1", "封存"))
    grade(archive, record_id, SEALED, project="")
    with archive.kernel.database.writing() as uow:
        record = existing(RecordRepository(uow.connection), record_id)
        joining = Joining(("code:P-1",), "项", None, None, "02", "封存的标段")
        archive.kernel.volumes.place(uow, record, joining, SYSTEM_ACTOR)
    project = str(archive.record("n1").project_id)
    members = bundle(archive, OFFICER, "project", project, tmp_path / "bundle.zip")
    assert json.loads(members["metadata/left-out.json"]) == {"records": 1, "versions": 0, "volumes": 1}
    assert "封存的标段" not in members["metadata/volumes.json"].decode()


def test_digests_from_which_masked_digits_could_be_found_are_withheld(archive: SmallArchive) -> None:
    record_id = deliver(archive, notice("n1", "公告", body=f"电话 {MOBILE}"))
    grade(archive, record_id, PUBLIC)
    deliver(archive, SECOND)
    grade(archive, record_id, PUBLIC)
    old = reader(archive).find(PUBLIC_ACTOR, record_id, 1)
    assert (old.components[0].sha256, old.components[0].sm3, old.version.digest) == ("", "", "")
    new = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert [bool(version.digest) for version in new.versions] == [False, True]
    assert len(new.components[0].sha256) == len(new.components[0].sm3) == len(new.version.digest) == 64
    assert reader(archive).find(ARCHIVIST, record_id, 1).components[0].sha256


@pytest.mark.parametrize("place", ["title", "name"])
def test_a_masked_title_or_name_withholds_the_digest_of_the_version(archive: SmallArchive, place: str) -> None:
    delivery = notice("n1", f"公告{MOBILE}" if place == "title" else "公告")
    if place == "name":
        delivery = replace(delivery, components=(replace(delivery.components[0], name=f"{MOBILE}.html"),))
    record_id = deliver(archive, replace(delivery, components=delivery.components))
    grade(archive, record_id, PUBLIC)
    view = reader(archive).find(PUBLIC_ACTOR, record_id)
    assert (view.version.digest, [version.digest for version in view.versions]) == ("", [""])
