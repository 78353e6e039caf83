"""Messages are only wake-ups: lose them all, and a sweep finds the work that is left."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from structlog.testing import capture_logs

from access_control.wiring import build_access
from archive.errors import Damaged, Unavailable
from archive.jobs.model import job
from archive.records.types import RecordState
from ingest.coordinator import Coordinator
from ingest.repository import OutcomeRepository
from ingest.waking import ADVANCE
from ingest.worker import Runtime, host_name
from search.wiring import Ports, build_search
from tests.small_archive import SmallArchive, ending, notice, taken_back, tender

SCHOOL, CLINIC = "济南市第一中学教学设备采购项目", "青岛市立医院检验设备采购项目"


def coordinator(archive: SmallArchive) -> Coordinator:
    kernel = archive.kernel
    access = build_access(kernel.database, kernel.clock, kernel.ids, kernel.ledger, session_lifetime=timedelta(hours=1))
    ports = Ports(kernel.database, kernel.ledger, archive.authorizer, str, archive.settings.web.timezone)
    search = build_search(archive.settings.search.url, ports)
    return Coordinator(Runtime(kernel, access, search, archive.ingest))


def lose_every_message(archive: SmallArchive) -> None:
    with archive.kernel.database.writing() as uow:
        uow.connection.execute(delete(job))
    assert archive.pending() == 0


def run_some(steps: int) -> Callable[[SmallArchive], None]:
    """Take as many records through as `steps`, then stop, as a killed worker does."""

    def run(archive: SmallArchive) -> None:
        for _ in range(steps):
            found = archive.kernel.jobs.claim("dying", frozenset({ADVANCE}))
            assert found is not None
            archive.ingest.runner.advance(found.key)

    return run


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_without_a_single_message_everything_reaches_its_end(archive: SmallArchive, steps: int) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL), tender(2, CLINIC), notice("w1", "通知"))
    run_some(steps)(archive)
    lose_every_message(archive)
    assert coordinator(archive).sweep() == 4 - steps
    archive.work()
    assert archive.states() == {
        "t1": RecordState.FILED,
        "e1": RecordState.FILED,
        "t2": RecordState.PLACED,
        "w1": RecordState.WAITING,
    }
    assert coordinator(archive).sweep() == 0
    assert archive.fsck().findings == ()


def test_what_is_done_waits_or_was_returned_is_left_alone(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), notice("w1", "通知"), notice("r1", "长" * 600))
    archive.work()
    assert archive.states() == {"t1": RecordState.PLACED, "w1": RecordState.WAITING, "r1": RecordState.RETURNED}
    assert coordinator(archive).sweep() == 0
    assert archive.pending() == 0


def test_a_new_version_of_what_waited_is_work_again(archive: SmallArchive) -> None:
    archive.take(notice("t1", "通知"))
    archive.work()
    archive.take(tender(1, SCHOOL))
    lose_every_message(archive)
    assert coordinator(archive).sweep() == 1
    archive.work()
    assert archive.states() == {"t1": RecordState.PLACED}


def test_what_was_withdrawn_on_the_way_is_still_understood(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL), taken_back("t1"))
    lose_every_message(archive)
    assert coordinator(archive).sweep() == 1
    archive.work()
    record = archive.record("t1")
    assert (record.state, record.class_code) == (RecordState.WITHDRAWN, "ZC.02.01")


def test_sweeping_twice_asks_once(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL))
    assert [coordinator(archive).sweep(), coordinator(archive).sweep(), archive.pending()] == [1, 1, 1]


def test_an_outcome_that_was_lost_is_found_out_again(archive: SmallArchive) -> None:
    archive.take(tender(1, SCHOOL))
    archive.work()
    with archive.kernel.database.writing() as uow:
        OutcomeRepository(uow.connection).drop(archive.record("t1").id, 1, ["classify", "place"])
    assert coordinator(archive).sweep() == 1
    archive.work()
    assert set(archive.outcomes("t1")) == {"receive", *archive.ingest.graph.versions()}
    assert archive.record("t1").state is RecordState.PLACED


def test_no_duty_of_a_leader_keeps_the_others_waiting(archive: SmallArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    leading = coordinator(archive)
    done: list[str] = []

    def broken() -> None:
        done.append("follow")
        raise Damaged("search-index-unreadable", path="index", detail="gone")

    def away() -> None:
        raise Unavailable("broker-unavailable", broker="host", detail="refused")

    monkeypatch.setattr(leading, "_follow_once", broken)
    monkeypatch.setattr(leading, "_send_again", away)
    monkeypatch.setattr(archive.ingest.sources, "request_due", lambda: done.append("read"))
    with capture_logs() as logs:
        last = leading._tick(None)
        leading._tick(last)
    # The index is tried at each look, the sources are asked at their interval, whatever else goes wrong.
    assert done == ["follow", "read", "follow"]
    told = [(entry["duty"], entry["log_level"]) for entry in logs if entry["event"] == "lead.failed"]
    assert told == [("follow", "error"), ("send", "warning"), ("follow", "error")]
    leading._leadership.release()


def test_workers_of_hosts_whose_names_begin_alike_are_not_taken_for_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = set()
    for host in ("juanzong-worker-7d9f8b6c5f-abcde", "juanzong-worker-7d9f8b6c5f-xyz12"):
        monkeypatch.setattr("ingest.worker.socket.gethostname", lambda host=host: host)
        names.add(host_name(tmp_path))
    assert len(names) == 2
    assert all(len(f"{name}light-0000000001") <= 64 for name in names)
