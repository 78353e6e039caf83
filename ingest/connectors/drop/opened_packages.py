"""Packages of several documents: what was in them when they were opened, so that none is opened again unchanged."""

from collections.abc import Container, Mapping, Sequence

from archive.records.types import Delivery


class OpenedPackages:
    """By the id of a package: how it looked, and the ids of its documents. `position` is what earlier readings knew."""

    def __init__(self, position: Mapping[str, object]) -> None:
        known = position.get("packages")
        self._known: dict[str, list[str]] = dict(known) if isinstance(known, dict) else {}

    def is_known(self, external_id: str, mark: str) -> bool:
        """Whether a package looks as it did when all its documents were handed over."""
        return self._known.get(external_id, [""])[0] == mark

    def inside(self, external_id: str) -> Sequence[str]:
        """The ids of the documents of a package; of what is no package of several, its own."""
        return self._known[external_id][1:] if external_id in self._known else [external_id]

    def opened(self, external_id: str, mark: str, deliveries: Sequence[Delivery]) -> None:
        """All documents of a package have been handed over."""
        self._known.pop(external_id, None)
        if len(deliveries) > 1:
            self._known[external_id] = [mark, *(delivery.external_id for delivery in deliveries)]

    def position(self, present: Container[str]) -> dict[str, list[str]]:
        """What to remember: nothing of packages that are no longer there."""
        return {external_id: known for external_id, known in self._known.items() if external_id in present}
