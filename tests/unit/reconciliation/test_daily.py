"""What happens every day: who is reconciled when, and the report that is filed."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive.authorization import PUBLIC_ACTOR, SYSTEM_ACTOR, AccessLevel
from archive.errors import Conflict, NotFound
from archive.records.repository import RecordRepository
from archive.records.types import RecordState
from ingest.connectors.port import Arrival
from ingest.reconciliation.report import SOURCE as REPORTS
from ingest.reconciliation.types import RECONCILE, REPORT
from ingest.sources.service import IMPORTED
from tests.small_archive import SmallArchive, notice
from tests.unit.reconciliation.ends import NAME, FarEnd, listed, read, register

ZONE = ZoneInfo("Asia/Shanghai")
DAY = "2026-06-02"
NIGHT = datetime(2026, 6, 2, 2, 0, tzinfo=ZONE)
MORNING = datetime(2026, 6, 2, 6, 0, tzinfo=ZONE)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


@pytest.fixture
def far(archive: SmallArchive) -> FarEnd:
    end = FarEnd({"a": "1", "b": "1"})
    register(archive, end)
    read(archive)
    return end


def planned(archive: SmallArchive, at: datetime) -> list[tuple[str, str]]:
    """What is asked for at a moment, done at once."""
    archive.clock.moment = at
    archive.ingest.reconciliation.daily.request_due()
    found = []
    while (job := archive.kernel.jobs.claim("test", frozenset({RECONCILE, REPORT}))) is not None:
        found.append((job.kind, job.key))
        if job.kind == RECONCILE:
            archive.ingest.reconciliation.service.reconcile(job.key)
        else:
            archive.ingest.reconciliation.daily.file(job.key)
        archive.kernel.jobs.complete(job)
    return found


def report(archive: SmallArchive) -> tuple[str, dict[str, Any]]:
    """The page and the envelope of the filed report."""
    record = archive.record(f"{REPORTS}:{DAY}")
    with archive.kernel.database.reading() as connection:
        repository = RecordRepository(connection)
        version = repository.version(record.id, record.version)
        assert version is not None
        files = {file.name: file.sha256 for file in repository.components(version.id)}
    said = {}
    for name, sha256 in files.items():
        with archive.kernel.blobs.open(sha256) as stream:
            said[name] = stream.read().decode()
    value: dict[str, Any] = json.loads(said["report.json"])
    return said["report.html"], value


def test_a_source_is_reconciled_once_in_the_night_after_the_day_it_was_registered(
    archive: SmallArchive, far: FarEnd
) -> None:
    del far
    assert planned(archive, NIGHT - timedelta(days=1) + timedelta(hours=20)) == []
    assert planned(archive, NIGHT - timedelta(minutes=1)) == []
    assert planned(archive, NIGHT) == [(RECONCILE, NAME)]
    assert planned(archive, NIGHT + timedelta(hours=2)) == []
    assert planned(archive, MORNING) == [(REPORT, DAY)]
    assert planned(archive, NIGHT + timedelta(days=1)) == [(RECONCILE, NAME)]


def test_what_is_asked_for_is_not_asked_for_again_while_it_is_done(archive: SmallArchive, far: FarEnd) -> None:
    del far
    archive.clock.moment = NIGHT
    daily = archive.ingest.reconciliation.daily
    assert [daily.request_due() for _ in range(3)] == [1, 0, 0]


def test_a_run_that_failed_is_tried_again_an_hour_later_twice(archive: SmallArchive, far: FarEnd) -> None:
    far.breaks_after = 0
    tried = [planned(archive, NIGHT + timedelta(minutes=30 * number)) for number in range(8)]
    assert [bool(each) for each in tried] == [True, False, True, False, True, False, False, False]


def test_paused_and_delivered_sources_are_not_asked_and_without_others_nothing_is_reported(
    archive: SmallArchive, far: FarEnd
) -> None:
    del far
    archive.ingest.sources.pause(NAME)
    assert planned(archive, NIGHT) == []
    assert planned(archive, MORNING) == []


def test_the_report_of_the_day_is_filed_once_under_its_class_and_never_public(
    archive: SmallArchive, far: FarEnd
) -> None:
    far.marks |= {"b": "2", "c": "1"}
    assert planned(archive, NIGHT) == [(RECONCILE, NAME)]
    assert planned(archive, MORNING) == [(REPORT, DAY)]
    assert planned(archive, MORNING + timedelta(hours=2)) == []
    archive.work()
    record = archive.record(f"{REPORTS}:{DAY}")
    assert (record.state, record.class_code) == (RecordState.PLACED, "ZH.06.02")
    assert (record.level, record.released_from) == (AccessLevel.RESTRICTED, None)
    with pytest.raises(NotFound):
        archive.reader().find(PUBLIC_ACTOR, record.id)
    page, value = report(archive)
    assert page.index("数据汇聚对账单") < page.index("Reconciliation of 2026-06-02")
    of_far, portal = value["sources"]
    assert (portal["state"], portal["code"]) == ("none", "reconciliation-no-run")
    assert (of_far["state"], of_far["counts"]["missing"], of_far["counts"]["changed"]) == ("done", 1, 1)
    assert [found["external_id"] for found in of_far["differences"]] == ["b", "c"]
    assert of_far["buckets"][0]["their_count"] == 3


def test_the_same_rows_give_the_same_report(archive: SmallArchive, far: FarEnd) -> None:
    del far
    planned(archive, NIGHT)
    archive.ingest.reconciliation.daily.file(DAY)
    archive.clock.advance(timedelta(hours=3))
    again = archive.ingest.reconciliation.daily.file(DAY)
    assert (again.unchanged, archive.record(f"{REPORTS}:{DAY}").version) == (1, 1)


def test_a_source_that_was_not_reconciled_is_reported_with_the_reason(archive: SmallArchive, far: FarEnd) -> None:
    far.mute = True
    planned(archive, NIGHT)
    archive.ingest.reconciliation.daily.file(DAY)
    page, _ = report(archive)
    assert "无法对账" in page
    assert "inventory-none" in page


def test_whatever_ids_and_names_say_the_report_is_filed_and_harmless(archive: SmallArchive, far: FarEnd) -> None:
    archive.ingest.sources.register("中标结果公告<script>", "notices", IMPORTED)
    end = FarEnd({"<b>中标候选人公示</b>": "1", "招标公告": "1", "合同公告、终止公告": "1"})
    archive.clock.moment = NIGHT
    archive.ingest.reconciliation.service.hand_in("中标结果公告<script>", end.inventory())
    far.breaks_after = 0
    archive.ingest.reconciliation.service.reconcile(NAME)
    archive.ingest.reconciliation.daily.file(DAY)
    archive.advance()
    assert archive.record(f"{REPORTS}:{DAY}").class_code == "ZH.06.02"
    assert archive.record(f"{REPORTS}:{DAY}").state is RecordState.PLACED
    page, _ = report(archive)
    assert "<script>" not in page
    assert "<b>" not in page


def test_the_name_of_the_reports_cannot_be_anothers(archive: SmallArchive) -> None:
    archive.ingest.sources.register(REPORTS, "notices", IMPORTED)
    with pytest.raises(Conflict, match="source-differs"):
        archive.ingest.reconciliation.daily.file(DAY)


def test_a_reading_that_brings_what_was_asked_for_closes_it_in_the_report_too(
    archive: SmallArchive, far: FarEnd
) -> None:
    far.marks["c"] = "1"
    planned(archive, NIGHT)
    archive.ingest.reconciliation.repairs.repair_all(SYSTEM_ACTOR)
    archive.take(Arrival("c", notice("c", "c公告"), "1", listed("1")), source=NAME)
    archive.ingest.reconciliation.repairs.settle(NAME)
    archive.ingest.reconciliation.daily.file(DAY)
    _, value = report(archive)
    (of_far,) = [source for source in value["sources"] if source["source"] == NAME]
    assert (of_far["differences"], of_far["standing"]) == ([], {"repaired": 1})


def test_a_run_that_never_ends_keeps_the_report_back_until_noon_and_no_longer(
    archive: SmallArchive, far: FarEnd
) -> None:
    del far
    daily, noon = archive.ingest.reconciliation.daily, MORNING + timedelta(hours=6)
    for number in range(10):
        # Every worker that takes it up dies over it, and no run is stored.
        archive.clock.moment = NIGHT + timedelta(hours=number)
        daily.request_due()
        while (job := archive.kernel.jobs.claim("test", frozenset({RECONCILE}))) is not None:
            archive.kernel.jobs.set_aside(job, "job-deadly", "…")
    assert archive.kernel.jobs.claim("test", frozenset({REPORT})) is None
    archive.clock.moment = noon
    daily.request_due()
    job = archive.kernel.jobs.claim("test", frozenset({REPORT}))
    assert job is not None
    daily.file(job.key)
    page, value = report(archive)
    assert [source["code"] for source in value["sources"] if source["source"] == NAME] == ["reconciliation-no-run"]
    assert "未对账" in page


def test_a_report_that_nobody_was_there_to_file_is_filed_the_day_after(archive: SmallArchive, far: FarEnd) -> None:
    del far
    assert planned(archive, NIGHT) == [(RECONCILE, NAME)]
    next_night = NIGHT + timedelta(days=1)
    assert sorted(planned(archive, next_night)) == [(RECONCILE, NAME), (REPORT, DAY)]
    _, value = report(archive)
    assert [source["state"] for source in value["sources"] if source["source"] == NAME] == ["done"]
    assert planned(archive, MORNING + timedelta(days=1)) == [(REPORT, "2026-06-03")]
    assert planned(archive, next_night + timedelta(days=3)) == [(RECONCILE, NAME)]
