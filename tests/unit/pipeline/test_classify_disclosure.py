"""What a source discloses to the government only never becomes public, whatever its class would allow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import pytest

from archive.authorization import PUBLIC_ACTOR, AccessLevel
from archive.db.uow import UnitOfWork
from archive.errors import NotFound
from archive.plan.types import Plan
from archive.records.repository import RecordRepository
from archive.records.service import Act, RecordService
from archive.records.types import FieldValue, Placement, Record
from ingest.steps.classify import ClassifyStep
from ingest.steps.port import Item
from ingest.types import PersonDecision, Status
from tests.small_archive import SmallArchive, tender

GOVERNMENT = {"disclosure": "government"}


class Noting(RecordService):
    """Keeps how a record was placed instead of placing it."""

    def __init__(self) -> None:
        self.placed: list[Placement] = []

    def classify(
        self, uow: UnitOfWork, record: Record, placement: Placement, fields: Sequence[FieldValue], act: Act
    ) -> None:
        del uow, record, fields, act
        self.placed.append(placement)


def item_of(archive: SmallArchive, external_id: str) -> Item:
    record = archive.record(external_id)
    with archive.kernel.database.reading() as connection:
        version = RecordRepository(connection).version(record.id, record.version)
    assert version is not None
    return Item(record, version, (), {}, {}, None, archive.kernel.blobs)


def placed(plan: Plan, item: Item, code: str) -> Placement:
    """Where a record ends that a person gives this class."""
    record = item.record
    choice = {"class_code": code}
    decided = PersonDecision("dec_1", record.id, record.version, "classify", choice, "", "zhang", record.created_at)
    noting = Noting()
    result = ClassifyStep(noting, plan).run(replace(item, decision=decided))
    assert (result.status, result.write is None) == (Status.DONE, False)
    assert result.write is not None
    result.write(cast("UnitOfWork", None), record)
    return noting.placed[0]


@pytest.mark.parametrize("hints", [GOVERNMENT, {}])
def test_no_class_makes_public_what_is_disclosed_to_the_government_only(
    archive: SmallArchive, hints: dict[str, str]
) -> None:
    archive.take(tender(1, "道路改造", body="详见正文。", **hints))
    plan, item = archive.kernel.plan, item_of(archive, "t1")
    levels = {code: placed(plan, item, code) for code in plan.classes}
    public = {code for code, found in levels.items() if found.level is AccessLevel.PUBLIC}
    wanted = {code for code, one in plan.classes.items() if one.access_level is AccessLevel.PUBLIC}
    assert wanted
    assert public == (set() if hints else wanted)
    if hints:
        assert {found.released_from for found in levels.values()} == {None}
    closed = {code: found.level for code, found in levels.items() if code not in wanted}
    assert closed == {code: plan.classes[code].access_level for code in closed}


def test_what_is_disclosed_to_the_government_only_is_filed_and_the_public_does_not_find_it(
    archive: SmallArchive,
) -> None:
    archive.take(tender(1, "道路改造", **GOVERNMENT), tender(2, "桥梁改造"))
    archive.advance()
    closed, shown = archive.record("t1"), archive.record("t2")
    assert closed.state is shown.state
    assert closed.class_code == shown.class_code is not None
    assert (closed.level, closed.released_from) == (AccessLevel.INTERNAL, None)
    assert archive.reader().find(PUBLIC_ACTOR, shown.id).redacted
    with pytest.raises(NotFound):
        archive.reader().find(PUBLIC_ACTOR, closed.id)
