"""References of a METS document: what it says of each file, and which file that is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from archive.errors import InvalidInput
from ingest.packages.comparing import compare
from ingest.packages.digests import algorithm_named, hex_length
from ingest.packages.findings import Findings
from ingest.packages.markup import Element
from ingest.packages.members import Members
from ingest.packages.names import safe_path, shown

NAMESPACE: Final = "http://www.loc.gov/METS/"
_SCHEMES: Final = ("", "file")
_SECTIONS: Final = ("techMD", "rightsMD", "sourceMD", "digiprovMD")
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")


@dataclass(frozen=True)
class Reference:
    """One file as a METS document names it. `rules` are the CSIP requirements for its attributes by their names."""

    place: str
    holder: Element
    locator: Element
    rules: dict[str, str] = field(default_factory=dict)


def rules_from(first: int) -> dict[str, str]:
    """The requirements of an mdRef, which CSIP numbers one after the other: 22 to 30, 36 to 44, 49 to 57."""
    names = ("LOCTYPE", "xlink:type", "xlink:href", "MDTYPE", "MIMETYPE", "SIZE", "CREATED", "CHECKSUM", "CHECKSUMTYPE")
    return {name: f"CSIP{first + number}" for number, name in enumerate(names)}


_OF_METADATA: Final = {"dmdSec": rules_from(22), "digiprovMD": rules_from(36), "rightsMD": rules_from(49)}
_OF_FILES: Final = {
    "MIMETYPE": "CSIP68",
    "SIZE": "CSIP69",
    "CREATED": "CSIP70",
    "CHECKSUM": "CSIP71",
    "CHECKSUMTYPE": "CSIP72",
    "LOCTYPE": "CSIP77",
    "xlink:type": "CSIP78",
    "xlink:href": "CSIP79",
}
_ON_LOCATORS: Final = frozenset({"LOCTYPE", "xlink:type", "xlink:href"})
_FIXED: Final = {"LOCTYPE": "URL", "xlink:type": "simple"}


def sections(root: Element) -> Iterator[Element]:
    """Every section of metadata, descriptive ones first."""
    yield from root.all("dmdSec")
    for administrative in root.all("amdSec"):
        for name in _SECTIONS:
            yield from administrative.all(name)


def references(root: Element) -> Iterator[Reference]:
    """Everything that a document says lies in a file of its own."""
    for section in sections(root):
        for pointer in section.all("mdRef"):
            place = f"{section.name}[{section.attributes.get('ID', section.line)}]/mdRef"
            yield Reference(place, pointer, pointer, _OF_METADATA.get(section.name, rules_from(36)))
    for group in files_section(root):
        for file in group.all("file"):
            place = f"file[{file.attributes.get('ID', file.line)}]"
            for locator in file.all("FLocat")[:1]:
                yield Reference(place, file, locator, _OF_FILES)


def files_section(root: Element) -> Iterator[Element]:
    """Every group of files, those within groups too."""
    for section in root.all("fileSec"):
        yield from section.descendants("fileGrp")


def require_attributes(reference: Reference, document: str, findings: Findings) -> None:
    """Each attribute that CSIP demands of a reference is there, and says what it must."""
    for name, rule in reference.rules.items():
        element = reference.locator if name in _ON_LOCATORS else reference.holder
        value = element.attributes.get(name, "")
        if not value:
            findings.error("mets-attribute-missing", document, rule=rule, place=reference.place, attribute=name)
        elif name in _FIXED and value != _FIXED[name]:
            findings.error(
                "mets-attribute-value",
                document,
                rule=rule,
                place=reference.place,
                attribute=name,
                value=value[:80],
                wanted=_FIXED[name],
            )


def target(reference: Reference, document: str, findings: Findings) -> bytes | None:
    """The path that a reference means within the package; None where it leads elsewhere, which is an error.

    Nothing is fetched: an address of another scheme, a host, or a path that climbs is `mets-reference-outside`.
    """
    href = reference.locator.attributes.get("xlink:href", "").strip()
    if not href:
        return None
    path = _within(href)
    if path is None:
        findings.error("mets-reference-outside", document, place=reference.place, href=href[:200])
        return None
    folder = document.rpartition("/")[0]
    return f"{folder}/".encode() + path if folder else path


def _within(href: str) -> bytes | None:
    """The path of a relative address, decoded; None for an address that leads anywhere else."""
    try:
        parts = urlsplit(href)
        elsewhere = parts.scheme not in _SCHEMES or parts.netloc or parts.query or parts.fragment
        decoded = unquote(parts.path, errors="surrogateescape").encode("utf-8", "surrogateescape")
        return None if elsewhere else safe_path(decoded)
    except (InvalidInput, ValueError):
        return None


def compare_reference(reference: Reference, path: bytes, members: Members, document: str, findings: Findings) -> None:
    """The file of a reference is there and what the document says: its size and its digest."""
    if path not in members:
        findings.error("mets-file-missing", shown(path), document=document, place=reference.place)
        return
    given = reference.holder.attributes
    size = given.get("SIZE", "")
    if size and not re.fullmatch(r"\d{1,18}", size):
        findings.error(
            "mets-attribute-value",
            document,
            rule=reference.rules.get("SIZE", "METS"),
            place=reference.place,
            attribute="SIZE",
            value=size[:80],
            wanted="bytes",
        )
        size = ""
    digests = digests_of(reference)
    if not digests and given.get("CHECKSUM"):
        kind = given.get("CHECKSUMTYPE", "")[:40]
        findings.warning("mets-digest-unknown", shown(path), document=document, algorithm=kind)
    elif not digests:
        findings.warning("package-digest-missing", shown(path), number=1)
    compare(members[path], findings, size=int(size) if size else None, digests=digests)


def digests_of(reference: Reference) -> dict[str, str]:
    """The digest that a reference gives, by algorithm; empty where it gives none that can be computed here."""
    algorithm = algorithm_named(reference.holder.attributes.get("CHECKSUMTYPE", ""))
    digest = reference.holder.attributes.get("CHECKSUM", "").strip()
    if algorithm is None or len(digest) != hex_length(algorithm) or not _HEX.fullmatch(digest):
        return {}
    return {algorithm: digest.lower()}
