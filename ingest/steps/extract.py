"""Step extract: the text of every component, stored as a rendition that is as restricted as its record."""

from archive.db.uow import UnitOfWork
from archive.records.repository import RecordRepository
from archive.records.types import ExtractedText, Record
from ingest.steps.identify import ComponentReader
from ingest.steps.port import Item, Result
from ingest.types import Status


class ExtractStep:
    """Keeps the text that was read; of what has none, why not."""

    name = "extract"

    def __init__(self, reader: ComponentReader) -> None:
        self._reader = reader

    def run(self, item: Item) -> Result:
        texts, described = [], []
        for component in item.files():
            reading = self._reader.reading_of(item, component)
            described.append(
                {
                    "component": component.id,
                    "state": reading.state,
                    "problem": reading.problem.code if reading.problem else None,
                    "pages": reading.extraction.pages if reading.extraction else None,
                    "characters": len(reading.text),
                    "warnings": list(reading.extraction.warnings) if reading.extraction else [],
                }
            )
            if reading.extraction is not None:
                extractor, _, version = reading.extractor.partition("/")
                extraction = reading.extraction
                texts.append(ExtractedText(component.id, extraction.text, extraction.complete, extractor, version))

        def write(uow: UnitOfWork, record: Record) -> None:
            del record
            RecordRepository(uow.connection).put_texts(texts)

        return Result(Status.DONE, detail={"components": described}, write=write)
