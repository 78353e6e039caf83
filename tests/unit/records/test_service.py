"""What happens to records: the re-push matrix, withdrawal, and the states that may follow each other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from archive.authorization import SYSTEM_ACTOR, AccessLevel
from archive.errors import Conflict, NotFound
from archive.ledger.types import EventType
from archive.records.repository import RecordRepository
from archive.records.service import Act, Receipt, Registered, existing
from archive.records.types import TRANSITIONS, ComponentRole, Delivery, Incoming, RecordState, Version, VersionReason
from ingest.connectors.streams import from_bytes
from tests.small_archive import SOURCE, START, SmallArchive, attachment, notice

FIRST = notice("n1", "甲项目招标公告", attachment("招标文件.pdf", b"%PDF-1.7 one"), body="第一稿")


def register(archive: SmallArchive, delivery: Delivery, source: str = SOURCE) -> Registered:
    records = archive.kernel.records
    stored = records.store(delivery)
    with archive.kernel.database.writing() as uow:
        return records.register(uow, source, stored, SYSTEM_ACTOR)


def withdraw(archive: SmallArchive, external_id: str) -> str | None:
    with archive.kernel.database.writing() as uow:
        return archive.kernel.records.withdraw(uow, SOURCE, external_id, SYSTEM_ACTOR, "gone-at-source")


def versions(archive: SmallArchive, external_id: str = "n1") -> list[Version]:
    with archive.kernel.database.reading() as connection:
        return RecordRepository(connection).versions(archive.record(external_id).id)


def with_envelope(delivery: Delivery, data: bytes) -> Delivery:
    envelope = Incoming("envelope.json", ComponentRole.ENVELOPE, from_bytes(data))
    return replace(delivery, components=(*delivery.components, envelope))


def test_a_first_delivery_is_captured(archive: SmallArchive) -> None:
    made = register(archive, FIRST)
    record = archive.record("n1")
    assert (made.receipt, made.record_id, made.version) == (Receipt.CAPTURED, record.id, 1)
    assert (record.state, record.version, record.title) == (RecordState.CAPTURED, 1, FIRST.title)
    assert (record.level, record.released_from, record.class_code) == (AccessLevel.INTERNAL, None, None)
    assert (record.fonds, record.region, record.created_at) == ("Z002", "370100", START)
    (version,) = versions(archive)
    assert (version.reason, version.published) == (VersionReason.CAPTURED, FIRST.published)
    assert archive.history("n1") == ["record.captured"]


def test_components_keep_what_came_and_what_was_announced(archive: SmallArchive) -> None:
    files = (attachment("图纸.zip", b"PK", 9), attachment("\ufffd\ufffd", b"x", name_bytes=b"\xff\xfe"))
    register(archive, notice("n1", "甲", *files))
    with archive.kernel.database.reading() as connection:
        components = RecordRepository(connection).components(versions(archive)[0].id)
    assert [(c.ordinal, c.role, c.name, c.size, c.announced_size, c.name_bytes) for c in components[1:]] == [
        (2, ComponentRole.ATTACHMENT, "图纸.zip", 2, 9, None),
        (3, ComponentRole.ATTACHMENT, "\ufffd\ufffd", 1, None, b"\xff\xfe"),
    ]
    for component in components:
        digest = archive.kernel.blobs.verify(component.sha256)
        assert (digest.sm3, digest.size) == (component.sm3, component.size)


SAME = {
    "not a byte differs": FIRST,
    "only the envelope differs: portals count clicks in it": with_envelope(FIRST, b'{"click": 2}'),
    "the same moment in another zone": replace(
        FIRST, published=FIRST.published.astimezone(None) if FIRST.published else None
    ),
}


@pytest.mark.parametrize("again", SAME.values(), ids=SAME)
def test_the_same_again_changes_nothing(archive: SmallArchive, again: Delivery) -> None:
    register(archive, with_envelope(FIRST, b'{"click": 1}'))
    size = len(archive.entries())
    assert register(archive, again) == Registered(Receipt.UNCHANGED, archive.record("n1").id, 1)
    assert len(versions(archive)) == 1
    assert len(archive.entries()) == size


RENAMED = {
    "title": replace(FIRST, title="甲项目招标公告（修订）"),
    "file name": replace(
        FIRST, components=(FIRST.components[0], attachment("采购文件.pdf", b"%PDF-1.7 one"))
    ),
}  # fmt: skip


@pytest.mark.parametrize("again", RENAMED.values(), ids=RENAMED)
def test_the_same_bytes_under_another_name_are_renamed(archive: SmallArchive, again: Delivery) -> None:
    register(archive, FIRST)
    assert register(archive, again).receipt is Receipt.RENAMED
    assert [version.reason for version in versions(archive)] == [VersionReason.CAPTURED, VersionReason.RENAMED]
    assert archive.record("n1").title == again.title
    assert archive.history("n1") == ["record.captured", "record.renamed"]


CHANGED = {
    "main document": notice("n1", FIRST.title, FIRST.components[1], body="第二稿"),
    "attachment": replace(FIRST, components=(FIRST.components[0], attachment("招标文件.pdf", b"%PDF-1.7 two"))),
    "one attachment more": replace(FIRST, components=(*FIRST.components, attachment("补遗.pdf", b"%PDF-1.7"))),
    "one attachment less": replace(FIRST, components=FIRST.components[:1]),
    "two attachments change places": replace(
        FIRST, components=(attachment("招标文件.pdf", b"%PDF-1.7 one"), FIRST.components[0])
    ),
    "publication": replace(FIRST, published=START),
    "what the source says of it": replace(FIRST, hints={"data_no": "551"}),
    "region": replace(FIRST, region="370200"),
    "bytes and title": notice("n1", "乙项目招标公告", body="第二稿"),
}


@pytest.mark.parametrize("again", CHANGED.values(), ids=CHANGED)
def test_anything_else_is_a_new_version_and_the_old_one_stays(archive: SmallArchive, again: Delivery) -> None:
    register(archive, FIRST)
    first = versions(archive)
    archive.clock.advance(timedelta(hours=1))
    assert register(archive, again) == Registered(Receipt.NEW_VERSION, archive.record("n1").id, 2)
    record = archive.record("n1")
    assert (record.version, record.title, record.region) == (2, again.title, again.region)
    assert (record.state, record.updated_at) == (RecordState.CAPTURED, START + timedelta(hours=1))
    assert versions(archive)[:1] == first
    assert versions(archive)[1].reason is VersionReason.CHANGED
    assert archive.history("n1") == ["record.captured", "record.version_added"]


def test_only_the_present_version_counts_as_the_same(archive: SmallArchive) -> None:
    second = notice("n1", FIRST.title, body="第二稿")
    assert [register(archive, each).receipt for each in (FIRST, second, FIRST, FIRST)] == [
        Receipt.CAPTURED,
        Receipt.NEW_VERSION,
        Receipt.NEW_VERSION,
        Receipt.UNCHANGED,
    ]


def test_two_sources_may_give_the_same_id(archive: SmallArchive) -> None:
    ours, theirs = register(archive, FIRST), register(archive, FIRST, source="other")
    assert ours.record_id != theirs.record_id
    assert theirs.receipt is Receipt.CAPTURED


def test_a_withdrawn_record_keeps_every_version_and_a_tombstone(archive: SmallArchive) -> None:
    register(archive, FIRST)
    register(archive, notice("n1", FIRST.title, body="第二稿"))
    before = versions(archive)
    assert withdraw(archive, "n1") == archive.record("n1").id
    assert archive.record("n1").state is RecordState.WITHDRAWN
    assert versions(archive) == before
    assert archive.history("n1")[-1] == "record.withdrawn"
    assert archive.fsck().findings == ()


def test_withdrawing_twice_or_what_is_not_known_does_nothing(archive: SmallArchive) -> None:
    register(archive, FIRST)
    withdraw(archive, "n1")
    size = len(archive.entries())
    assert withdraw(archive, "n1") is None
    assert withdraw(archive, "never seen") is None
    assert len(archive.entries()) == size


def test_what_appears_again_is_a_version_of_its_own_even_without_a_change(archive: SmallArchive) -> None:
    register(archive, FIRST)
    withdraw(archive, "n1")
    assert register(archive, FIRST).receipt is Receipt.NEW_VERSION
    assert [version.reason for version in versions(archive)] == [VersionReason.CAPTURED, VersionReason.REAPPEARED]
    assert archive.record("n1").state is RecordState.CAPTURED
    assert register(archive, FIRST).receipt is Receipt.UNCHANGED


def move(archive: SmallArchive, external_id: str, state: RecordState) -> None:
    with archive.kernel.database.writing() as uow:
        record = existing(RecordRepository(uow.connection), archive.record(external_id).id)
        archive.kernel.records.move(uow, record, state, Act(EventType.RECORD_CHECKED, SYSTEM_ACTOR, {}))


def put_into(archive: SmallArchive, state: RecordState) -> None:
    with archive.kernel.database.writing() as uow:
        RecordRepository(uow.connection).update_record(archive.record("n1").id, state=state)


@pytest.mark.parametrize("before", RecordState)
def test_only_what_may_follow_follows(archive: SmallArchive, before: RecordState) -> None:
    register(archive, FIRST)
    for after in RecordState:
        put_into(archive, before)
        size = len(archive.entries())
        if before is RecordState.WITHDRAWN:
            move(archive, "n1", after)
            assert archive.record("n1").state is RecordState.WITHDRAWN
        elif after is before or after in TRANSITIONS[before]:
            move(archive, "n1", after)
            assert archive.record("n1").state is after
        else:
            with pytest.raises(Conflict) as caught:
                move(archive, "n1", after)
            assert caught.value.code == "record-transition"
            assert (archive.record("n1").state, len(archive.entries())) == (before, size)


def test_nothing_is_filed_that_was_not_placed_classified_or_decided() -> None:
    assert {state for state, after in TRANSITIONS.items() if RecordState.FILED in after} == {
        RecordState.CLASSIFIED,
        RecordState.WAITING,
        RecordState.RETURNED,
        RecordState.PLACED,
    }
    assert set(TRANSITIONS) == set(RecordState)
    assert all(RecordState.CAPTURED in after for state, after in TRANSITIONS.items() if state != RecordState.CAPTURED)


def test_a_record_nobody_knows_is_not_found(archive: SmallArchive) -> None:
    with archive.kernel.database.reading() as connection, pytest.raises(NotFound) as caught:
        existing(RecordRepository(connection), "rec_x")
    assert caught.value.code == "record-unknown"


def test_a_record_whose_version_is_lost_is_not_written_over(archive: SmallArchive) -> None:
    register(archive, FIRST)
    with archive.kernel.database.writing() as uow:
        RecordRepository(uow.connection).update_record(archive.record("n1").id, version=2)
    with pytest.raises(Conflict) as caught:
        register(archive, FIRST)
    assert caught.value.code == "record-version-missing"
