"""Items that no program decides: a person or a named service answers, and until then they are not checked."""

from collections.abc import Iterator
from typing import Final, Protocol

from ingest.checks.items import Item, Way
from ingest.checks.subjects import Answers, CheckedPackage
from ingest.checks.types import Finding, Nature, not_applicable, not_checked
from ingest.outcomes import Outcome

ANSWERED_NO: Final = "answered-no"
_REASONS = {Outcome.FAIL: ANSWERED_NO, Outcome.NOT_APPLICABLE: "answered-not-applicable"}


class Answered(Protocol):
    """What persons and services can answer for."""

    @property
    def answers(self) -> Answers:
        """What has been answered so far."""
        ...


class Awaiting:
    """The item of a person or a service: the answer once there is one, with who gave it and when as its evidence."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._item = item

    def run(self, subject: Answered, /) -> Iterator[Finding]:
        answer = subject.answers.get(self.code)
        if answer is not None and answer.outcome is not Outcome.NOT_CHECKED:
            reason = _REASONS.get(answer.outcome)
            evidence = {"actor": answer.actor, "at": answer.at.isoformat(), "note": answer.note}
            yield Finding(answer.outcome, None, reason, {"note": answer.note} if reason else {}, evidence)
        elif self._item.way is Way.SERVICE:
            yield not_checked("awaits-service", service=self._item.service)
        else:
            yield not_checked("awaits-person")


class CarrierAwaiting:
    """An item of the medium on which a package came. What came over a network has none that could be scratched."""

    version = "1"

    def __init__(self, item: Item) -> None:
        self.code = item.code
        self.nature: Nature = item.nature
        self._awaiting = Awaiting(item)

    def run(self, package: CheckedPackage, /) -> Iterator[Finding]:
        if package.carrier is None:
            yield not_applicable(None, "no-carrier")
        else:
            yield from self._awaiting.run(package)
