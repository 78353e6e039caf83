"""Parts of an Office Open XML package (ECMA-376 part 2): the main part, its relations, what the file says of itself."""

import posixpath
from typing import BinaryIO

from archive.errors import InvalidInput
from ingest.extractors.gathering import opened, small_xml
from ingest.extractors.port import Limits
from ingest.formats.containers import Container, open_container

_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "created": "created",
    "modified": "modified",
    "lastModifiedBy": "modified_by",
}


class Package:
    """An Office file, opened through the hostile-container guard."""

    def __init__(self, container: Container) -> None:
        self.container = container
        mains = related(container, "").get("officeDocument", [])
        if not mains:
            raise InvalidInput("file-damaged", detail="no main part")
        self.main = mains[0]

    def related_parts(self) -> dict[str, list[str]]:
        """Parts that the main part refers to, by the last word of the relation's type."""
        return related(self.container, self.main)

    def metadata(self) -> dict[str, str | None]:
        """Core properties (ECMA-376 part 2, 11)."""
        if "docProps/core.xml" not in self.container:
            return {}
        root = small_xml(self.container.read("docProps/core.xml"))
        found = {str(child.tag).rpartition("}")[2]: child.text for child in root}
        return {name: found.get(key) for key, name in _PROPERTIES.items()}


def open_package(stream: BinaryIO, limits: Limits) -> Package:
    """Open an Office file.

    Raises:
        InvalidInput: as `ingest.formats.containers.open_container`; `file-empty`; `file-damaged` without a main part.
    """
    opened(stream)
    return Package(open_container(stream, limits.container))


def related(container: Container, part: str) -> dict[str, list[str]]:
    """Targets of the relations of `part` inside the package, by the last word of their type; "" is the package."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations not in container:
        return {}
    targets: dict[str, list[str]] = {}
    for relation in small_xml(container.read(relations)):
        target = relation.get("Target", "")
        if relation.get("TargetMode") == "External" or not target:
            continue
        kind = str(relation.get("Type", "")).rpartition("/")[2]
        targets.setdefault(kind, []).append(posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
    return targets


def relation_targets(container: Container, part: str) -> dict[str, str]:
    """Targets of the relations of `part` inside the package, by relation id."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations not in container:
        return {}
    return {
        str(relation.get("Id")): posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
        for relation in small_xml(container.read(relations))
        if relation.get("TargetMode") != "External"
    }
