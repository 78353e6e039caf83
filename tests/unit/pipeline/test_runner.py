"""The runner: one stored outcome per step, whatever comes between."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from archive.db.uow import UnitOfWork
from archive.errors import NotFound, Unavailable
from archive.records.repository import RecordRepository
from archive.records.types import Record, RecordState
from ingest.pipeline.graph import STEPS, Graph, Level, StepSpec
from ingest.pipeline.runner import Runner, reason
from ingest.repository import OutcomeRepository
from ingest.steps.port import Item, Result
from ingest.types import PersonDecision, Status
from ingest.wiring import build_ingest
from tests.small_archive import START, SmallArchive, ending, notice, tender

SCHOOL = "济南市第一中学教学设备采购项目"
GRAPH = (
    StepSpec("receive", 1, Level.ITEM, ()),
    StepSpec("one", 1, Level.ITEM, ("receive",)),
    StepSpec("two", 1, Level.ITEM, ("one",)),
    StepSpec("three", 1, Level.ITEM, ("two",)),
)


@dataclass
class Scripted:
    """A step that does as it is told and remembers for which versions it ran."""

    name: str
    answer: Callable[[Item], Result] = field(default=lambda _: Result(Status.DONE))
    ran: list[int] = field(default_factory=list)

    def run(self, item: Item) -> Result:
        self.ran.append(item.version.number)
        return self.answer(item)


class Bench:
    """A captured record and a runner of scripted steps."""

    def __init__(self, archive: SmallArchive) -> None:
        self.archive = archive
        self.steps = {spec.name: Scripted(spec.name) for spec in GRAPH[1:]}
        archive.take(notice("n1", "公告"))
        self.record_id = archive.record("n1").id

    def runner(self, graph: tuple[StepSpec, ...] = GRAPH) -> Runner:
        kernel = self.archive.kernel
        return Runner(kernel.database, kernel.blobs, kernel.records, kernel.clock, Graph(graph), self.steps)

    def advance(self, graph: tuple[StepSpec, ...] = GRAPH) -> None:
        self.runner(graph).advance(self.record_id)

    def unfinished(self, graph: tuple[StepSpec, ...] = GRAPH) -> bool:
        with self.archive.kernel.database.reading() as connection:
            found = OutcomeRepository(connection).unfinished(Graph(graph).versions())
        return found == [self.record_id]

    def decide(self, step: str, choice: Mapping[str, object]) -> None:
        with self.archive.kernel.database.writing() as uow:
            outcomes = OutcomeRepository(uow.connection)
            outcomes.add_decision(PersonDecision("run_d", self.record_id, 1, step, choice, "因为", "acc_1", START))
            outcomes.drop(self.record_id, 1, Graph(GRAPH).from_step(step))


@pytest.fixture
def bench(archive: SmallArchive) -> Bench:
    return Bench(archive)


def test_every_step_runs_once_and_leaves_one_outcome(bench: Bench) -> None:
    assert bench.unfinished()
    bench.advance()
    bench.advance()
    assert {name: step.ran for name, step in bench.steps.items()} == {"one": [1], "two": [1], "three": [1]}
    outcomes = bench.archive.outcomes("n1")
    assert {name: (o.status, o.step_version, o.code) for name, o in outcomes.items()} == dict.fromkeys(
        ["receive", "one", "two", "three"], (Status.DONE, 1, None)
    )
    assert not bench.unfinished()


def test_what_a_step_writes_and_its_outcome_are_one_transaction(bench: Bench) -> None:
    def write(uow: UnitOfWork, record: Record) -> None:
        with pytest.raises(KeyError):
            bench.archive.outcomes("n1")["two"]
        RecordRepository(uow.connection).update_record(record.id, title="half written")
        raise Unavailable("database-unavailable", detail="disk full")

    bench.steps["two"].answer = lambda _: Result(Status.DONE, write=write)
    with pytest.raises(Unavailable):
        bench.advance()
    assert set(bench.archive.outcomes("n1")) == {"receive", "one"}
    bench.steps["two"].answer = lambda _: Result(Status.DONE)
    bench.advance()
    assert bench.steps["one"].ran == [1]
    assert bench.steps["two"].ran == [1, 1]


def test_a_step_that_cannot_run_leaves_no_outcome_and_what_was_done_stays(bench: Bench) -> None:
    def answer(item: Item) -> Result:
        raise Unavailable("database-unavailable", detail=item.record.id)

    bench.steps["two"].answer = answer
    with pytest.raises(Unavailable):
        bench.advance()
    assert set(bench.archive.outcomes("n1")) == {"receive", "one"}
    assert bench.unfinished()


@pytest.mark.parametrize(
    ("status", "state", "event"),
    [
        (Status.WAITING, RecordState.WAITING, "record.referred"),
        (Status.RETURNED, RecordState.RETURNED, "record.returned"),
    ],
)
def test_a_stop_is_a_stop(bench: Bench, status: Status, state: RecordState, event: str) -> None:
    bench.steps["two"].answer = lambda _: Result(status, "project-not-named", {}, {"seen": 3})
    bench.advance()
    bench.advance()
    assert (bench.steps["two"].ran, bench.steps["three"].ran) == ([1], [])
    stopped = bench.archive.outcomes("n1")["two"]
    assert (stopped.status, stopped.code, stopped.detail) == (status, "project-not-named", {"seen": 3})
    assert "项目" in reason(stopped)
    assert bench.archive.record("n1").state is state
    assert bench.archive.history("n1")[-1] == event
    assert not bench.unfinished()


def test_a_decision_lets_it_go_on_from_there(bench: Bench) -> None:
    def answer(item: Item) -> Result:
        if item.decision is None:
            return Result(Status.WAITING, "project-not-named")
        return Result(Status.DONE, detail={"by": item.decision.actor, "choice": dict(item.decision.choice)})

    bench.steps["two"].answer = answer
    bench.advance()
    bench.decide("two", {"project": "prj_1"})
    assert bench.unfinished()
    bench.advance()
    assert {name: step.ran for name, step in bench.steps.items()} == {"one": [1], "two": [1, 1], "three": [1]}
    assert bench.archive.outcomes("n1")["two"].detail == {"by": "acc_1", "choice": {"project": "prj_1"}}


def test_a_decision_is_read_by_its_own_step_alone(bench: Bench) -> None:
    seen: dict[str, bool] = {}

    def noting(name: str) -> Callable[[Item], Result]:
        def answer(item: Item) -> Result:
            seen[name] = item.decision is not None
            return Result(Status.DONE)

        return answer

    for name in bench.steps:
        bench.steps[name].answer = noting(name)
    bench.decide("two", {"retry": True})
    bench.advance()
    assert seen == {"one": False, "two": True, "three": False}


def raised(name: str) -> tuple[StepSpec, ...]:
    return tuple(replace(spec, version=2) if spec.name == name else spec for spec in GRAPH)


def test_a_step_in_a_newer_version_runs_again_and_so_does_what_rests_on_it(bench: Bench) -> None:
    bench.advance()
    newer = raised("two")
    assert bench.unfinished(newer)
    bench.advance(newer)
    assert {name: step.ran for name, step in bench.steps.items()} == {"one": [1], "two": [1, 1], "three": [1, 1]}
    assert bench.archive.outcomes("n1")["two"].step_version == 2
    assert not bench.unfinished(newer)


def test_what_an_older_version_stopped_is_tried_again_by_the_newer(bench: Bench) -> None:
    bench.steps["two"].answer = lambda _: Result(Status.WAITING, "project-not-named")
    bench.advance()
    bench.steps["two"].answer = lambda _: Result(Status.DONE)
    assert bench.unfinished(raised("two"))
    bench.advance(raised("two"))
    assert bench.archive.outcomes("n1")["three"].status is Status.DONE


def test_a_version_that_comes_in_during_a_run_is_taken_instead(bench: Bench) -> None:
    def answer(item: Item) -> Result:
        if item.version.number == 1:
            bench.archive.take(notice("n1", "公告（更正）"))
        return Result(Status.DONE)

    bench.steps["two"].answer = answer
    bench.advance()
    assert {name: step.ran for name, step in bench.steps.items()} == {"one": [1, 2], "two": [1, 2], "three": [2]}
    with bench.archive.kernel.database.reading() as connection:
        first = OutcomeRepository(connection).of(bench.record_id, 1)
    assert set(first) == {"receive", "one"}
    assert set(bench.archive.outcomes("n1")) == {"receive", "one", "two", "three"}


def test_two_workers_at_one_record_do_everything_once(bench: Bench) -> None:
    written: list[str] = []

    def write(uow: UnitOfWork, record: Record) -> None:
        del uow
        written.append(record.id)

    def answer(item: Item) -> Result:
        if not written and len(bench.steps["two"].ran) == 1:
            # The other one is faster and goes all the way meanwhile.
            bench.runner().advance(item.record.id)
        return Result(Status.DONE, write=write)

    bench.steps["two"].answer = answer
    bench.advance()
    assert written == [bench.record_id]
    assert bench.steps["two"].ran == [1, 1]
    assert bench.steps["three"].ran == [1]


def test_every_step_has_code(archive: SmallArchive) -> None:
    kernel = archive.kernel
    with pytest.raises(ValueError, match="no code for steps: one, three"):
        Runner(kernel.database, kernel.blobs, kernel.records, kernel.clock, Graph(GRAPH), {"two": Scripted("two")})


def test_a_record_nobody_knows_is_not_found(archive: SmallArchive) -> None:
    with pytest.raises(NotFound):
        archive.ingest.runner.advance("rec_x")


@pytest.mark.parametrize("name", ["identify", "check", "classify", "place"])
def test_a_filed_record_is_filed_again_under_its_number_when_a_step_is_renewed(
    archive: SmallArchive, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    archive.take(tender(1, SCHOOL), ending(1, SCHOOL))
    archive.work()
    before = {each: (record.state, record.reference_code) for each, record in archive.records().items()}
    newer = tuple(replace(spec, version=2) if spec.name == name else spec for spec in STEPS)
    monkeypatch.setattr("ingest.wiring.build_graph", lambda: Graph(newer))
    ingest = build_ingest(archive.kernel)
    for record in archive.records().values():
        ingest.runner.advance(record.id)
    assert {each: (record.state, record.reference_code) for each, record in archive.records().items()} == before
    assert {outcomes.step_version for outcomes in archive.outcomes("t1").values()} == {1, 2}
    with archive.kernel.database.reading() as connection:
        assert OutcomeRepository(connection).unfinished(Graph(newer).versions()) == []
    assert archive.fsck().findings == ()
