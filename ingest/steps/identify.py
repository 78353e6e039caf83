"""Step identify: what each component is, told by its content. Reads the text in the same go, for the steps after it."""

from dataclasses import replace
from typing import BinaryIO

from archive.errors import InvalidInput
from archive.records.types import Component
from ingest.extractors.reading import Problem, Reading, read_component
from ingest.extractors.registry import Registry
from ingest.formats.containers import open_container
from ingest.steps.port import Item, Result
from ingest.types import Status

_ZIP = b"PK\x03\x04"


class ComponentReader:
    """Reads components with the extractors of `registry`. One per process, shared by the steps that read."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def reading_of(self, item: Item, component: Component) -> Reading:
        """The reading of a component, made once per run of the pipeline over a record.

        Raises:
            Damaged: the stored bytes are missing.
            Unavailable: the format registry or a server that helps with reading does not answer.
        """
        if component.id not in item.readings:
            with item.open(component) as stream:
                reading = read_component(stream, component.name, self._registry)
                item.readings[component.id] = _measured(reading, stream)
        return item.readings[component.id]


class IdentifyStep:
    """Finds out the format of every file; a format nobody knows is a finding for the checks, not a failure here."""

    name = "identify"

    def __init__(self, reader: ComponentReader) -> None:
        self._reader = reader

    def run(self, item: Item) -> Result:
        found = [_describe(component, self._reader.reading_of(item, component)) for component in item.files()]
        return Result(Status.DONE, detail={"components": found})


def _measured(reading: Reading, stream: BinaryIO) -> Reading:
    """The reading of a container whose every part is what its directory says, also those that no text comes from."""
    stream.seek(0)
    if reading.problem is not None or stream.read(len(_ZIP)) != _ZIP:
        return reading
    try:
        container = open_container(stream)
        for name in container.entries:
            for _ in container.chunks(name):
                pass
    except InvalidInput as error:
        return replace(reading, extraction=None, problem=Problem(error.code, error.params))
    return reading


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
