"""A portal of 437,000 notices, all of them known: what a poll costs that finds nothing new."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, overload

from sqlalchemy import insert

from archive.clock import SystemClock
from archive.db.uow import Database
from archive.records.model import item
from archive.settings import Settings, environment
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.portal.listing import row_mark
from ingest.simulator.port import PLAIN, Manner, Row
from ingest.simulator.server import SimulatorServer
from ingest.sources.model import arrival
from ingest.sources.repository import SourceRepository
from ingest.worker import build_runtime

NAME = "portal-frontier"
SOURCE = "frontier"
ROWS = 437_000
PAGE = 100
_A_DAY = 120
"""Notices a day: ten years' worth."""

_BATCH = 5_000
_PROGRAM = Path(sys.executable).with_name("juanzong")


class Frontier(Sequence[Row]):
    """Rows that are made when they are asked for, the newest first."""

    def __init__(self, count: int, newest: datetime) -> None:
        self._count = count
        self._newest = newest

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self.row(number) for number in range(*place.indices(self._count))]
        return self.row(place)

    def moment(self, number: int) -> datetime:
        """When a notice was published, by the portal's clock (UTC+8)."""
        return self._newest - timedelta(days=number // _A_DAY, minutes=number % _A_DAY)

    def row(self, number: int) -> Row:
        """One row as the list shows it."""
        published = self.moment(number)
        return {
            "infoid": f"00000000-0000-4000-8000-{number:012d}",
            "title": f"第{number}号道路及管网改造工程公开招标公告",
            "categorynum": f"00300100{number % 8 + 1}",
            "infodate": f"{published:%Y-%m-%d}",
            "pubinwebdate": f"{published:%Y-%m-%d %H:%M:%S}",
            "lasteditdate": f"{published:%Y-%m-%d %H:%M:%S}",
            "xiaqucode": "370100",
        }


class FrontierSite:
    """A portal that counts what it is asked."""

    def __init__(self, rows: Frontier) -> None:
        self._rows = rows
        self._lock = threading.Lock()
        self.lists = self.details = 0

    def listing(self, category: str | None) -> Sequence[Row]:
        del category
        return self._rows

    def detail(self, infoid: str) -> Row | None:
        return {**self._rows.row(int(infoid[-12:])), "infocontent": "<p>正文</p>", "attachments": []}

    def file(self, infoid: str, name: str) -> bytes | None:
        del infoid, name
        return None

    def manner(self, infoid: str | None) -> Manner:
        with self._lock:
            if infoid is None:
                self.lists += 1
            else:
                self.details += 1
        return PLAIN


@dataclass(frozen=True)
class Polled:
    """What one reading took: seconds and the most memory of the reader's own process, start and imports included."""

    seconds: float
    megabytes: float
    lists: int
    details: int
    summary: dict[str, Any]


def measure(rows: int = ROWS) -> dict[str, object]:
    """Seconds, memory and requests of a poll without news, with the memory of one whose portal has 100 rows."""
    few = _measured(PAGE, walked=True)[0]
    poll, whole = _measured(rows, walked=True, whole=True)
    assert whole is not None
    return {
        "benchmark": NAME,
        "value": round(poll.seconds, 2),
        "unit": "seconds for a poll without news, process start included",
        "rows": rows,
        "megabytes": round(poll.megabytes),
        "megabytes_with_100_rows": round(few.megabytes),
        "seconds_with_100_rows": round(few.seconds, 2),
        "list_requests": poll.lists,
        "detail_requests": poll.details,
        "received": poll.summary["received"],
        "news": poll.summary["received"] - poll.summary["unchanged"],
        "walk_to_the_end_seconds": round(whole.seconds, 1),
        "walk_to_the_end_megabytes": round(whole.megabytes),
        "walk_to_the_end_list_requests": whole.lists,
        "walk_to_the_end_received": whole.summary["received"],
    }


def _measured(rows: int, *, walked: bool, whole: bool = False) -> tuple[Polled, Polled | None]:
    site = FrontierSite(Frontier(rows, datetime.now(UTC).replace(tzinfo=None, microsecond=0)))
    with tempfile.TemporaryDirectory() as folder, SimulatorServer(site) as base:
        home = Path(folder) / "home"
        subprocess.run([_PROGRAM, "init", "--home", home], check=True, stdout=subprocess.DEVNULL, env=environment())
        runtime = build_runtime(Settings.load({}, home))
        options = {"requests_per_second": 0, "page_size": PAGE}
        runtime.ingest.sources.register(SOURCE, "portal", base, options)
        fill(runtime.kernel.database, site.listing(None))
        _place(runtime.kernel.database, walked=walked)
        poll = _poll(home, site)
        if not whole:
            runtime.kernel.close()
            return poll, None
        _place(runtime.kernel.database, walked=False)
        runtime.kernel.close()
        return poll, _poll(home, site)


def fill(database: Database, rows: Sequence[Row]) -> None:
    """Have every row captured and asked about just now: a record and what is remembered of it, without its bytes."""
    now = datetime.now(UTC)
    counters = load_dialect("plain").row.counters
    for start in range(0, len(rows), _BATCH):
        with database.writing() as uow:
            batch = list(enumerate(rows[start : start + _BATCH], start))
            uow.connection.execute(insert(item), list(_items(batch, now)))
            uow.connection.execute(insert(arrival), list(_arrivals(batch, now, counters)))


def _items(batch: list[tuple[int, Row]], now: datetime) -> Iterator[dict[str, object]]:
    for number, row in batch:
        published = datetime.fromisoformat(row["pubinwebdate"]).replace(tzinfo=UTC) - timedelta(hours=8)
        yield {
            "id": f"rec_{number}",
            "source": SOURCE,
            "external_id": row["infoid"],
            "fonds": "0001",
            "region": row["xiaqucode"],
            "state": "placed",
            "version": 1,
            "title": row["title"],
            "published": published,
            "level": "public",
            "created_at": now,
            "updated_at": now,
        }


def _arrivals(batch: list[tuple[int, Row]], now: datetime, counters: frozenset[str]) -> Iterator[dict[str, object]]:
    for number, row in batch:
        mark = row_mark(row, counters)
        yield {
            "source": SOURCE,
            "external_id": row["infoid"],
            "status": "captured",
            "record_id": f"rec_{number}",
            "fingerprint": f'{mark}:"{number:032x}"',
            "first_seen": now,
            "last_seen": now,
            "checked_at": now,
            "since": now,
            "tries": 0,
            "data_set": row["categorynum"],
            "day": datetime.fromisoformat(row["pubinwebdate"]).date(),
            "digest": f"mark:{mark}",
            "superseded": [],
        }


def _place(database: Database, *, walked: bool) -> None:
    position = {"walked": SystemClock().now().isoformat()} if walked else {}
    with database.writing() as uow:
        SourceRepository(uow.connection).update(SOURCE, position=position)


def _poll(home: Path, site: FrontierSite) -> Polled:
    site.lists = site.details = 0
    begin = time.monotonic()
    command = [str(_PROGRAM), "sync", SOURCE, "--home", str(home), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        answer = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begin
    summary: dict[str, Any] = json.loads(answer)[SOURCE]
    assert process.returncode == 0, summary
    return Polled(seconds, usage.ru_maxrss / 1024, site.lists, site.details, summary)
