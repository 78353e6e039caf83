"""Office Open XML (ECMA-376): parts and relations, and everything in it that runs, loads or carries another file."""

import io
import re
from typing import BinaryIO
from urllib.parse import unquote

from archive.errors import InvalidInput
from ingest.formats.containers import Container, open_container
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.parts import TOOL, look_at_parts, opened, resolved, tree_of

_TYPES = "[Content_Types].xml"
_MOST_RELATIONS = 50_000
_MOST_FIELDS = 64 << 20
_MARKUP = (".xml", ".rels", ".vml", ".svg")
# Where a document was written: a template of that machine, another workbook beside it. Nothing leads to a stranger.
_NEAR = re.compile(r"(?:file:/{0,3})?[a-z]:[\\/]|(?![a-z][a-z0-9+.\-]*:|[\\/]{2})", re.IGNORECASE)
_LEFT_BEHIND = frozenset({"externalLinkPath", "xlPathMissing"})
_MOST_CHART = 16 << 20
_MACROS = ("vbaproject.bin", "vbadata.xml", "macrosheets/", "intlmacrosheets/")
_FIELD = re.compile(rb"<(?:w:)?instrText[^>]*>([^<]*)<|w:instr=\"([^\"]*)\"")
DDE = re.compile(rb"\bDDE(?:AUTO)?\b", re.IGNORECASE)
FETCHING = re.compile(rb"\bINCLUDE(?:PICTURE|TEXT)\b[^\\]{0,20}(?:https?:|ftp:|\\\\|//)", re.IGNORECASE)


def inspect_office(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A document, a workbook or a presentation, or a template of one."""
    findings = Findings(TOOL)
    container = opened(stream, limits, findings)
    if container is not None:
        names = [name for name in container.entries if name == _TYPES or name.lower().endswith(_MARKUP)]
        look_at_parts(container, names, limits, findings)
        _content_types(container, findings)
        _relations(container, findings)
        _named(container, findings)
        _fields(container, findings)
    return findings.conclude()


def _content_types(container: Container, findings: Findings) -> None:
    """Every part has a content type (ECMA-376 part 2, 10.1.2)."""
    tree = tree_of(container, _TYPES)
    if tree is None:
        findings.fail(Aspect.STRUCTURE, "office-part-missing", _TYPES, part=_TYPES)
        return
    extensions = {str(item.get("Extension", "")).lower() for item in tree.iterfind("{*}Default")}
    parts = {unquote(str(item.get("PartName", ""))).lstrip("/").lower() for item in tree.iterfind("{*}Override")}
    for name in container.entries:
        plain = name.lower()
        if name != _TYPES and plain not in parts and plain.rpartition(".")[2] not in extensions:
            findings.note(Aspect.STRUCTURE, "office-part-untyped", name)


def _relations(container: Container, findings: Findings) -> None:
    """Relations lead to parts of the package, or out of it (ECMA-376 part 2, 9.3)."""
    left = _MOST_RELATIONS
    lowered = {name.lower() for name in container.entries}
    for name in [name for name in container.entries if name.endswith(".rels")]:
        tree = tree_of(container, name)
        source = name.replace("_rels/", "").removesuffix(".rels")
        for relation in tree if tree is not None else ():
            left -= 1
            if left < 0:
                findings.leave(Aspect.ACTIVE, "parts-unchecked", name)
                return
            kind = str(relation.get("Type", "")).rpartition("/")[2]
            target = str(relation.get("Target", ""))
            if relation.get("TargetMode") == "External":
                _outside(kind, target, name, findings)
            elif not _leads(source, target, lowered):
                findings.fail(Aspect.STRUCTURE, "office-part-missing", name, part=kind)


def _leads(source: str, target: str, lowered: set[str]) -> bool:
    # Places inside the same part, and the word that Office itself writes for a picture it has lost.
    if target.startswith("#") or target.upper().endswith("NULL") or not target:
        return True
    path = target.partition("#")[0]
    return any(resolved(source, each).lower() in lowered for each in (path, unquote(path)))


def _outside(kind: str, target: str, place: str, findings: Findings) -> None:
    near = _NEAR.match(unquote(target).strip()) is not None
    if kind == "attachedTemplate":
        tell = findings.note if near else findings.fail
        tell(Aspect.ACTIVE, "office-outside-template", place)
    elif kind != "hyperlink":
        tell = findings.note if near and kind in _LEFT_BEHIND else findings.fail
        tell(Aspect.ACTIVE, "office-outside-resource", place, kind=kind[:60])


def _chart_data(container: Container) -> set[str]:
    """The workbooks from which charts are drawn, which every chart of Word and PowerPoint brings along."""
    found: set[str] = set()
    for name in [name for name in container.entries if "/charts/_rels/" in name]:
        tree = tree_of(container, name)
        source = name.replace("_rels/", "").removesuffix(".rels")
        for relation in tree if tree is not None else ():
            if str(relation.get("Type", "")).endswith("/package"):
                found.add(resolved(source, str(relation.get("Target", ""))))
    return {name for name in found if name in container and _is_plain_workbook(container, name)}


def _is_plain_workbook(container: Container, name: str) -> bool:
    """Whether an embedded workbook holds figures alone: no macros, no other files, nothing from elsewhere."""
    try:
        inner = open_container(io.BytesIO(container.read(name, _MOST_CHART)))
        names = [each.lower() for each in inner.entries]
        more = any(mark in each for each in names for mark in (*_MACROS, "/embeddings/", "/activex/", "oleobject"))
        outside = (b"External" in inner.read(each) for each in inner.entries if each.endswith(".rels"))
        return "xl/workbook.xml" in inner and not more and not any(outside)
    except InvalidInput:
        return False


def _named(container: Container, findings: Findings) -> None:
    charts = _chart_data(container)
    for name in container.entries:
        plain = name.lower()
        if any(mark in plain for mark in _MACROS):
            findings.fail(Aspect.ACTIVE, "office-macros", name)
        elif "/activex/" in plain:
            findings.fail(Aspect.ACTIVE, "office-control", name)
        elif "/embeddings/" in plain or ("oleobject" in plain.rpartition("/")[2] and not plain.endswith(".rels")):
            tell = findings.note if name in charts else findings.fail
            tell(Aspect.CONCEALED, "office-embedded", name)


def _fields(container: Container, findings: Findings) -> None:
    """Fields that start a conversation with a program (DDE) or fetch something, however they are cut into runs."""
    left = _MOST_FIELDS
    for name, entry in container.entries.items():
        plain = name.lower()
        if not plain.endswith(".xml") or not plain.startswith(("word/", "xl/externallinks/")):
            continue
        left -= entry.size
        if left < 0:
            findings.leave(Aspect.ACTIVE, "parts-unchecked", name)
            return
        content = container.read(name, entry.size)
        said = b"".join(one or two for one, two in _FIELD.findall(content))
        if DDE.search(said) or (plain.startswith("xl/") and b"ddeLink" in content):
            findings.fail(Aspect.ACTIVE, "office-dde", name)
        if FETCHING.search(said):
            findings.fail(Aspect.ACTIVE, "office-outside-resource", name, kind="field")
