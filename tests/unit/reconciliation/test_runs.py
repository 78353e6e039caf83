"""Runs over a source that lists what it has: what they find, how it is repaired, and how that closes."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from archive.authorization import SYSTEM_ACTOR
from archive.errors import Conflict, InvalidInput, NotFound, Unavailable
from ingest.connectors.port import Arrival
from ingest.reconciliation.types import Difference, DifferenceState, Found, Kind, Run, RunState
from ingest.types import ArrivalStatus
from ingest.waking import SYNC
from tests.small_archive import SOURCE, SmallArchive, notice
from tests.unit.reconciliation.ends import NAME, FarEnd, listed, read, register

HOUR = timedelta(hours=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


@pytest.fixture
def far(archive: SmallArchive) -> FarEnd:
    """A source of three documents, all of them taken in."""
    end = FarEnd({"a": "1", "b": "1", "c": "1"})
    register(archive, end)
    read(archive)
    archive.clock.advance(HOUR)
    end.fetched.clear()
    return end


def reconciled(archive: SmallArchive, state: RunState = RunState.DONE) -> Run:
    archive.clock.advance(HOUR)
    run = archive.ingest.reconciliation.service.reconcile(NAME)
    assert run.state is state
    return run


def differences(archive: SmallArchive, *states: DifferenceState) -> list[Difference]:
    wanted = states or (DifferenceState.OPEN, DifferenceState.ASKED)
    return archive.ingest.reconciliation.service.differences(None, wanted)


def kinds(archive: SmallArchive, *states: DifferenceState) -> dict[str, Kind]:
    return {found.external_id: found.kind for found in differences(archive, *states)}


def asked_to_be_read(archive: SmallArchive) -> list[str]:
    found = []
    while (job := archive.kernel.jobs.claim("test", frozenset({SYNC}))) is not None:
        found.append(job.key)
        archive.kernel.jobs.complete(job)
    return found


def test_where_both_sides_agree_nothing_is_found(archive: SmallArchive, far: FarEnd) -> None:
    run = reconciled(archive)
    assert (run.counts["listed"], run.counts["held"], run.counts["same"]) == (3, 3, 3)
    assert differences(archive) == []
    (bucket,) = archive.ingest.reconciliation.service.buckets(run.id, 10, differing=False)
    assert (bucket.data_set, bucket.their_count, bucket.our_count, bucket.differences) == (far.data_set, 3, 3, 0)


def test_it_finds_what_is_missing_extra_and_changed(archive: SmallArchive, far: FarEnd) -> None:
    del far.marks["a"]
    far.marks |= {"b": "2", "d": "1"}
    run = reconciled(archive)
    assert kinds(archive) == {"a": Kind.EXTRA, "b": Kind.CHANGED, "d": Kind.MISSING}
    (bucket,) = archive.ingest.reconciliation.service.buckets(run.id, 10)
    assert bucket.differences == 3


def test_another_data_set_is_a_move(archive: SmallArchive, far: FarEnd) -> None:
    far.data_set = "552"
    reconciled(archive)
    assert set(kinds(archive).values()) == {Kind.MOVED}
    archive.ingest.reconciliation.repairs.repair_all(SYSTEM_ACTOR)
    read(archive)
    assert differences(archive) == []


def test_a_list_that_breaks_off_says_nothing(archive: SmallArchive, far: FarEnd) -> None:
    del far.marks["c"]
    far.breaks_after = 1
    run = reconciled(archive, RunState.FAILED)
    assert (run.code, differences(archive)) == ("source-unreachable", [])


def test_a_list_that_breaks_off_closes_nothing(archive: SmallArchive, far: FarEnd) -> None:
    del far.marks["c"]
    reconciled(archive)
    far.breaks_after = 0
    reconciled(archive, RunState.FAILED)
    assert kinds(archive) == {"c": Kind.EXTRA}


def test_a_source_that_cannot_list_is_not_reconciled(archive: SmallArchive, far: FarEnd) -> None:
    far.mute = True
    assert reconciled(archive, RunState.NOT_POSSIBLE).code == "inventory-none"


def test_a_paused_source_is_not_asked(archive: SmallArchive, far: FarEnd) -> None:
    archive.ingest.sources.pause(NAME)
    assert reconciled(archive, RunState.NOT_POSSIBLE).code == "source-paused"
    with pytest.raises(Conflict, match="source-paused"):
        archive.ingest.reconciliation.service.hand_in(NAME, far.inventory())


def test_a_source_that_nobody_registered_is_not_reconciled(archive: SmallArchive) -> None:
    with pytest.raises(NotFound, match="source-unknown"):
        archive.ingest.reconciliation.service.reconcile("nobody")


def test_what_is_missing_is_fetched_at_once_and_closes_with_the_reading(archive: SmallArchive, far: FarEnd) -> None:
    far.marks["d"] = "1"
    reconciled(archive)
    (missing,) = differences(archive)
    repaired = archive.ingest.reconciliation.repairs.repair(SYSTEM_ACTOR, missing.id)
    assert repaired.as_json() == {"asked": 1, "flagged": 0, "sender": 0}
    assert [found.state for found in differences(archive)] == [DifferenceState.ASKED]
    assert asked_to_be_read(archive) == [NAME]
    read(archive)
    assert (far.fetched, far.positions[-1]) == (["d"], {})
    assert differences(archive) == []
    assert kinds(archive, DifferenceState.REPAIRED) == {"d": Kind.MISSING}


def test_what_has_changed_is_fetched_again(archive: SmallArchive, far: FarEnd) -> None:
    seen = archive.arrival("b", NAME)
    assert seen is not None
    far.marks["b"] = "2"
    reconciled(archive)
    archive.ingest.reconciliation.repairs.repair_all(SYSTEM_ACTOR, NAME, Kind.CHANGED)
    read(archive)
    assert (far.fetched, differences(archive)) == (["b"], [])


def test_what_is_extra_is_flagged_and_kept(archive: SmallArchive, far: FarEnd) -> None:
    del far.marks["c"]
    reconciled(archive)
    repaired = archive.ingest.reconciliation.repairs.repair_all(SYSTEM_ACTOR)
    assert (repaired.flagged, differences(archive)) == (1, [])
    seen = archive.arrival("c", NAME)
    assert seen is not None
    assert (seen.status, seen.code) == (ArrivalStatus.GONE, "not-listed-at-source")
    assert reconciled(archive).counts["extra"] == 0
    assert "c" in archive.records()


def test_what_mends_itself_is_closed_by_the_next_run(archive: SmallArchive, far: FarEnd) -> None:
    far.marks["d"] = "1"
    reconciled(archive)
    read(archive)
    reconciled(archive)
    assert (differences(archive), kinds(archive, DifferenceState.REPAIRED)) == ([], {"d": Kind.MISSING})


def test_what_is_found_again_after_it_was_repaired_is_open_again(archive: SmallArchive, far: FarEnd) -> None:
    far.marks["d"] = "1"
    reconciled(archive)
    del far.marks["d"]
    reconciled(archive)
    far.marks["d"] = "1"
    reconciled(archive)
    assert [found.state for found in differences(archive)] == [DifferenceState.OPEN]


def test_what_a_person_accepted_stays_accepted_until_a_side_says_something_else(
    archive: SmallArchive, far: FarEnd
) -> None:
    repairs = archive.ingest.reconciliation.repairs
    far.marks["b"] = "2"
    reconciled(archive)
    (changed,) = differences(archive)
    with pytest.raises(InvalidInput, match="difference-without-reason"):
        repairs.accept(SYSTEM_ACTOR, changed.id, "  ")
    repairs.accept(SYSTEM_ACTOR, changed.id, "来源已说明")
    with pytest.raises(Conflict, match="difference-settled"):
        repairs.repair(SYSTEM_ACTOR, changed.id)
    reconciled(archive)
    (accepted,) = differences(archive, DifferenceState.ACCEPTED)
    assert (accepted.reason, accepted.actor) == ("来源已说明", SYSTEM_ACTOR.id)
    far.marks["b"] = "3"
    reconciled(archive)
    assert [(found.external_id, found.state) for found in differences(archive)] == [("b", DifferenceState.OPEN)]


def test_repairs_and_acceptances_are_in_the_ledger(archive: SmallArchive, far: FarEnd) -> None:
    del far.marks["a"]
    far.marks |= {"b": "2", "d": "1"}
    reconciled(archive)
    repairs = archive.ingest.reconciliation.repairs
    (changed,) = [found for found in differences(archive) if found.kind is Kind.CHANGED]
    repairs.accept(SYSTEM_ACTOR, changed.id, "来源已说明")
    repairs.repair_all(SYSTEM_ACTOR)
    told = [entry.event.body["choice"] for entry in archive.entries() if entry.event.type == "decision.made"]
    assert sorted(told, key=str) == [{"accept": ["b"]}, {"ask": ["d"]}, {"flag": ["a"]}]


def test_what_is_unknown_cannot_be_repaired(archive: SmallArchive) -> None:
    with pytest.raises(NotFound, match="difference-unknown"):
        archive.ingest.reconciliation.repairs.repair(SYSTEM_ACTOR, "run_none")


def test_a_source_that_is_delivered_hands_its_list_in_and_is_told_what_to_send(archive: SmallArchive) -> None:
    archive.take(notice("n1", "公告"))
    archive.clock.advance(HOUR)
    seen = archive.arrival("n1")
    assert seen is not None
    reconciliation = archive.ingest.reconciliation
    assert reconciliation.service.reconcile(SOURCE).code == "inventory-of-sender"
    end = FarEnd({"n2": "1"})
    run = reconciliation.service.hand_in(SOURCE, end.inventory())
    assert (run.counts["missing"], run.counts["extra"]) == (1, 1)
    repaired = reconciliation.repairs.repair_all(SYSTEM_ACTOR, kind=Kind.MISSING)
    assert repaired.as_json() == {"asked": 0, "flagged": 0, "sender": 1}
    assert asked_to_be_read(archive) == []
    assert kinds(archive, DifferenceState.ASKED) == {"n2": Kind.MISSING}
    reconciliation.service.hand_in(SOURCE, end.inventory())
    assert kinds(archive, DifferenceState.ASKED) == {"n2": Kind.MISSING}
    archive.take(Arrival("n2", notice("n2", "公告"), stated=listed("1")))
    assert reconciliation.repairs.settle(SOURCE) == 1


def test_a_list_that_cannot_be_used_is_a_run_that_says_so(archive: SmallArchive) -> None:
    end = FarEnd({"": "1"})
    with pytest.raises(InvalidInput, match="inventory-entry"):
        archive.ingest.reconciliation.service.hand_in(SOURCE, end.inventory())
    run = archive.ingest.reconciliation.service.latest(SOURCE)
    assert run is not None
    assert (run.state, run.code, differences(archive)) == (RunState.FAILED, "inventory-entry", [])


def test_a_run_that_was_killed_leaves_nothing_that_the_next_does_not_put_right(
    archive: SmallArchive, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.marks["d"] = "1"
    monkeypatch.setattr("ingest.reconciliation.service.Run", _killed)
    with pytest.raises(KeyboardInterrupt):
        archive.ingest.reconciliation.service.reconcile(NAME)
    monkeypatch.undo()
    assert archive.ingest.reconciliation.service.latest(NAME) is None
    reconciled(archive)
    reconciled(archive)
    assert kinds(archive) == {"d": Kind.MISSING}


def _killed(*_: object) -> Run:
    raise KeyboardInterrupt


def test_what_another_run_finds_in_the_meantime_is_not_closed(
    archive: SmallArchive, far: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.marks["d"] = "1"
    reconciled(archive)
    service, others, at_once = archive.ingest.reconciliation.service, iter([1]), islice

    def with_another(found: Iterator[Found], most: int) -> Iterator[Found]:
        """Both runs have found it when the first of them comes to its end."""
        batch = list(at_once(found, most))
        if not batch and next(others, None):
            service.reconcile(NAME)
        return iter(batch)

    monkeypatch.setattr("ingest.reconciliation.service.islice", with_another)
    reconciled(archive)
    assert next(others, None) is None
    assert kinds(archive) == {"d": Kind.MISSING}
    del far.marks["d"]
    reconciled(archive)
    assert kinds(archive) == {}


def test_a_connector_that_breaks_in_its_own_way_is_a_run_that_failed(archive: SmallArchive, far: FarEnd) -> None:
    far.breaks_with = KeyError("of the connector")
    run = reconciled(archive, RunState.FAILED)
    assert (run.code, differences(archive)) == ("source-crashed", [])
    assert "KeyError" in str(run.message)
    assert "of the connector" not in str(run.message)


def test_what_the_archive_itself_lacks_is_no_fault_of_the_source(archive: SmallArchive, far: FarEnd) -> None:
    far.breaks_with = Unavailable("inventory-scratch", detail="full")
    with pytest.raises(Unavailable):
        archive.ingest.reconciliation.service.reconcile(NAME)
    assert archive.ingest.reconciliation.service.latest(NAME) is None
