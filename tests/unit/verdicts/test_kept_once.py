"""What is asked for again and again leaves no trail, and what cannot be done stands before nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from archive.authorization import SYSTEM_ACTOR
from archive.ledger.types import EventType
from ingest.checks.gate import Ruling, default_text
from ingest.verdicts import model
from ingest.verdicts.types import CHECK_AGAIN, CHECK_VOLUME
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL, CLINIC = "济南市第一中学采购项目", "青岛市立医院检验设备采购项目"
STRICT = """
[[for]]
classes = ["*"]
[for.rules.GD-4-2]
not_checked = "block"
reasons = { "no-virus-scanner" = "block" }
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def policy(archive: SmallArchive, version: str, more: str = "") -> None:
    text = default_text().replace('version = "2026.3"', f'version = "{version}"') + more
    archive.ingest.verdicts.policies.set(ARCHIVIST, text, archive.clock.now(), "试行")


def runs(archive: SmallArchive) -> int:
    with archive.kernel.database.reading() as connection:
        return connection.execute(select(func.count()).select_from(model.run)).scalar_one()


def set_aside(archive: SmallArchive, kind: str) -> None:
    job = archive.kernel.jobs.claim("test", frozenset({kind}))
    assert job is not None
    archive.kernel.jobs.set_aside(job, "job-crashed", "x")


def test_a_gate_that_stays_shut_keeps_one_run_however_often_it_is_asked(archive: SmallArchive) -> None:
    policy(archive, "centre.1", STRICT)
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    assert archive.work().closed == ()
    before = runs(archive)
    for _ in range(5):
        archive.kernel.closing.sweep(SYSTEM_ACTOR)
    assert runs(archive) == before
    policy(archive, "centre.2")
    assert len(archive.kernel.closing.sweep(SYSTEM_ACTOR).closed) == 1
    assert runs(archive) == before + 1


def test_a_report_that_was_set_aside_is_not_asked_for_until_somebody_revives_it(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    volumes = archive.ingest.verdicts.volumes
    assert volumes.request_due() == 1
    set_aside(archive, CHECK_VOLUME)
    assert volumes.request_due() == 0
    assert archive.pending() == 0
    assert archive.kernel.jobs.revive() == 1
    assert archive.pending() == 1


def test_what_holds_a_volume_is_put_up_once_it_was_checked_under_other_rules(archive: SmallArchive) -> None:
    policy(archive, "centre.1", STRICT)
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL), tender(2, CLINIC), ending(2, CLINIC))
    archive.work()
    again = archive.ingest.verdicts.again
    assert again.request_due() == 0
    policy(archive, "centre.2")
    assert again.request_due() == 4
    set_aside(archive, CHECK_AGAIN)
    assert again.request_due() == 3


def test_what_was_checked_before_policies_is_checked_anew_before_its_volume_is_reported(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    with archive.kernel.database.writing() as uow:
        uow.connection.execute(update(model.run).values(policy="", fingerprint="", parts=[]))
    verdicts = archive.ingest.verdicts
    (volume,) = verdicts.volumes.closed()
    verdicts.volumes.settle(volume)
    assert verdicts.volumes.request_due() == 1
    while (job := archive.kernel.jobs.claim("test", frozenset({CHECK_AGAIN}))) is not None:
        verdicts.again.check(job.key)
        archive.kernel.jobs.complete(job)
    verdicts.volumes.settle(volume)
    assert verdicts.volumes.request_due() == 0
    told = [entry.event.body for entry in archive.entries() if entry.event.type == EventType.VOLUME_CHECKED]
    assert [body["ruling"] for body in told] == [str(Ruling.ACCEPT)]
