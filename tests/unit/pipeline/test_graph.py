"""The way of a record as data: a graph that holds together, and the one in force, step by step."""

import pytest

from ingest.pipeline.graph import Graph, Level, StepSpec, build_graph


def step(name: str, *after: str, level: Level = Level.ITEM) -> StepSpec:
    return StepSpec(name, 1, level, after)


BROKEN = {
    "a name twice": ([step("a"), step("a")], "two steps share a name"),
    "an unknown step": ([step("a", "z")], "a comes after unknown steps: z"),
    "an unknown step further on": ([step("a", "b"), step("b", "z")], "b comes after unknown steps: z"),
    "itself": ([step("a", "a")], "a → a"),
    "a circle of two": ([step("a", "b"), step("b", "a")], "a → b → a"),
    "a circle of three": ([step("s"), step("a", "c"), step("b", "a"), step("c", "b", "s")], "a → c → b → a"),
}


@pytest.mark.parametrize(("steps", "message"), BROKEN.values(), ids=BROKEN)
def test_a_graph_that_does_not_hold_together_is_refused(steps: list[StepSpec], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Graph(steps)


def test_steps_stand_in_an_order_in_which_each_comes_after_what_it_needs() -> None:
    graph = Graph([step("c", "a", "b"), step("b", "a"), step("a"), step("d", level=Level.VOLUME)])
    assert [spec.name for spec in graph.of(Level.ITEM)] == ["a", "b", "c"]
    assert [spec.name for spec in graph.of(Level.VOLUME)] == ["d"]


def test_an_empty_graph_has_nothing_to_do() -> None:
    assert Graph([]).of(Level.ITEM) == ()
    assert Graph([]).versions() == {}


def test_the_graph_in_force() -> None:
    graph = build_graph()
    assert [(spec.name, spec.version, spec.after) for spec in graph.of(Level.ITEM)] == [
        ("receive", 1, ()),
        ("identify", 1, ("receive",)),
        ("check", 1, ("identify",)),
        ("extract", 1, ("check",)),
        ("classify", 1, ("extract",)),
        ("place", 1, ("classify",)),
    ]
    assert [(spec.name, spec.after) for spec in graph.of(Level.VOLUME)] == [("close", ("place",))]
    assert [(spec.name, spec.after) for spec in graph.of(Level.FOLLOWER)] == [("index", ("receive",))]
    assert graph.versions() == dict.fromkeys(["identify", "check", "extract", "classify", "place"], 1)


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("identify", ("identify", "check", "extract", "classify", "place")),
        ("check", ("check", "extract", "classify", "place")),
        ("classify", ("classify", "place")),
        ("place", ("place",)),
    ],
)
def test_what_has_to_run_again_behind_a_step(name: str, again: tuple[str, ...]) -> None:
    assert build_graph().from_step(name) == again


def test_only_what_rests_on_a_step_runs_again_behind_it() -> None:
    graph = Graph([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c"), step("v", "d", level=Level.VOLUME)])
    assert graph.from_step("b") == ("b", "d")
    assert graph.from_step("a") == ("a", "b", "c", "d")
