"""The twin: an extractor that reads UTF-8 and keeps the contract, for tests of everything above."""

from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.extractors.gathering import cleaned, extraction, opened
from ingest.extractors.port import Extraction, Limits
from ingest.formats.types import Identified


class MemoryExtractor:
    """Reads UTF-8 text of one MIME type; `failure` is a code it raises instead of reading."""

    name = "memory"
    version = "1"

    def __init__(self, mime: str = "text/plain", failure: str | None = None) -> None:
        self._mime = mime
        self._failure = failure

    def score(self, identified: Identified) -> int:
        return 100 if identified.mime == self._mime else 0

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        opened(stream)
        if self._failure:
            raise InvalidInput(self._failure)
        try:
            text = stream.read().decode("utf-8")
        except UnicodeDecodeError as error:
            code = "file-truncated" if error.reason == "unexpected end of data" else "text-undecodable"
            raise InvalidInput(code) from error
        kept = text[: limits.characters]
        return extraction(cleaned(kept), pages=None, metadata={}, cut=len(kept) < len(text))
