"""What inspectors of documents in containers share: opening, weighing every part, small parts as trees."""

import posixpath
from collections.abc import Iterable
from typing import BinaryIO, Final

from lxml import etree

from archive.errors import InvalidInput
from ingest.formats.containers import Container, open_container
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect
from ingest.formats.limits import Limits
from ingest.formats.markup import look_at_xml
from ingest.formats.trickery import hidden_in_zip

TOOL: Final = f"lxml {etree.__version__}"

# Beginnings of files that hold files; a document that carries one carries more than it shows.
CONTAINER_MARKS: Final = (
    b"PK\x03\x04",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\x00",
)
_MOST_MARKUP = 256 << 20
_SMALL = 8 << 20


def opened(stream: BinaryIO, limits: Limits, findings: Findings) -> Container | None:
    """The container in `stream` with every part read once, so that its sizes and checksums hold; None where it lies."""
    try:
        container = open_container(stream, limits.container)
        for name in container.entries:
            for _ in container.chunks(name):
                pass
        hidden_in_zip(stream, container, findings)
    except InvalidInput as error:
        findings.give_up(error)
        return None
    # A second reading has an allowance of its own: what has been measured cannot surprise any more.
    return Container(stream, container.entries, limits.container)


def look_at_parts(container: Container, names: Iterable[str], limits: Limits, findings: Findings) -> None:
    """Whether the XML parts `names` are well-formed and load nothing."""
    left = _MOST_MARKUP
    for name in names:
        left -= container.entries[name].size
        if left < 0:
            findings.leave(Aspect.STRUCTURE, "parts-unchecked", name)
            return
        try:
            look_at_xml(container.chunks(name), limits, findings, name)
        except InvalidInput as error:
            findings.give_up(error, name)
            return


def tree_of(container: Container, name: str) -> etree._Element | None:
    """A small part as a tree; None for one that is not there, not well-formed, too large or has a document type.

    Whatever is wrong with it is told by `look_at_parts`.
    """
    if name not in container:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        content = container.read(name, _SMALL)
        if b"<!DOCTYPE" in content[:4096]:
            return None
        return etree.fromstring(content, parser)
    except (InvalidInput, etree.LxmlError, ValueError):
        return None


def resolved(part: str, location: str) -> str:
    """The part that `location` in `part` names: absolute, or relative to the folder of `part`."""
    folder = posixpath.dirname(part)
    return posixpath.normpath(posixpath.join("/", folder, location.strip().replace("\\", "/"))).lstrip("/")


def beginning(container: Container, name: str) -> bytes:
    """The first bytes of a part, as many as come at once."""
    return next(container.chunks(name), b"")
