"""A closed volume is checked, its report filed and told; what people answer and what a policy changes is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.checks.gate import default_text
from ingest.checks.types import Phase
from ingest.verdicts.types import ReportFormat
from tests.small_archive import ARCHIVIST, SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        small.take(tender(1, SCHOOL), ending(1, SCHOOL))
        small.work()
        yield small


def test_a_closed_volume_is_reported_once_and_told_in_the_ledger(archive: SmallArchive) -> None:
    volumes = archive.ingest.verdicts.volumes
    assert volumes.request_due() == 1
    (volume,) = volumes.closed()
    volumes.settle(volume)
    volumes.settle(volume)
    assert volumes.request_due() == 0
    told = [entry.event.body for entry in archive.entries() if entry.event.type == "volume.checked"]
    report, data = volumes.report(volume, ReportFormat.JSON)
    assert [body["ruling"] for body in told] == ["accept"]
    assert told[0]["report"] == {str(form): digest for form, digest in report.digests.items()}
    assert data.startswith(b"{")
    assert archive.fsck().findings == ()


def test_another_policy_makes_what_was_checked_before_stale(archive: SmallArchive) -> None:
    verdicts = archive.ingest.verdicts
    assert verdicts.again.stale(10).count == 0
    text = default_text().replace('version = "2026.3"', 'version = "centre.1"')
    assert verdicts.policies.trial(text, 10).changes == {}
    verdicts.policies.set(ARCHIVIST, text, archive.clock.now(), "试行")
    assert verdicts.again.stale(10).count == 2
    made = [verdicts.again.check(record) for record in verdicts.again.stale(10).records]
    assert [(run.number, run.policy, run.phase) for run in made if run] == [(2, "centre.1", Phase.FILING)] * 2
    assert verdicts.again.stale(10).count == 0
