"""One list of what could not be taken in or done, and going on with it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from archive.authorization import SYSTEM_ACTOR
from archive.errors import Unavailable
from archive.records.repository import RecordRepository
from archive.records.types import RecordState
from ingest.connectors.port import Arrival, Refused
from ingest.dead_letters.service import DeadLetterPorts, DeadLetterService
from ingest.dead_letters.types import DeadLetter, What
from ingest.sources.model import arrival, source
from ingest.steps.port import Item, Result
from ingest.types import ArrivalStatus
from ingest.waking import ADVANCE, SYNC
from tests.small_archive import SOURCE, START, SmallArchive, notice, tender
from tests.unit.reconciliation.ends import NAME, FarEnd, read, register


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def letters(archive: SmallArchive, **wanted: str) -> list[DeadLetter]:
    return archive.ingest.reconciliation.dead_letters.all(**wanted)  # type: ignore[arg-type]  # reason and source


def resume(archive: SmallArchive, **wanted: str) -> Mapping[str, int]:
    return archive.ingest.reconciliation.dead_letters.resume(SYSTEM_ACTOR, **wanted).as_json()


def refuse(archive: SmallArchive, name: str, code: str = "row-without-content", source: str = SOURCE) -> None:
    archive.take(Arrival(name, Refused(code, {"external_id": name, "line": 1}, name.encode())), source=source)


def set_aside(archive: SmallArchive, kind: str, key: str, code: str) -> None:
    with archive.kernel.database.writing() as uow:
        archive.kernel.jobs.enqueue(uow, kind, key)
    job = archive.kernel.jobs.claim("test", frozenset({kind}))
    assert job is not None
    archive.kernel.jobs.set_aside(job, code, "…")


def test_a_refused_document_is_listed_with_its_first_and_last_try(archive: SmallArchive) -> None:
    refuse(archive, "n1")
    for _ in range(2):
        archive.clock.advance(timedelta(hours=1))
        refuse(archive, "n1")
    (letter,) = letters(archive)
    assert (letter.what, letter.source, letter.key, letter.step) == (What.ARRIVAL, SOURCE, "n1", "receive")
    assert (letter.first, letter.last, letter.tries) == (START, START + timedelta(hours=2), 3)
    assert letter.code == "row-without-content"
    assert "n1" in letter.message
    assert letter.raw_sha256 is not None


def test_what_was_taken_in_at_last_is_no_dead_letter(archive: SmallArchive) -> None:
    refuse(archive, "n1")
    archive.take(notice("n1", "公告"))
    assert letters(archive) == []


def test_a_job_that_was_set_aside_is_listed_with_the_step_it_stopped_at(archive: SmallArchive) -> None:
    archive.take(tender(1, "望岳大道改造工程"))
    archive.ingest.runner._steps["extract"].run = _broken  # type: ignore[method-assign]  # one step breaks
    job = archive.kernel.jobs.claim("test", frozenset({ADVANCE}))
    assert job is not None
    with pytest.raises(Unavailable):
        archive.ingest.runner.advance(job.key)
    archive.kernel.jobs.set_aside(job, "tika-unavailable", "…")
    (letter,) = letters(archive)
    assert (letter.what, letter.kind, letter.source, letter.step) == (What.JOB, ADVANCE, SOURCE, "extract")
    assert (letter.first, letter.last) == (START, START)
    del archive.ingest.runner._steps["extract"].run
    before = archive.outcomes("t1")
    assert resume(archive) == {"jobs": 1, "arrivals": 0, "sender": 0}
    archive.advance()
    assert archive.record("t1").state is RecordState.PLACED
    assert {name: archive.outcomes("t1")[name] for name in before} == before
    assert letters(archive) == []


def _broken(item: Item) -> Result:
    raise Unavailable("tika-unavailable", url="", detail=item.record.id)


def test_they_are_counted_by_reason_and_listed_by_reason_and_source(archive: SmallArchive) -> None:
    register(archive, FarEnd())
    for name in ("n1", "n2"):
        refuse(archive, name)
    refuse(archive, "n3", "row-without-id", NAME)
    set_aside(archive, SYNC, NAME, "source-unreachable")
    dead = archive.ingest.reconciliation.dead_letters
    assert dead.by_reason() == {"row-without-content": 2, "row-without-id": 1, "source-unreachable": 1}
    assert dead.by_reason(NAME) == {"row-without-id": 1, "source-unreachable": 1}
    assert {letter.key for letter in letters(archive, reason="row-without-content")} == {"n1", "n2"}
    assert {letter.key for letter in letters(archive, source=NAME)} == {"n3", NAME}
    assert len(dead.all(limit=2)) == 2


def test_a_refused_document_is_fetched_again_where_its_source_is_read(archive: SmallArchive) -> None:
    far = FarEnd({"a": "1"})
    register(archive, far)
    refuse(archive, "a", source=NAME)
    (letter,) = letters(archive)
    assert letter.by_us
    assert resume(archive) == {"jobs": 0, "arrivals": 1, "sender": 0}
    job = archive.kernel.jobs.claim("test", frozenset({SYNC}))
    assert job is not None
    assert job.key == NAME
    read(archive)
    assert (far.fetched, letters(archive)) == (["a"], [])


def test_what_others_have_to_send_again_is_said_to_be_so(archive: SmallArchive) -> None:
    refuse(archive, "n1")
    (letter,) = letters(archive)
    assert not letter.by_us
    assert resume(archive) == {"jobs": 0, "arrivals": 0, "sender": 1}
    assert [letter.key for letter in letters(archive)] == ["n1"]
    assert archive.kernel.jobs.claim("test", frozenset({SYNC})) is None


def test_a_paused_source_is_not_read_for_them(archive: SmallArchive) -> None:
    register(archive, FarEnd({"a": "1"}))
    refuse(archive, "a", source=NAME)
    archive.ingest.sources.pause(NAME)
    assert not letters(archive)[0].by_us
    assert resume(archive)["sender"] == 1


def test_only_those_of_a_reason_go_on(archive: SmallArchive) -> None:
    register(archive, FarEnd({"a": "1"}))
    set_aside(archive, ADVANCE, "rec_1", "blob-missing")
    set_aside(archive, SYNC, NAME, "source-unreachable")
    refuse(archive, "a", source=NAME)
    assert resume(archive, reason="blob-missing") == {"jobs": 1, "arrivals": 0, "sender": 0}
    assert resume(archive, reason="row-without-content") == {"jobs": 0, "arrivals": 1, "sender": 0}
    assert [letter.code for letter in letters(archive)] == ["source-unreachable", "row-without-content"]


def test_only_those_of_a_source_go_on(archive: SmallArchive) -> None:
    register(archive, FarEnd({"a": "1"}))
    set_aside(archive, ADVANCE, "rec_1", "blob-missing")
    set_aside(archive, SYNC, NAME, "source-unreachable")
    assert resume(archive, source=NAME)["jobs"] == 1
    assert [letter.code for letter in letters(archive)] == ["blob-missing"]


def test_going_on_is_in_the_ledger(archive: SmallArchive) -> None:
    refuse(archive, "n1")
    resume(archive, reason="row-without-content")
    last = archive.entries()[-1].event
    assert (last.type, last.subject_id) == ("decision.made", SOURCE)
    assert last.body == {"step": "receive", "choice": {"resume": "row-without-content"}, "documents": 1}


def test_other_lists_can_be_joined(archive: SmallArchive) -> None:
    held = DeadLetter(
        What.MESSAGE, SOURCE, "m1", "push", "join", "push-parent-missing", "…", START, START, 1, by_us=False
    )
    kernel, ingest = archive.kernel, archive.ingest
    ports = DeadLetterPorts(
        kernel.database, kernel.ledger, kernel.jobs, ingest.opener.registry, ingest.graph, (lambda: [held],)
    )
    service = DeadLetterService(ports)
    assert service.all() == [held]
    assert service.all(reason="row-without-id") == []
    assert service.by_reason() == {"push-parent-missing": 1}


def test_nothing_belongs_to_nothing(archive: SmallArchive) -> None:
    archive.take(notice("n1", "公告"))
    refuse(archive, "n2")
    assert archive.ingest.reconciliation.dead_letters.orphans().none


def test_what_a_hand_in_the_database_has_torn_apart_is_found(archive: SmallArchive) -> None:
    archive.take(notice("n1", "公告"), notice("n2", "另一公告"))
    with archive.kernel.database.writing() as uow:
        torn = arrival.c.external_id == "n1"
        uow.connection.execute(update(arrival).where(torn).values(record_id=None))
        uow.connection.execute(delete(arrival).where(arrival.c.external_id == "n2"))
        uow.connection.execute(delete(source).where(source.c.name == SOURCE))
    found = archive.ingest.reconciliation.dead_letters.orphans()
    assert found.arrivals == ((SOURCE, "n1"),)
    assert len(found.records) == 2
    assert found.unremembered == (archive.record("n2").id,)
    seen = archive.arrival("n1")
    assert seen is not None
    assert seen.status is ArrivalStatus.CAPTURED


def test_steps_are_looked_up_only_of_those_that_are_shown(
    archive: SmallArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        set_aside(archive, ADVANCE, f"rec_{number}", "tika-unavailable")
    looked: list[str] = []

    def by_id(_: RecordRepository, record_id: str) -> None:
        looked.append(record_id)

    monkeypatch.setattr(RecordRepository, "by_id", by_id)
    dead = archive.ingest.reconciliation.dead_letters
    assert dead.by_reason() == {"tika-unavailable": 5}
    assert looked == []
    assert [letter.step for letter in dead.all(limit=2)] == [ADVANCE, ADVANCE]
    assert len(looked) == 2
