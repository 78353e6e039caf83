"""Killed between the closing of a volume and its report, a process leaves nothing forgotten and nothing twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from archive.ledger.types import EventType
from archive.settings import Settings
from ingest.verdicts.types import ReportFormat
from ingest.worker import build_runtime
from tests.functional.command_line import ROOT, bare_environment
from tests.small_archive import SmallArchive, ending, tender

SCHOOL = "济南市第一中学采购项目"


def test_the_sweep_finds_what_was_closed_and_not_reported(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with SmallArchive.at(home) as archive:
        archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
        archive.work()
        (volume,) = archive.ingest.verdicts.volumes.closed()
    for stage in ("bytes", "row"):
        given = [sys.executable, "-m", "tests.fault.test_killed_before_the_report", str(home), volume, stage]
        died = subprocess.run(given, check=False, cwd=ROOT, env=bare_environment(), capture_output=True, timeout=120)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with SmallArchive.opened(home) as archive:
        volumes = archive.ingest.verdicts.volumes
        assert volumes.request_due() == 1
        volumes.settle(volume)
        volumes.settle(volume)
        assert volumes.request_due() == 0
        assert [entry.event.type for entry in archive.entries()].count(EventType.VOLUME_CHECKED) == 1
        report, data = volumes.report(volume, ReportFormat.JSON)
        assert report.run.encode() in data
        assert archive.fsck().findings == ()


def report_and_die(home: str, volume: str, stage: str) -> None:
    """Make the report, and die with its first bytes in the store, or with all of them there and no row yet."""
    runtime = build_runtime(Settings.load({}, Path(home)))
    put, left = runtime.kernel.blobs.put, {"bytes": 1, "row": len(ReportFormat)}[stage]

    def dying(stream: object) -> object:
        nonlocal left
        digest = put(stream)  # type: ignore[arg-type]  # handed on as it came
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return digest

    object.__setattr__(runtime.kernel.blobs, "put", dying)
    runtime.ingest.verdicts.volumes.settle(volume)


if __name__ == "__main__":
    report_and_die(*sys.argv[1:])
