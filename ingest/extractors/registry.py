"""Which extractor reads which file: the one with the highest score, the first of equals."""

from collections.abc import Sequence

from ingest.extractors.html import HtmlExtractor
from ingest.extractors.ofd import OfdExtractor
from ingest.extractors.pdf import PdfExtractor
from ingest.extractors.port import Extractor
from ingest.extractors.sheet import SheetExtractor
from ingest.extractors.text import TextExtractor
from ingest.extractors.tika import TikaExtractor
from ingest.extractors.tika_server import TikaServer
from ingest.extractors.word import WordExtractor
from ingest.formats.types import Identified


class Registry:
    """A fixed set of extractors."""

    def __init__(self, extractors: Sequence[Extractor]) -> None:
        self._extractors = tuple(extractors)

    def choose(self, identified: Identified) -> Extractor | None:
        """The extractor for this format, None where there is none."""
        best = max(self._extractors, key=lambda extractor: extractor.score(identified), default=None)
        return best if best is not None and best.score(identified) > 0 else None


def build_registry(tika_url: str | None = None) -> Registry:
    """Every extractor that the archive ships, and a Tika server for the rest where there is one.

    Raises:
        InvalidInput: the address is none of a server.
    """
    own = (PdfExtractor(), WordExtractor(), SheetExtractor(), OfdExtractor(), HtmlExtractor(), TextExtractor())
    return Registry(own if tika_url is None else (*own, TikaExtractor(TikaServer(tika_url))))
