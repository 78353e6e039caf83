"""Work is asked for in the lane that fits what it costs."""

import pytest
from sqlalchemy import update

from archive.jobs.port import Lane
from archive.records.model import component
from ingest.waking import HEAVY_BYTES, wake_records, wake_source
from tests.small_archive import SmallArchive, notice


def lanes(archive: SmallArchive) -> dict[Lane, int]:
    return {lane: len(job_ids) for lane, job_ids in archive.kernel.jobs.due(100).items() if job_ids}


@pytest.mark.parametrize(("size", "lane"), [(HEAVY_BYTES - 1, Lane.LIGHT), (HEAVY_BYTES, Lane.HEAVY)])
def test_a_recording_goes_its_own_way(archive: SmallArchive, size: int, lane: Lane) -> None:
    archive.take(notice("n1", "开标录像"))
    archive.advance()
    with archive.kernel.database.writing() as uow:
        uow.connection.execute(update(component).values(size=0))
        uow.connection.execute(update(component).where(component.c.role == "main").values(size=size))
        wake_records(uow, archive.kernel.jobs, [archive.record("n1").id])
    assert lanes(archive) == {lane: 1}


def test_the_reading_of_a_source_goes_its_own_way(archive: SmallArchive) -> None:
    with archive.kernel.database.writing() as uow:
        wake_source(uow, archive.kernel.jobs, "portal")
    assert lanes(archive) == {Lane.SYNC: 1}


def test_what_is_taken_in_is_light_unless_it_is_large(archive: SmallArchive) -> None:
    archive.take(notice("n1", "招标公告"))
    assert lanes(archive) == {Lane.LIGHT: 1}
