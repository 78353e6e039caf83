"""Bytes that the store has lost are found by the checks of keeping; they do not keep the checks from being made."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.records.repository import RecordRepository
from archive.records.types import Component, ComponentRole
from ingest.checks.gate import Ruling
from ingest.checks.types import Phase
from ingest.outcomes import Outcome
from ingest.verdicts.repository import RunRepository
from tests.small_archive import SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        yield small


def lose_main_document(archive: SmallArchive, external_id: str) -> Component:
    record = archive.record(external_id)
    with archive.kernel.database.reading() as connection:
        records = RecordRepository(connection)
        version = records.version(record.id, record.version)
        assert version is not None
        main = next(file for file in records.components(version.id) if file.role is ComponentRole.MAIN)
    (kept,) = [path for path in (archive.settings.home / "blobs").rglob(f"*{main.sha256[8:]}*") if path.is_file()]
    kept.unlink()
    return main


def test_a_lost_file_is_a_finding_of_keeping_and_the_report_is_filed(archive: SmallArchive) -> None:
    lose_main_document(archive, "t1")
    verdicts = archive.ingest.verdicts
    (volume,) = verdicts.volumes.closed()
    run = verdicts.again.run(verdicts.volumes.check(volume, Phase.KEEPING).run)
    assert run.ruling is Ruling.REFUSE
    with archive.kernel.database.reading() as connection:
        failed = {each.code for each in RunRepository(connection).results(run) if each.outcome is Outcome.FAIL}
    assert {"CQ-1-4", "CQ-2-1", "CQ-2-3", "CQ-2-4"} <= failed


def test_a_lost_file_makes_a_record_come_out_worse_and_moves_nothing(archive: SmallArchive) -> None:
    lose_main_document(archive, "t1")
    states = archive.states()
    run = archive.ingest.verdicts.again.check(archive.record("t1").id)
    assert run is not None
    assert (run.ruling, run.worse) == (Ruling.REFUSE, True)
    assert archive.states() == states
