"""OpenDocument (ISO/IEC 26300): the manifest, encryption, scripts, and what would be loaded."""

import re
from typing import BinaryIO

from ingest.formats.containers import Container
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.parts import TOOL, look_at_parts, opened, tree_of

_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_SCRIPTS = ("basic/", "scripts/", "dialogs/")
_OBJECT = re.compile(r"(?:Object|ObjBF|OLE)[^/]*/?$")
_MENUS = re.compile(r"Configurations2/")
_MOST = 64 << 20
_EVENT = re.compile(rb"<script:event-listener|<office:script\b[^>]*script:language", re.IGNORECASE)
_LOADED = re.compile(
    rb"<(?:draw:image|draw:object|draw:plugin|draw:floating-frame|text:section-source|office:dde-source|table:cell-range-source)\b[^>]*?"
    rb"xlink:href=\"(?:https?:|ftp:|file:|//)",
    re.IGNORECASE,
)


def inspect_opendocument(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A text, a spreadsheet, a presentation or a drawing."""
    findings = Findings(TOOL)
    container = opened(stream, limits, findings)
    if container is not None:
        locked = _manifest(container, findings)
        # An encrypted part is no XML; that it is locked says why.
        # Nor is one without a byte, as writers leave where a user has changed no menu.
        names = [
            name
            for name, entry in container.entries.items()
            if name.lower().endswith((".xml", ".rdf")) and name not in locked and (entry.size or not _MENUS.match(name))
        ]
        look_at_parts(container, names, limits, findings)
        _named(container, findings)
        _content(container, locked, findings)
    return findings.conclude()


def _manifest(container: Container, findings: Findings) -> set[str]:
    """The parts that are encrypted. Every file of the manifest is there (part 2, 3.2)."""
    tree = tree_of(container, _MANIFEST)
    if tree is None:
        findings.fail(Aspect.STRUCTURE, "office-part-missing", _MANIFEST, part=_MANIFEST)
        return set()
    locked: set[str] = set()
    for item in tree.iterfind(f"{_MANIFEST_NAMES}file-entry"):
        path = str(item.get(f"{_MANIFEST_NAMES}full-path", ""))
        if item.find(f"{_MANIFEST_NAMES}encryption-data") is not None:
            locked.add(path)
        if path and not path.endswith("/") and path not in container:
            findings.note(Aspect.STRUCTURE, "office-part-absent", path)
    if locked:
        findings.fail(Aspect.LOCKED, "file-encrypted", _MANIFEST)
        for aspect in (Aspect.ACTIVE, Aspect.CONCEALED, Aspect.STRUCTURE):
            findings.leave(aspect, "file-encrypted")
    return locked


def _named(container: Container, findings: Findings) -> None:
    if "content.xml" not in container:
        findings.fail(Aspect.STRUCTURE, "office-part-missing", part="content.xml")
    for name in container.entries:
        plain = name.lower()
        # The libraries' own list of contents stands in every document, also where it lists nothing.
        if plain.startswith(_SCRIPTS) and not plain.endswith(("script-lc.xml", "script-lb.xml", "dialog-lc.xml")):
            findings.fail(Aspect.ACTIVE, "office-macros", name)
        elif _OBJECT.match(name) and name != "ObjectReplacements":
            findings.fail(Aspect.CONCEALED, "office-embedded", name)


def _content(container: Container, locked: set[str], findings: Findings) -> None:
    for name in ("content.xml", "styles.xml"):
        if name not in container or name in locked:
            continue
        size = container.entries[name].size
        if size > _MOST:
            findings.leave(Aspect.ACTIVE, "parts-unchecked", name)
            continue
        content = container.read(name, size)
        if _EVENT.search(content):
            findings.fail(Aspect.ACTIVE, "office-macros", name)
        if _LOADED.search(content):
            findings.fail(Aspect.ACTIVE, "office-outside-resource", name, kind="link")
        if b"<office:dde-source" in content or b"<text:dde-connection" in content:
            findings.fail(Aspect.ACTIVE, "office-dde", name)
