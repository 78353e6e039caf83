"""Step identify: what each component is, told by its content. Reads the text in the same go, for the steps after it."""

from archive.records.types import Component
from ingest.extractors.reading import Reading, read_component
from ingest.steps.port import Item, Result
from ingest.types import Status


class IdentifyStep:
    """Finds out the format of every file; a format nobody knows is a finding for the checks, not a failure here."""

    name = "identify"

    def run(self, item: Item) -> Result:
        found = [_describe(component, reading_of(item, component)) for component in item.files()]
        return Result(Status.DONE, detail={"components": found})


def reading_of(item: Item, component: Component) -> Reading:
    """The reading of a component, made once per run of the pipeline over a record.

    Raises:
        Damaged: the stored bytes are missing.
        Unavailable: the format registry does not answer.
    """
    if component.id not in item.readings:
        with item.open(component) as stream:
            item.readings[component.id] = read_component(stream, component.name)
    return item.readings[component.id]


def _describe(component: Component, reading: Reading) -> dict[str, object]:
    identified = reading.identified
    return {
        "component": component.id,
        "puid": identified.puid,
        "mime": identified.mime,
        "label": identified.label,
        "basis": identified.basis,
        "warning": identified.warning,
    }
