"""Integrity (完整性): nothing is missing, of the metadata or of the content."""

import unicodedata
from collections import Counter
from collections.abc import Iterator

from ingest.checks.types import MAIN, Checked, Finding, Nature, element_name, failed, not_applicable, passed

_ELEMENTS = ("title", "published", "source", "external_id")


class ElementsPresent:
    """GD-2-3: every element of the scheme is there, as an element, whatever its value.

    `required_fields` are further elements of the envelope that the source's scheme demands.
    """

    code = "GD-2-3"
    nature = Nature.INTEGRITY
    version = "1"

    def __init__(self, required_fields: tuple[str, ...] = ()) -> None:
        self._required_fields = required_fields

    def run(self, item: Checked) -> Iterator[Finding]:
        missing = [name for name in self._required_fields if name not in item.fields]
        if item.published is None and not item.published_text:
            missing.append("published")
        yield failed("metadata-missing", elements=_named(missing)) if missing else passed()


class RequiredValues:
    """GD-2-4: what must be described is described: title, date, source and the source's own identifier."""

    code = "GD-2-4"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        values = {"title": item.title, "source": item.source, "external_id": item.external_id}
        empty = [name for name in _ELEMENTS if name in values and not values[name].strip()]
        if item.published is None:
            empty.append("published")
        yield failed("metadata-empty", elements=_named(empty)) if empty else passed()


class ContentPresent:
    """GD-2-7: there is a main document, and no component is empty."""

    code = "GD-2-7"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        has_main = any(component.role == MAIN for component in item.components)
        yield passed() if has_main else failed("main-document-missing")
        for component in item.components:
            yield passed(component.id) if component.size > 0 else failed("file-empty", component.id)


class AttachmentsPresent:
    """GD-2-8: every attachment that the source announced has arrived. Names are compared in Unicode form C."""

    code = "GD-2-8"
    nature = Nature.INTEGRITY
    version = "1"

    def run(self, item: Checked) -> Iterator[Finding]:
        if item.announced is None:
            yield not_applicable()
            return
        announced = Counter(_form(name) for name in item.announced)
        arrived = Counter(_form(component.name) for component in item.components)
        missing = announced - arrived
        if missing:
            yield failed("attachments-missing", count=missing.total(), names="、".join(sorted(missing)[:5]))
        else:
            yield passed()


def _named(elements: list[str]) -> str:
    return "、".join(element_name(element) for element in elements)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()
