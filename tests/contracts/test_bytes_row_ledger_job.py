"""Bytes first, row second, ledger last, job after the commit; and nothing of it where something fails."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import Connection, event

from archive.blobs.digests import Digest
from archive.blobs.memory import MemoryBlobStore
from archive.clock import FixedClock
from archive.db.base import metadata
from archive.db.engine import build_engine
from archive.db.uow import Database, UnitOfWork
from archive.errors import Unavailable
from archive.ids import SequentialIds
from archive.jobs.memory import MemoryJobQueue
from archive.jobs.port import Lane
from archive.ledger.memory import MemoryLedger
from archive.ledger.types import Event
from archive.records.repository import RecordRepository
from archive.records.service import RecordService
from archive.records.types import Delivery
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import WITHDRAWN, Arrival, Refused, Withdrawn
from ingest.pipeline.graph import build_graph
from ingest.service import IntakeService
from ingest.taking import Taker
from ingest.types import Summary
from tests.small_archive import attachment, notice

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
DELIVERY = notice("n1", "招标公告", attachment("招标文件.pdf", b"%PDF"))


class RecordingBlobs(MemoryBlobStore):
    def __init__(self, acts: list[str]) -> None:
        super().__init__()
        self.acts = acts
        self.broken = False

    def put(self, stream: BinaryIO) -> Digest:
        if self.broken:
            raise Unavailable("blob-store-full", path="/", detail="no space")
        digest = super().put(stream)
        self.acts.append("bytes")
        return digest


class RecordingLedger(MemoryLedger):
    def __init__(self, acts: list[str], clock: FixedClock) -> None:
        super().__init__(clock)
        self.acts = acts
        self.broken = False

    def append(self, uow: UnitOfWork, event: Event) -> int:
        if self.broken:
            raise Unavailable("database-unavailable", detail="locked")
        index = super().append(uow, event)
        self.acts.append("ledger")
        return index


class RecordingJobs(MemoryJobQueue):
    def __init__(self, acts: list[str], clock: FixedClock) -> None:
        super().__init__(clock, SequentialIds(), timedelta(seconds=60), 5)
        self.acts = acts
        self.broken = False

    def enqueue(
        self, uow: UnitOfWork, kind: str, key: str, *, due: datetime | None = None, lane: Lane = Lane.LIGHT
    ) -> None:
        if self.broken:
            raise Unavailable("database-unavailable", detail="locked")
        super().enqueue(uow, kind, key, due=due, lane=lane)
        uow.after_commit(lambda: self.acts.append("job"))


class Bench:
    """Intake on twins that write down what is done, in order."""

    def __init__(self, database: Database) -> None:
        clock, self.acts = FixedClock(NOW), list[str]()
        self.database = database
        self.blobs = RecordingBlobs(self.acts)
        self.ledger = RecordingLedger(self.acts, clock)
        self.jobs = RecordingJobs(self.acts, clock)
        self.records = RecordService(self.blobs, self.ledger, clock, SequentialIds(), lambda _: "Z001")
        taker = Taker(database, self.blobs, self.records, self.ledger, self.jobs, clock, build_graph())
        self.intake = IntakeService(database, self.jobs, clock, taker)
        event.listen(database.engine, "before_cursor_execute", self._row)
        event.listen(database.engine, "commit", self._commit)

    def _row(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        del connection, cursor, rest
        verb, _, what = statement.partition(" ")
        if verb == "INSERT":
            self.acts.append(what.split()[1])

    def _commit(self, connection: Connection) -> None:
        del connection
        self.acts.append("commit")

    def take(self, *arrivals: Arrival) -> Summary:
        summary = Summary()
        self.intake.take("portal", MemoryConnector(arrivals), summary)
        return summary

    def deliver(self, delivery: Delivery = DELIVERY) -> Summary:
        return self.take(Arrival(delivery.external_id, delivery))

    def left(self) -> tuple[int, int, int]:
        """Records, ledger entries and jobs that are there."""
        with self.database.reading() as connection:
            return (
                len(RecordRepository(connection).ids_after("", 100)),
                self.ledger.size(connection),
                self.jobs.pending(),
            )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    database = Database(build_engine(f"sqlite:///{tmp_path}/archive.db"))
    metadata.create_all(database.engine)
    yield Bench(database)
    database.dispose()


def test_a_document_is_taken_in_in_this_order(bench: Bench) -> None:
    assert bench.deliver().captured == 1
    rows = ["records_item", "records_version", "records_component"]
    remembered = ["ingest_arrival", "ingest_outcome"]
    assert bench.acts == ["bytes", "bytes", *rows, "ledger", *remembered, "commit", "job"]
    assert bench.left() == (1, 1, 1)


def test_a_new_version_too(bench: Bench) -> None:
    bench.deliver()
    bench.acts.clear()
    assert bench.deliver(notice("n1", "招标公告", body="第二稿")).new_versions == 1
    rows = ["records_version", "records_component"]
    assert bench.acts == ["bytes", *rows, "ledger", "ingest_arrival", "ingest_outcome", "commit", "job"]


def test_what_has_not_changed_is_told_to_nobody(bench: Bench) -> None:
    bench.deliver()
    bench.acts.clear()
    assert bench.deliver().unchanged == 1
    assert bench.acts == ["bytes", "bytes", "ingest_arrival", "commit"]
    assert bench.left() == (1, 1, 1)


def test_each_document_is_a_transaction_of_its_own(bench: Bench) -> None:
    bench.take(*(Arrival(name, notice(name, "公告")) for name in ("a", "b", "c")))
    assert bench.acts.count("commit") == bench.acts.count("ledger") == bench.acts.count("job") == 3
    assert [act for act in bench.acts if act in {"bytes", "commit"}] == ["bytes", "commit"] * 3


def test_what_is_refused_keeps_its_bytes_before_it_is_told(bench: Bench) -> None:
    bench.take(Arrival("bad", Refused("row-without-id", {"line": 1}, b"{}")))
    assert bench.acts == ["bytes", "ingest_arrival", "ledger", "commit"]
    bench.acts.clear()
    bench.take(Arrival("bad", Refused("row-without-id", {"line": 1}, b"{}")))
    assert bench.acts == ["bytes", "ingest_arrival", "commit"]


def test_a_withdrawal_is_told_once(bench: Bench) -> None:
    bench.deliver()
    bench.acts.clear()
    for _ in range(2):
        bench.take(Arrival("n1", Withdrawn(WITHDRAWN)))
    assert bench.acts == ["ingest_arrival", "ledger", "commit", "ingest_arrival", "commit"]


def test_a_store_that_fails_leaves_nothing(bench: Bench) -> None:
    bench.blobs.broken = True
    with pytest.raises(Unavailable):
        bench.deliver()
    assert bench.acts == []
    assert bench.left() == (0, 0, 0)
    bench.blobs.broken = False
    assert bench.deliver().captured == 1


def test_a_ledger_that_fails_leaves_bytes_only_and_they_are_found_again(bench: Bench) -> None:
    bench.ledger.broken = True
    with pytest.raises(Unavailable):
        bench.deliver()
    assert "commit" not in bench.acts
    assert bench.left() == (0, 0, 0)
    stored = list(bench.blobs.digests())
    assert len(stored) == 2
    bench.ledger.broken = False
    assert bench.deliver().captured == 1
    assert list(bench.blobs.digests()) == stored
    assert bench.left() == (1, 1, 1)


def test_a_rollback_takes_rows_ledger_entry_and_job_with_it(bench: Bench) -> None:
    bench.jobs.broken = True
    with pytest.raises(Unavailable):
        bench.deliver()
    assert "ledger" in bench.acts
    assert "job" not in bench.acts
    assert bench.left() == (0, 0, 0)
    bench.jobs.broken = False
    assert bench.deliver().captured == 1
    assert bench.left() == (1, 1, 1)


def test_what_failed_does_not_take_what_was_done_before_with_it(bench: Bench) -> None:
    bench.deliver()
    bench.ledger.broken = True
    with pytest.raises(Unavailable):
        bench.deliver(notice("n2", "公告"))
    assert bench.left() == (1, 1, 1)
