"""Which extractor reads which file: the one with the highest score, the first of equals."""

from collections.abc import Sequence

from ingest.extractors.port import Extractor
from ingest.formats.types import Identified


class Registry:
    """A fixed set of extractors."""

    def __init__(self, extractors: Sequence[Extractor]) -> None:
        self._extractors = tuple(extractors)

    def choose(self, identified: Identified) -> Extractor | None:
        """The extractor for this format, None where there is none."""
        best = max(self._extractors, key=lambda extractor: extractor.score(identified), default=None)
        return best if best is not None and best.score(identified) > 0 else None


def build_registry() -> Registry:
    """Every extractor that the archive ships."""
    # Their libraries load long, and only the process that looks into files has a use for them.
    from ingest.extractors.html import HtmlExtractor  # noqa: PLC0415 - see above
    from ingest.extractors.ofd import OfdExtractor  # noqa: PLC0415 - see above
    from ingest.extractors.pdf import PdfExtractor  # noqa: PLC0415 - see above
    from ingest.extractors.sheet import SheetExtractor  # noqa: PLC0415 - see above
    from ingest.extractors.text import TextExtractor  # noqa: PLC0415 - see above
    from ingest.extractors.word import WordExtractor  # noqa: PLC0415 - see above

    return Registry(
        (PdfExtractor(), WordExtractor(), SheetExtractor(), OfdExtractor(), HtmlExtractor(), TextExtractor())
    )
