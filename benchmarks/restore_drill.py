"""The restore drill: back up an archive on real servers, restore it into others that are empty, and compare."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archive.settings import environment
from benchmarks.servers import new_archive, stocked_home

NAME = "restore-drill"
_PROJECTS = 60


def measure() -> dict[str, object]:
    """Seconds and bytes of a backup, of one that finds nothing new, and of a restore; whether everything is equal."""
    source, target = new_archive(), new_archive()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        stocked_home(place / "one", source, _PROJECTS)
        record = _call(source, place / "one", "search", "公告", "--as", "system").pop("hits")[0]["record"]
        bundle = str(place / "before.zip")
        _call(source, place / "one", "evidence", "build", "--record", record, "--as", "system", "--out", bundle)
        first, made = _timed(source, place / "one", "backup", str(place / "kept"))
        again, nothing = _timed(source, place / "one", "backup", str(place / "kept"))
        before = _call(source, place / "one", "status")
        restoring, restored = _timed(target, place / "two", "restore", str(place / "kept"))
        after = _call(target, place / "two", "status")
        examined = _call(target, place / "two", "fsck")
        proved = _call(target, place / "two", "verify", bundle, "--trust", str(place / "two" / "trust.json"))
        found = [
            _call(each, place / home, "search", "公告", "--as", "public", "--size", "100")
            for each, home in _homes(source, target)
        ]
        size = sum(path.stat().st_size for path in (place / "kept").rglob("*") if path.is_file())
    return {
        "benchmark": NAME,
        "value": round(restoring, 1),
        "unit": "s to restore, examined and indexed",
        "backup_seconds": round(first, 1),
        "backup_again_seconds": round(again, 1),
        "copied_again": nothing["copied"],
        "rows": restored["rows"],
        "files": restored["files"],
        "bytes": made["bytes"],
        "backup_bytes_with_two_snapshots": size,
        "status_equal": _lasting(before) == _lasting(after),
        "totals_equal": _total(found[0]) == _total(found[1]),
        "fsck_clean": examined["clean"],
        "bundle_from_before_valid": proved["valid"],
    }


def _lasting(status: Mapping[str, Any]) -> dict[str, Any]:
    """How the archive stands, without how far its index is behind: the restored one is new."""
    return {name: value for name, value in status.items() if name != "index"}


def _total(found: Mapping[str, Any]) -> int:
    """How much was found. The order of relevance differs: an old index counts what it has deleted."""
    return int(found["total"])


def _homes(source: Mapping[str, str], target: Mapping[str, str]) -> tuple[tuple[Mapping[str, str], str], ...]:
    return ((source, "one"), (target, "two"))


def _timed(settings: Mapping[str, str], home: Path, *arguments: str) -> tuple[float, dict[str, Any]]:
    started = time.perf_counter()
    answer = _call(settings, home, *arguments)
    return time.perf_counter() - started, answer


def _call(settings: Mapping[str, str], home: Path, *arguments: str) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("juanzong")), "--home", str(home), "--json", *arguments]
    environ = {**environment(), **settings}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ)
    return dict(json.loads(done.stdout))
