"""Plain text."""

from typing import BinaryIO

from ingest.extractors.decoding import decoded
from ingest.extractors.gathering import cleaned, extraction, opened
from ingest.extractors.port import Extraction, Limits
from ingest.formats import known
from ingest.formats.types import Identified


class TextExtractor:
    """Plain text in UTF-8, UTF-16 with a mark, or GB18030; also other textual formats, taken as they are."""

    name = "text"
    version = "1"

    def score(self, identified: Identified) -> int:
        if identified.mime == known.TEXT:
            return 100
        return 20 if identified.mime in {known.XML, "application/json", "text/csv"} else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        opened(stream)
        found = decoded(stream, limits.characters)
        metadata = {"encoding": found.encoding}
        return extraction(cleaned(found.text), pages=None, metadata=metadata, cut=not found.complete)
