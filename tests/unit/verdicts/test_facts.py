"""What the checks of a closed volume are told beside its rows: what was sealed, what was registered, what repeats."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from archive.records.types import RecordState
from ingest.checks.types import CheckResult, Phase, SubjectKind
from ingest.outcomes import Outcome
from ingest.verdicts.repository import RunRepository
from ingest.verdicts.told import registered_bytes, registered_digest
from ingest.verdicts.types import Subject
from tests.small_archive import SmallArchive, ending, notice, taken_back, tender

SCHOOL = "济南市第一中学采购项目"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        yield small


def found(archive: SmallArchive, phase: Phase = Phase.KEEPING) -> dict[str, CheckResult]:
    """What the checks of one phase say of the only closed volume."""
    (volume,) = archive.ingest.verdicts.volumes.closed()
    report = archive.ingest.verdicts.volumes.check(volume, phase)
    run = archive.ingest.verdicts.again.run(report.run)
    with archive.kernel.database.reading() as connection:
        return {result.code: result for result in RunRepository(connection).results(run)}


def spoil(archive: SmallArchive, statement: str, **values: object) -> None:
    """Change rows as nothing of the archive would."""
    with archive.kernel.database.writing() as uow:
        uow.connection.execute(text(statement), values)


def test_a_volume_in_keeping_is_compared_with_what_the_ledger_sealed_and_registered(archive: SmallArchive) -> None:
    results = found(archive)
    assert {code: results[code].outcome for code in ("CQ-1-2", "CQ-1-5", "CQ-2-1", "CQ-2-4")} == dict.fromkeys(
        ("CQ-1-2", "CQ-1-5", "CQ-2-1", "CQ-2-4"), Outcome.PASS
    )
    assert results["CQ-1-5"].evidence == {"sealed": 2, "found": 2}


def test_a_supplement_is_sealed_in_its_place(archive: SmallArchive) -> None:
    archive.take(tender(2, SCHOOL, project_code="SDCG-2026-0001"))
    archive.take(ending(1, SCHOOL, day=21))
    archive.work()
    results = found(archive)
    assert results["CQ-1-5"].outcome is Outcome.PASS
    assert results["CQ-1-2"].outcome is Outcome.PASS


def test_an_item_taken_out_behind_the_archive_breaks_the_seal(archive: SmallArchive) -> None:
    record = archive.record("t1")
    spoil(archive, "update records_item set volume_id = null where id = :id", id=record.id)
    results = found(archive)
    assert (results["CQ-1-5"].outcome, results["CQ-1-5"].reason_code) == (Outcome.FAIL, "seal-differs")
    assert results["CQ-1-5"].evidence["differing"] == [record.id]
    assert results["CQ-2-1"].outcome is Outcome.FAIL


def test_a_title_changed_behind_the_archive_is_found(archive: SmallArchive) -> None:
    spoil(archive, "update records_item set title = '改过' where id = :id", id=archive.record("t1").id)
    result = found(archive)["CQ-1-2"]
    assert (result.outcome, result.reason_code) == (Outcome.FAIL, "metadata-changed")


def test_a_hint_changed_behind_the_archive_is_found(archive: SmallArchive) -> None:
    spoil(archive, "update records_version set hints = '{}' where record_id = :id", id=archive.record("t1").id)
    assert found(archive)["CQ-1-2"].outcome is Outcome.FAIL


def test_an_item_of_which_the_ledger_tells_nothing_is_not_compared(archive: SmallArchive) -> None:
    told = replace(archive.record("t1"), version=2)
    assert (registered_digest(told, []), registered_bytes(told, [])) == (None, None)


def test_the_history_of_what_was_filed_has_to_show_the_filing(archive: SmallArchive) -> None:
    assert found(archive, Phase.TRANSFER)["YJ-2-5"].outcome is Outcome.PASS
    assert found(archive, Phase.FILING)["GD-2-5"].outcome is Outcome.PASS


def counted(archive: SmallArchive, external_id: str) -> CheckResult:
    """What the last check at filing said of repetition."""
    record = archive.record(external_id)
    subject = Subject(SubjectKind.ITEM, record.id, record.version)
    with archive.kernel.database.reading() as connection:
        run = RunRepository(connection).latest(subject, Phase.FILING)
        assert run is not None
        return next(result for result in RunRepository(connection).results(run) if result.code == "GD-1-8")


def test_the_same_notice_under_another_id_is_counted_and_goes_on(archive: SmallArchive) -> None:
    assert counted(archive, "t1").outcome is Outcome.PASS
    same = replace(tender(1, SCHOOL), external_id="again")
    archive.take(same, tender(3, SCHOOL), notice("other-day", f"{SCHOOL}公开招标公告", day=5))
    archive.advance()
    again = counted(archive, "again")
    assert (again.outcome, again.reason_code, again.evidence) == (Outcome.FAIL, "item-repeated", {"count": 2})
    assert counted(archive, "other-day").outcome is Outcome.PASS
    assert archive.states()["again"] is RecordState.FILED


def test_what_its_source_took_back_repeats_nothing(archive: SmallArchive) -> None:
    archive.take(taken_back("t1"))
    archive.take(replace(tender(1, SCHOOL), external_id="again"))
    archive.advance()
    assert counted(archive, "again").outcome is Outcome.PASS
