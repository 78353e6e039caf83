"""Plain text the way older trading systems export it: GB18030 with CR LF."""

from ingest.simulator.documents.model import Document


def write_text(document: Document) -> bytes:
    """The lines of the document."""
    return ("\r\n".join(document.lines()) + "\r\n").encode("gb18030")
