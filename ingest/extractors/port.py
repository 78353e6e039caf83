"""The port of text extraction: one format, its text in reading order, what it says of itself.

The contract, for every adapter and the twin:

- The stream is a seekable binary file. It is read from its beginning, wherever it stands, and left open.
- The same bytes give the same extraction.
- Text is Unicode without control characters but line feed and tab; blocks stand on lines of their own, table cells are
  separated by tabs.
- Whatever the bytes are, the call ends, within the limits, with an extraction or an `InvalidInput`: `file-empty`,
  `file-truncated`, `file-damaged`, `file-encrypted`, `file-unreadable`, `text-undecodable`, `name-not-utf8`,
  `zip-lies`, `zip-bomb`, `zip-method`, `zip-unsafe-name`, `pdf-bomb`.
- An extractor that reads with the help of a server adds what that help cannot do: `file-too-large-to-read`,
  `file-takes-too-long`, `file-answer-too-large`, `file-breaks-reader`; and `file-unsupported` where the server knows
  the format no better than we do. A server that is not there is no fact about the file: `Unavailable`.
- Reaching a limit is no error: the extraction then says `complete=False` and warns `text-cut`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from ingest.formats.limits import Limits
from ingest.formats.types import Identified

__all__ = [
    "ACTIVE_CONTENT",
    "ACTIVE_UNCHECKED",
    "HTML_UNCLOSED",
    "NO_TEXT",
    "PARTS_UNREADABLE",
    "RESTRICTED",
    "TEXT_CUT",
    "UNREADABLE_PAGES",
    "Extraction",
    "Extractor",
    "Limits",
]

NO_TEXT = "file-no-text"
TEXT_CUT = "text-cut"
ACTIVE_CONTENT = "active-content"
ACTIVE_UNCHECKED = "active-content-unchecked"
PARTS_UNREADABLE = "parts-unreadable"
HTML_UNCLOSED = "html-unclosed"
RESTRICTED = "pdf-restricted"
UNREADABLE_PAGES = "pages-unreadable"


@dataclass(frozen=True)
class Extraction:
    """What an extractor read.

    `pages` is None where the format has none. `metadata` is what the file claims of itself (`title`, `author`, …), as
    text. `complete` is false when part of the text is missing. `warnings` are codes of the message catalogue, in the
    order met, each once.
    """

    text: str
    pages: int | None
    metadata: Mapping[str, str]
    complete: bool
    warnings: tuple[str, ...]


class Extractor(Protocol):
    """Reads one kind of file. `version` changes whenever the same bytes would give another result."""

    @property
    def name(self) -> str:
        """A short, stable name, stored with every extraction."""
        ...

    @property
    def version(self) -> str:
        """The version of the rules, stored beside the name."""
        ...

    def score(self, identified: Identified) -> int:
        """How well this extractor suits the format: 0 not at all, 100 made for it."""
        ...

    def extract(self, stream: BinaryIO, limits: Limits) -> Extraction:
        """Read the whole file.

        Raises:
            InvalidInput: see the contract above.
            Unavailable: help from outside is needed and not there; nothing was learned about the file.
        """
        ...
