"""The fields of one document or attachment, each read as what it should be."""

from collections.abc import Mapping
from dataclasses import dataclass

from archive.errors import InvalidInput
from ingest.connectors.texts import hint, scalar


@dataclass(frozen=True)
class Fields:
    """The fields of one object of a portal's answer."""

    external_id: str
    values: Mapping[str, object]

    def text(self, name: str) -> str:
        """A text or number; "" where there is none.

        Raises:
            InvalidInput: it is something else (`row-field-type`).
        """
        value = scalar(self.values.get(name))
        if value is None:
            raise InvalidInput("row-field-type", external_id=self.external_id, field=name)
        return value

    def first(self, names: tuple[str, ...]) -> str:
        """The first of some fields that says something. Raises as `text`."""
        return next((text for text in map(self.text, names) if text), "")

    def hint(self, name: str) -> str | list[str]:
        """A text or a list of texts. Raises as `text`."""
        value = hint(self.values.get(name))
        if value is None:
            raise InvalidInput("row-field-type", external_id=self.external_id, field=name)
        return value

    def parts(self, name: str) -> "list[Fields]":
        """A list of objects. Raises as `text`."""
        value = self.values.get(name)
        parts = [] if value is None else value
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise InvalidInput("row-field-type", external_id=self.external_id, field=name)
        return [Fields(self.external_id, part) for part in parts]
