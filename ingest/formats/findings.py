"""Gathers what an inspector sees, and turns it into one verdict for every aspect it speaks of."""

from collections.abc import Iterable

from archive.errors import InvalidInput
from ingest.formats.inspection import Aspect, Inspection
from ingest.outcomes import Observation, Outcome

# A hostile file must not fill the evidence: the first observations of a kind say what there is to say.
_MOST_OF_A_KIND = 10
_MOST_TOLD = 100
_ORDINARY = (Aspect.STRUCTURE, Aspect.LOCKED, Aspect.ACTIVE, Aspect.CONCEALED)
_LOCKS = frozenset({"file-encrypted", "zip-method"})


class Findings:
    """What was seen of one file, by aspect. `tool` is the name and version of whatever looks.

    Something that fails outweighs something that could not be looked at, and that outweighs everything else.
    """

    def __init__(self, tool: str, aspects: Iterable[Aspect] = _ORDINARY) -> None:
        self._tool = tool
        self._failed: dict[Aspect, list[Observation]] = {aspect: [] for aspect in aspects}
        self._unchecked: dict[Aspect, list[Observation]] = {aspect: [] for aspect in aspects}
        self._noted: dict[Aspect, list[Observation]] = {aspect: [] for aspect in aspects}

    def fail(self, aspect: Aspect, code: str, place: str = "", **params: object) -> None:
        """Something that this aspect forbids."""
        _add(self._failed.setdefault(aspect, []), Observation(code, params, place))

    def note(self, aspect: Aspect, code: str, place: str = "", **params: object) -> None:
        """Something worth knowing that nothing forbids."""
        _add(self._noted.setdefault(aspect, []), Observation(code, params, place))

    def leave(self, aspect: Aspect, code: str, place: str = "", **params: object) -> None:
        """Something under this aspect could not be looked at."""
        _add(self._unchecked.setdefault(aspect, []), Observation(code, params, place))

    def refuse(self, error: InvalidInput, place: str = "") -> None:
        """The file is not what its format demands, or it is locked; everything else was looked at."""
        where = Aspect.LOCKED if error.code in _LOCKS else Aspect.STRUCTURE
        _add(self._failed.setdefault(where, []), Observation(error.code, dict(error.params), place))

    def give_up(self, error: InvalidInput, place: str = "") -> None:
        """The file broke off the inspection: it fails for that reason, and all else was not looked at to the end."""
        self.refuse(error, place)
        for aspect, unchecked in self._unchecked.items():
            if not self._failed.get(aspect):
                _add(unchecked, Observation(error.code, dict(error.params), place))

    def conclude(self) -> tuple[Inspection, ...]:
        """One verdict for every aspect, in the order of the aspects."""
        return tuple(self._verdict(aspect) for aspect in Aspect if aspect in self._unchecked or aspect in self._failed)

    def _verdict(self, aspect: Aspect) -> Inspection:
        failed, unchecked = self._failed.get(aspect, []), self._unchecked.get(aspect, [])
        outcome = Outcome.PASS
        if unchecked:
            outcome = Outcome.NOT_CHECKED
        if failed:
            outcome = Outcome.FAIL
        told = (*failed, *unchecked, *self._noted.get(aspect, []))
        return Inspection(aspect, outcome, self._tool, told[:_MOST_TOLD], min(len(failed), _MOST_TOLD) or 1)


def _add(observations: list[Observation], seen: Observation) -> None:
    if sum(each.code == seen.code for each in observations) < _MOST_OF_A_KIND and seen not in observations:
        observations.append(seen)
