"""A portal that once was: recorded polling snapshots and the pages that were kept, shown again step by step."""

import gzip
import json
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import Conflict
from ingest.simulator.port import PLAIN, Manner, Row

_PREFIX = "yichang:"
_ROW = (
    "infoid", "title", "customtitle", "categorynum", "categoryname", "infodate", "pubinwebdate", "lasteditdate",
    "xiaqucode", "xiaquname", "infourl", "projectjiaoyitypeex",
)  # fmt: skip


@dataclass(frozen=True)
class _Snapshot:
    category: str
    day: str
    infoids: tuple[str, ...]


class Replay:
    """Serves what the snapshots shown so far had listed. Nothing is shown before the first `advance`.

    Args:
        arrivals: JSON lines of polling snapshots: `file`, `polled_at`, `new_ids` (`yichang:` before each identifier).
        pages: the raw portal items that were kept, gzipped JSON lists. A file `…_zb.json.gz` holds items of the
            snapshots whose `file` is `zb.json`.

    An identifier without a page is listed with an empty title and the day of its snapshot; its detail is gone.
    """

    def __init__(self, arrivals: Path, pages: Sequence[Path]) -> None:
        kept = {path: _read_pages(path) for path in pages}
        self._pages = {item["infoid"]: item for items in kept.values() for item in items}
        categories = {_series(path): _commonest(items) for path, items in kept.items()}
        with arrivals.open(encoding="utf-8") as lines:
            self._snapshots = [_snapshot(json.loads(line), categories) for line in lines if line.strip()]
        self._shown: list[Row] = []
        self._known: set[str] = set()
        self._position = 0
        self._lock = threading.Lock()

    @property
    def snapshots(self) -> int:
        """How many snapshots there are."""
        return len(self._snapshots)

    @property
    def position(self) -> int:
        """How many of them have been shown."""
        return self._position

    def advance(self) -> None:
        """Show the next snapshot.

        Raises:
            Conflict: all have been shown.
        """
        with self._lock:
            if self._position == len(self._snapshots):
                raise Conflict("simulator-replay-finished", snapshots=len(self._snapshots))
            snapshot = self._snapshots[self._position]
            self._position += 1
            fresh = [infoid for infoid in snapshot.infoids if infoid not in self._known]
            self._known.update(fresh)
            rows = [self._row(infoid, snapshot) for infoid in fresh]
            # sorted() is stable, so that of one day the later arrivals stand first, as on the portal
            self._shown = sorted([*rows, *self._shown], key=lambda row: str(row["infodate"]), reverse=True)

    def listing(self, category: str | None) -> Sequence[Row]:
        shown = self._shown
        return [row for row in shown if category is None or str(row["categorynum"]).startswith(category)]

    def detail(self, infoid: str) -> Row | None:
        page = self._pages.get(infoid)
        if page is None or infoid not in self._known:
            return None
        unknown = (
            "data_no", "project_code", "project_name", "tender_project_code", "section_codes", "section_names",
            "unified_deal_code",
        )  # fmt: skip
        return {**page, "attachments": [], **dict.fromkeys(unknown)}

    def file(self, infoid: str, name: str) -> bytes | None:  # noqa: ARG002 - the kept pages have no attachments
        return None

    def manner(self, infoid: str | None) -> Manner:  # noqa: ARG002 - a replay has no bad manners
        return PLAIN

    def _row(self, infoid: str, snapshot: _Snapshot) -> Row:
        page = self._pages.get(infoid)
        if page is not None:
            return {name: page[name] for name in _ROW}
        bare = {"infoid": infoid, "title": "", "categorynum": snapshot.category, "infodate": snapshot.day}
        return dict.fromkeys(_ROW) | bare


def _read_pages(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        items: list[dict[str, Any]] = json.load(stream)
    return items


def _series(path: Path) -> str:
    """`zb` of `yichang_epoint_zb.json.gz`, `zb` of `zb.json`."""
    return path.name.partition(".")[0].rpartition("_")[2]


def _commonest(items: list[dict[str, Any]]) -> str:
    return Counter(str(item["categorynum"]) for item in items).most_common(1)[0][0]


def _snapshot(row: dict[str, Any], categories: dict[str, str]) -> _Snapshot:
    infoids = tuple(str(entry).removeprefix(_PREFIX) for entry in row["new_ids"])
    return _Snapshot(categories[_series(Path(row["file"]))], str(row["polled_at"])[:10], infoids)
