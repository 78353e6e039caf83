"""OFD (GB/T 33190-2016): every part that another part names is there, and what the document carries beside its pages.

Whether a document is fit for long keeping (the profile OFD/A names itself in `DocType`) can only be told by a
validator; what stands against it, such as fonts that are not embedded, is told all the same.
"""

import posixpath
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from ingest.formats.containers import Container
from ingest.formats.findings import Findings
from ingest.formats.inspection import Aspect, Inspection
from ingest.formats.limits import Limits
from ingest.formats.parts import TOOL, look_at_parts, opened, resolved, tree_of
from ingest.outcomes import Observation, Outcome

_NAMESPACE = "http://www.ofdspec.org/2016"
# Of the drafts, still written by some software; the elements are the same.
_DRAFT_NAMESPACE = "http://www.ofdspec.org"
_ROOT = "OFD.xml"
# Elements whose text is a location (ST_Loc, 7.3), and attributes that are one.
_LOCATIONS = frozenset(
    {"DocRoot", "Signatures", "PublicRes", "DocumentRes", "PageRes", "Annotations", "Attachments", "CustomTags"}
    | {"Extensions", "FileLoc", "SchemaLoc", "MediaFile", "FontFile", "SignedValue", "BaseLoc", "ExtendData"}
)
_LOCATION_ATTRIBUTES = ("BaseLoc", "FileRef", "Profile")
# Files that an encrypted OFD carries (GM/T 0099-2020).
_ENCRYPTED = frozenset({"encryptions.xml", "decryptseed.dat", "encryptentries.xml"})
# Families that every reader in China brings along, in both of their names.
_SYSTEM_FONTS = frozenset(
    {"宋体", "simsun", "黑体", "simhei", "楷体", "kaiti", "仿宋", "fangsong", "times new roman", "arial", "courier new"}
)
_MOST_PARTS = 20_000


def inspect_ofd(stream: BinaryIO, limits: Limits) -> tuple[Inspection, ...]:
    """A document of fixed layout."""
    findings = Findings(TOOL)
    container = opened(stream, limits, findings)
    if container is None:
        return findings.conclude()
    if any(posixpath.basename(name).lower() in _ENCRYPTED for name in container.entries):
        findings.fail(Aspect.LOCKED, "file-encrypted")
        for aspect in (Aspect.STRUCTURE, Aspect.ACTIVE, Aspect.CONCEALED):
            findings.leave(aspect, "file-encrypted")
        return findings.conclude()
    look_at_parts(container, [name for name in container.entries if name.lower().endswith(".xml")], limits, findings)
    walk = _Walk(container, findings)
    walk.all_parts()
    structure, *others = findings.conclude()
    return (structure, _conformance(walk), *others)


class _Walk:
    """Follows every location from `OFD.xml` on, and remembers what was named, defined and used."""

    def __init__(self, container: Container, findings: Findings) -> None:
        self._container = container
        self._findings = findings
        self._lowered = {name.lower(): name for name in container.entries}
        self._waiting = deque([_ROOT])
        self._met = {_ROOT}
        self._defined: set[str] = set()
        self._used: dict[str, str] = {}
        self.unembedded: list[str] = []
        self.profile = ""

    def all_parts(self) -> None:
        """Every part that can be reached."""
        self._root()
        while self._waiting:
            part = self._waiting.popleft()
            tree = tree_of(self._container, part) if part.lower().endswith(".xml") else None
            if tree is not None:
                self._part(part, tree)
        for identifier, part in self._used.items():
            if identifier not in self._defined:
                self._findings.fail(Aspect.STRUCTURE, "ofd-resource-missing", part, resource=identifier[:40])
        for name in self._container.entries:
            if name not in self._met:
                self._findings.note(Aspect.CONCEALED, "ofd-part-unnamed", name)

    def _root(self) -> None:
        tree = tree_of(self._container, _ROOT)
        if tree is None or not len(tree):
            self._findings.fail(Aspect.STRUCTURE, "ofd-part-missing", _ROOT, part="DocBody")
            return
        named = etree.QName(tree)
        if named.localname != "OFD" or not str(named.namespace).startswith(_DRAFT_NAMESPACE):
            self._findings.fail(Aspect.STRUCTURE, "ofd-namespace", _ROOT)
        elif named.namespace != _NAMESPACE:
            self._findings.note(Aspect.STRUCTURE, "ofd-namespace", _ROOT)
        self.profile = str(tree.get("DocType", ""))
        if not any((item.text or "").strip() for item in tree.iterfind("{*}DocBody/{*}DocRoot")):
            self._findings.fail(Aspect.STRUCTURE, "ofd-part-missing", _ROOT, part="DocRoot")

    def _part(self, part: str, tree: etree._Element) -> None:
        base = str(tree.get("BaseLoc", "")) if _local(tree) == "Res" else ""
        seen: set[str] = set()
        for element in tree.iter("{*}*"):
            for location in _locations(element):
                self._follow(part, base, location, embedded=_is_attachment(element))
            self._identified(part, element, seen)

    def _follow(self, part: str, base: str, location: str, *, embedded: bool) -> None:
        # Locations are relative to the part; resources to the folder that their list names. Writers differ, readers
        # try both, and the root of the package, before they give up.
        tried = [resolved(part, posixpath.join(base, location)), resolved(part, location), resolved("", location)]
        found = next((self._lowered[each.lower()] for each in tried if each.lower() in self._lowered), None)
        if found is None:
            self._findings.fail(Aspect.STRUCTURE, "ofd-part-missing", part, part=location[:200])
            return
        if embedded:
            # The data of an invoice: parts in XML have been looked at like all others.
            tell = self._findings.note if found.lower().endswith(".xml") else self._findings.fail
            tell(Aspect.CONCEALED, "ofd-attachment", found)
        if found not in self._met and len(self._met) < _MOST_PARTS:
            self._met.add(found)
            self._waiting.append(found)

    def _identified(self, part: str, element: etree._Element, seen: set[str]) -> None:
        identifier, name = element.get("ID"), _local(element)
        if identifier:
            # Numbers of signatures and attachments are lists of their own (18.2, 20.1).
            if identifier in seen:
                self._findings.note(Aspect.STRUCTURE, "ofd-identifier-twice", part, resource=identifier[:40])
            seen.add(identifier)
            self._defined.add(identifier)
        if name == "Font" and element.find("{*}FontFile") is None:
            self._font(element)
        resource = element.get("ResourceID") if name in {"ImageObject", "CompositeObject", "MultiMedia"} else None
        if resource:
            self._used.setdefault(resource, part)

    def _font(self, element: etree._Element) -> None:
        names = {str(element.get(key, "")).strip() for key in ("FontName", "FamilyName")} - {""}
        if not any(name.lower() in _SYSTEM_FONTS for name in names):
            self.unembedded.append(min(names, default=""))


def _locations(element: etree._Element) -> Iterator[str]:
    name = _local(element)
    said = (element.text or "").strip()
    if name in _LOCATIONS and said and not len(element):
        yield said
    # The list of resources and the description of a page have a `BaseLoc` that names a folder or is a part.
    for attribute in _LOCATION_ATTRIBUTES:
        if (value := (element.get(attribute) or "").strip()) and not (attribute == "BaseLoc" and name == "Res"):
            yield value


def _is_attachment(element: etree._Element) -> bool:
    parent = element.getparent()
    return _local(element) == "FileLoc" and parent is not None and _local(parent) == "Attachment"


def _local(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _conformance(walk: _Walk) -> Inspection:
    fonts = tuple(
        Observation("ofd-font-not-embedded", {"font": name[:80]}) for name in sorted(set(walk.unembedded))[:20]
    )
    if walk.profile.upper().replace("/", "-") in {"OFD-A", "OFDA"}:
        against = (Observation("ofda-not-validated"), *fonts)
        return Inspection(Aspect.CONFORMANCE, Outcome.NOT_CHECKED, TOOL, against)
    return Inspection(Aspect.CONFORMANCE, Outcome.NOT_APPLICABLE, TOOL, (Observation("ofda-not-claimed"), *fonts))
