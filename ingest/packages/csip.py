"""E-ARK information packages (Common Specification, CSIP 2.x): what can be judged without the network.

Requirements are named by their numbers in the specification (https://earkcsip.dilcis.eu/). Its schemas and vocabularies
lie elsewhere and are not fetched: values of vocabularies are not compared, but for the few that the text itself fixes.
"""

import re
from collections.abc import Iterator
from typing import Final

from archive.errors import InvalidInput
from ingest.packages import mets
from ingest.packages.csip_map import look_at_map
from ingest.packages.findings import Findings
from ingest.packages.markup import Element, parse
from ingest.packages.members import Members
from ingest.packages.names import shown
from ingest.packages.records import PackedFile, PackedRecord

ROOT: Final = b"METS.xml"

_TYPES: Final = frozenset({"SIP", "AIP", "DIP", "AIU", "AIC"})
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_FOLDERS: Final = (
    (b"metadata/", "CSIPSTR5"),
    (b"representations/", "CSIPSTR9"),
    (b"schemas/", "CSIPSTR15"),
    (b"documentation/", "CSIPSTR16"),
)
_PROFILE: Final = re.compile(r"v?(\d+)[-.](\d+)(?:[-.](\d+))?")
_MOST_REPRESENTATIONS: Final = 1_000


def is_csip(members: Members) -> bool:
    """Whether these files claim to be an information package."""
    return ROOT in members


def validate_csip(members: Members, findings: Findings) -> str:
    """Judge a package and read every file it lists; its version, as far as its profile says one."""
    for folder, rule in _FOLDERS:
        if not any(path.startswith(folder) for path in members):
            findings.warning("csip-folder-missing", shown(folder), rule=rule)
    root = _document(ROOT, members, findings)
    if root is None:
        return ""
    named = {ROOT}
    _look_at(root, shown(ROOT), members, named, findings)
    for path in _representations(members):
        document = _document(path, members, findings)
        if document is not None:
            _look_at(document, shown(path), members, named, findings)
    for path in members:
        if path not in named:
            findings.warning("mets-file-unlisted", shown(path))
    return _version(root)


def csip_records(members: Members) -> Iterator[PackedRecord]:
    """The package as one record: the files of its representations, with all other files as what is said of them.

    Raises:
        InvalidInput: its METS document cannot be read (`package-xml`, `manifest-too-large`).
    """
    findings = Findings()
    documents = [ROOT, *_representations(members)]
    announced: dict[bytes, mets.Reference] = {}
    roots = []
    for path in documents:
        with members[path].open() as stream:
            roots.append(parse(stream, shown(path)))
        for reference in mets.references(roots[-1]):
            meant = mets.target(reference, shown(path), findings)
            if meant is not None:
                announced.setdefault(meant, reference)
    content = [path for path in members if path.startswith(b"representations/") and b"/data/" in path]
    files = content or [path for path in members if path.startswith(b"representations/") and path not in documents]
    head = roots[0].attributes
    said = {
        "title": head.get("LABEL", "") or head.get("OBJID", ""),
        "package_id": head.get("OBJID", ""),
        "packed_at": (roots[0].first("metsHdr") or Element("")).attributes.get("CREATEDATE", ""),
    }
    packed = {path: _packed(path, members, announced) for path in members}
    yield PackedRecord(
        head.get("OBJID", "") or shown(ROOT),
        tuple(packed[path] for path in sorted(files)),
        tuple(packed[path] for path in sorted(members) if path not in files),
        {key: value for key, value in said.items() if value},
    )


def _packed(path: bytes, members: Members, announced: dict[bytes, mets.Reference]) -> PackedFile:
    reference = announced.get(path)
    if reference is None:
        return PackedFile(path, members[path].open)
    given = reference.holder.attributes
    size = given.get("SIZE", "")
    return PackedFile(
        path,
        members[path].open,
        int(size) if re.fullmatch(r"\d{1,18}", size) else None,
        mets.digests_of(reference),
        given.get("MIMETYPE", ""),
    )


def _representations(members: Members) -> list[bytes]:
    found = [path for path in members if path.startswith(b"representations/") and path.endswith(b"/METS.xml")]
    return sorted(path for path in found if path.count(b"/") == 2)[:_MOST_REPRESENTATIONS]


def _document(path: bytes, members: Members, findings: Findings) -> Element | None:
    if path not in members:
        findings.error("csip-mets-missing", shown(path), rule="CSIPSTR4")
        return None
    try:
        with members[path].open() as stream:
            root = parse(stream, shown(path))
    except InvalidInput as error:
        findings.caught(error, shown(path))
        return None
    if root.name != "mets" or root.namespace != mets.NAMESPACE:
        findings.error("mets-element-missing", shown(path), rule="CSIP1", element="mets")
        return None
    return root


def _look_at(root: Element, document: str, members: Members, named: set[bytes], findings: Findings) -> None:
    _look_at_root(root, document, findings)
    _look_at_head(root, document, findings)
    _look_at_ids(root, document, findings)
    _look_at_files(root, document, findings)
    look_at_map(root, document, findings)
    for reference in mets.references(root):
        mets.require_attributes(reference, document, findings)
        path = mets.target(reference, document, findings)
        if path is not None:
            named.add(path)
            mets.compare_reference(reference, path, members, document, findings)


def _look_at_root(root: Element, document: str, findings: Findings) -> None:
    for attribute, rule in (("OBJID", "CSIP1"), ("TYPE", "CSIP2"), ("PROFILE", "CSIP6")):
        if not root.attributes.get(attribute):
            findings.error("mets-attribute-missing", document, rule=rule, place="mets", attribute=attribute)
    if root.attributes.get("TYPE", "").upper() == "OTHER" and not root.attributes.get("csip:OTHERTYPE"):
        findings.warning("mets-attribute-missing", document, rule="CSIP3", place="mets", attribute="csip:OTHERTYPE")


def _look_at_head(root: Element, document: str, findings: Findings) -> None:
    head = root.first("metsHdr")
    if head is None:
        findings.error("mets-element-missing", document, rule="CSIP117", element="metsHdr")
        return
    created = head.attributes.get("CREATEDATE", "")
    if not created:
        findings.error("mets-attribute-missing", document, rule="CSIP7", place="metsHdr", attribute="CREATEDATE")
    elif not _MOMENT.fullmatch(created):
        _wrong_value(findings, document, "CSIP7", "metsHdr", "CREATEDATE", created, "xsd:dateTime")
    kind = head.attributes.get("csip:OAISPACKAGETYPE", "")
    if not kind:
        findings.error(
            "mets-attribute-missing", document, rule="CSIP9", place="metsHdr", attribute="csip:OAISPACKAGETYPE"
        )
    elif kind not in _TYPES:
        _wrong_value(findings, document, "CSIP9", "metsHdr", "csip:OAISPACKAGETYPE", kind, ", ".join(sorted(_TYPES)))
    _look_at_agents(head, document, findings)


def _wrong_value(
    findings: Findings, document: str, rule: str, place: str, attribute: str, value: str, wanted: str
) -> None:
    findings.error(
        "mets-attribute-value",
        document,
        rule=rule,
        place=place,
        attribute=attribute,
        value=value[:80],
        wanted=wanted,
    )


def _look_at_agents(head: Element, document: str, findings: Findings) -> None:
    """One agent must be the software that made the package (CSIP10 to CSIP16)."""
    agents = head.all("agent")
    if not agents:
        findings.error("mets-element-missing", document, rule="CSIP10", element="metsHdr/agent")
        return
    wanted = (("ROLE", "CREATOR", "CSIP11"), ("TYPE", "OTHER", "CSIP12"), ("OTHERTYPE", "SOFTWARE", "CSIP13"))
    agent = max(agents, key=lambda one: sum(one.attributes.get(name) == value for name, value, _ in wanted))
    for name, value, rule in wanted:
        if agent.attributes.get(name) != value:
            _wrong_value(findings, document, rule, "metsHdr/agent", name, agent.attributes.get(name, ""), value)
    if not agent.said("name"):
        findings.error("mets-element-missing", document, rule="CSIP14", element="metsHdr/agent/name")
    notes = agent.all("note")
    if not notes:
        findings.error("mets-element-missing", document, rule="CSIP15", element="metsHdr/agent/note")
    elif not any(note.attributes.get("csip:NOTETYPE") == "SOFTWARE VERSION" for note in notes):
        place, name = "metsHdr/agent/note", "csip:NOTETYPE"
        _wrong_value(findings, document, "CSIP16", place, name, "", "SOFTWARE VERSION")


def _look_at_ids(root: Element, document: str, findings: Findings) -> None:
    """Identifiers stand once (CSIP18 and its kin), and sections of metadata have one."""
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        element = waiting.pop()
        waiting += element.children
        identifier = element.attributes.get("ID", "")
        if identifier in seen:
            findings.error("mets-id-twice", document, id=identifier[:80], place=element.name)
        seen |= {identifier} - {""}
    rules = {"dmdSec": "CSIP18", "digiprovMD": "CSIP33", "rightsMD": "CSIP46"}
    for section in mets.sections(root):
        if section.name in rules and not section.attributes.get("ID"):
            findings.error(
                "mets-attribute-missing", document, rule=rules[section.name], place=section.name, attribute="ID"
            )
        if section.name == "dmdSec" and not section.attributes.get("CREATED"):
            findings.error("mets-attribute-missing", document, rule="CSIP19", place=section.name, attribute="CREATED")


def _look_at_files(root: Element, document: str, findings: Findings) -> None:
    section = root.first("fileSec")
    if section is None:
        findings.warning("mets-element-missing", document, rule="CSIP58", element="fileSec")
        return
    if not section.attributes.get("ID"):
        findings.error("mets-attribute-missing", document, rule="CSIP59", place="fileSec", attribute="ID")
    if "/" not in document:
        _look_at_uses(section, document, findings)
    for group in section.descendants("fileGrp"):
        _look_at_group(group, document, findings)


def _look_at_uses(section: Element, document: str, findings: Findings) -> None:
    """The groups of a whole package; its representations have what they need of them."""
    uses = [group.attributes.get("USE", "") for group in section.descendants("fileGrp")]
    for use, rule in (("Documentation", "CSIP60"), ("Schemas", "CSIP113"), ("Representations", "CSIP114")):
        # 2.0 asked for these groups where there is something to group, 2.1 and later always: who follows 2.0 is right.
        if not any(given.partition("/")[0].lower() == use.lower() for given in uses):
            findings.warning("mets-element-missing", document, rule=rule, element=f"fileGrp[@USE='{use}']")


def _look_at_group(group: Element, document: str, findings: Findings) -> None:
    for attribute, rule in (("USE", "CSIP64"), ("ID", "CSIP65")):
        if not group.attributes.get(attribute):
            findings.error("mets-attribute-missing", document, rule=rule, place="fileGrp", attribute=attribute)
    if not group.children:
        findings.error("mets-element-missing", document, rule="CSIP66", element="fileGrp/file")
    for file in group.all("file"):
        if not file.attributes.get("ID"):
            findings.error("mets-attribute-missing", document, rule="CSIP67", place="file", attribute="ID")
        if file.first("FLocat") is None:
            findings.error("mets-element-missing", document, rule="CSIP76", element="file/FLocat")


def _version(root: Element) -> str:
    """The version in the address of the profile (`…/v2-1-1/…`); an address without one names no version."""
    found = _PROFILE.search(root.attributes.get("PROFILE", ""))
    return ".".join(part for part in found.groups() if part) if found else ""
