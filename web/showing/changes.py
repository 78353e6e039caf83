"""What changed between two versions: line by line, and inside a changed line character by character.

Comparing is bounded work. Texts of many equal lines, or long lines of few characters, would take quadratic time and
more: after `MOST_STEPS` steps for one component, what has not been compared by then counts as changed as a whole. The
difference is then coarser, but still a difference: it holds every line of both texts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from typing import Literal

MOST_LINES = 4_000
"""Of one component: comparing more would keep the server busy for a page nobody reads to its end."""

MOST_STEPS = 4_000_000
"""Of one component: pairs of equal lines or characters that are looked at, in the order of a second at worst."""

_LONGEST_LINE = 2_000
_AROUND = 2
_ALIKE = 0.4

Kind = Literal["same", "added", "removed", "skipped"]


@dataclass(frozen=True)
class Line:
    """A line of the difference: pieces of text, each with whether it is what changed. `skipped` counts equal lines."""

    kind: Kind
    pieces: tuple[tuple[str, bool], ...]
    skipped: int = 0


@dataclass(frozen=True)
class Change:
    """What changed in one component. `complete` is false where only the beginning was compared."""

    name: str
    lines: tuple[Line, ...]
    complete: bool

    @property
    def changed(self) -> bool:
        """Whether anything did."""
        return any(line.kind in {"added", "removed"} for line in self.lines)


def compare(name: str, before: str, after: str) -> Change:
    """The difference between two texts of one component."""
    old, new = before.splitlines(), after.splitlines()
    complete = len(old) <= MOST_LINES and len(new) <= MOST_LINES
    return Change(name, tuple(_lines(old[:MOST_LINES], new[:MOST_LINES])), complete)


class _Budget:
    """How many steps are left."""

    def __init__(self, steps: int) -> None:
        self.left = steps


class _Bounded(SequenceMatcher[str]):
    """Finds no more matches once the budget is spent, which leaves the rest as one replacement."""

    def __init__(self, before: Sequence[str], after: Sequence[str], budget: _Budget) -> None:
        self._budget = budget
        self._before = before
        self._often = Counter(after)
        super().__init__(None, before, after, autojunk=False)

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """As the original, which looks at every pair of equal elements once."""
        if self._budget.left > 0:
            self._budget.left -= sum(self._often[element] + 1 for element in self._before[alo:ahi])
        if self._budget.left <= 0:
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    budget = _Budget(MOST_STEPS)
    operations = _Bounded(old, new, budget).get_opcodes()
    for position, (tag, start, end, new_start, new_end) in enumerate(operations):
        if tag == "equal":
            yield from _equal(old[start:end], first=position == 0, last=position == len(operations) - 1)
        else:
            yield from _replaced(old[start:end], new[new_start:new_end], budget)


def _equal(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Line]:
    head = 0 if first else _AROUND
    tail = 0 if last else _AROUND
    hidden = len(lines) - head - tail
    if hidden <= 1:
        yield from (Line("same", ((line, False),)) for line in lines)
        return
    yield from (Line("same", ((line, False),)) for line in lines[:head])
    yield Line("skipped", (), hidden)
    yield from (Line("same", ((line, False),)) for line in lines[len(lines) - tail :])


def _replaced(old: Sequence[str], new: Sequence[str], budget: _Budget) -> Iterator[Line]:
    """Lines that stand in the same place are compared with each other; what is left over came or went as a whole."""
    paired = min(len(old), len(new))
    for before, after in zip(old[:paired], new[:paired], strict=True):
        removed, added = _pieces(before, after, budget)
        yield Line("removed", removed)
        yield Line("added", added)
    yield from (Line("removed", ((line, True),)) for line in old[paired:])
    yield from (Line("added", ((line, True),)) for line in new[paired:])


def _pieces(
    before: str, after: str, budget: _Budget
) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    if len(before) > _LONGEST_LINE or len(after) > _LONGEST_LINE or budget.left <= 0:
        return ((before, True),), ((after, True),)
    matcher = _Bounded(before, after, budget)
    if matcher.ratio() < _ALIKE:
        return ((before, True),), ((after, True),)
    removed: list[tuple[str, bool]] = []
    added: list[tuple[str, bool]] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        removed.append((before[start:end], tag != "equal"))
        added.append((after[new_start:new_end], tag != "equal"))
    return tuple(piece for piece in removed if piece[0]), tuple(piece for piece in added if piece[0])
