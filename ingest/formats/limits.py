"""How much one file may ask of whoever reads it or looks into it."""

from dataclasses import dataclass, field

from ingest.formats.containers import ContainerLimits


@dataclass(frozen=True)
class Limits:
    """How much one file may ask for. Characters are of extracted text, elements of XML or HTML markup, objects of PDF.

    `stream_bytes` bounds what one compressed stream of a PDF may inflate to.
    """

    characters: int = 5_000_000
    pages: int = 5_000
    cells: int = 1_000_000
    elements: int = 3_000_000
    objects: int = 100_000
    stream_bytes: int = 128 << 20
    container: ContainerLimits = field(default_factory=ContainerLimits)
