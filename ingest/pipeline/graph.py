"""The way of a record, as data. What is to be done next is the difference between this graph and stored outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a step works on.

    `item`: one version of one record, with a stored outcome. `volume`: whole volumes, in a sweep. `follower`: the
    ledger from outside; its outcome for an item is that it has passed the item's last entry.
    """

    ITEM = "item"
    VOLUME = "volume"
    FOLLOWER = "follower"


@dataclass(frozen=True)
class StepSpec:
    """A named and versioned step. Raising `version` makes every older outcome stale: the sweep finds the work."""

    name: str
    version: int
    level: Level
    after: tuple[str, ...]


STEPS = (
    StepSpec("receive", 1, Level.ITEM, ()),
    StepSpec("identify", 1, Level.ITEM, ("receive",)),
    StepSpec("check", 1, Level.ITEM, ("identify",)),
    StepSpec("extract", 1, Level.ITEM, ("check",)),
    StepSpec("classify", 1, Level.ITEM, ("extract",)),
    StepSpec("place", 1, Level.ITEM, ("classify",)),
    StepSpec("close", 1, Level.VOLUME, ("place",)),
    StepSpec("index", 1, Level.FOLLOWER, ("receive",)),
)


class Graph:
    """Steps in an order in which each comes after what it needs.

    Raises:
        ValueError: a name stands twice, a step needs an unknown one, or steps need each other in a circle.
    """

    def __init__(self, steps: Sequence[StepSpec]) -> None:
        self.steps: Mapping[str, StepSpec] = {step.name: step for step in steps}
        if len(self.steps) != len(steps):
            raise ValueError("two steps share a name")
        for step in steps:
            unknown = set(step.after) - set(self.steps)
            if unknown:
                raise ValueError(f"step {step.name} comes after unknown steps: {', '.join(sorted(unknown))}")
        self._order: list[StepSpec] = []
        for step in steps:
            self._visit(step, ())

    def _visit(self, step: StepSpec, path: tuple[str, ...]) -> None:
        if step.name in path:
            raise ValueError(f"steps need each other: {' → '.join((*path, step.name))}")
        if step in self._order:
            return
        for name in step.after:
            self._visit(self.steps[name], (*path, step.name))
        self._order.append(step)

    def of(self, level: Level) -> tuple[StepSpec, ...]:
        """The steps of one level in order."""
        return tuple(step for step in self._order if step.level is level)

    def from_step(self, name: str) -> tuple[str, ...]:
        """A step and every item step that comes after it, directly or not."""
        found = {name}
        for step in self._order:
            if step.level is Level.ITEM and found & set(step.after):
                found.add(step.name)
        return tuple(step.name for step in self._order if step.name in found)

    def versions(self) -> dict[str, int]:
        """The version in force of every step that the runner can do again.

        Not of the first: a document is received once, by intake, with its bytes.
        """
        return {step.name: step.version for step in self.of(Level.ITEM) if step.after}


def build_graph() -> Graph:
    """The graph in force."""
    return Graph(STEPS)
