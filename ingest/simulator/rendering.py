"""From a plan of a file to its bytes. Equal documents are written once per process and then remembered."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from ingest.simulator.documents.model import Document
from ingest.simulator.documents.ofd import write_ofd
from ingest.simulator.documents.pdf import write_pdf
from ingest.simulator.documents.sheet import write_sheet
from ingest.simulator.documents.text import write_text
from ingest.simulator.documents.word import write_word

_REMEMBERED = 128
_WRITERS: Mapping[str, Callable[[Document], bytes]] = {
    "pdf": write_pdf,
    "docx": write_word,
    "xlsx": write_sheet,
    "ofd": write_ofd,
    "txt": write_text,
}


@lru_cache(maxsize=_REMEMBERED)
def render(suffix: str, document: Document) -> bytes:
    """The document in the format of `suffix`: pdf, docx, xlsx, ofd or txt (GB18030)."""
    return _WRITERS[suffix](document)
