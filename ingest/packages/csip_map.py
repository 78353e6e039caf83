"""The structural map that CSIP demands of every METS document (CSIP80 to CSIP119)."""

from ingest.packages import mets
from ingest.packages.findings import Findings
from ingest.packages.markup import Element

_DIVISIONS = {"metadata": "CSIP89", "documentation": "CSIP94", "schemas": "CSIP98", "representations": "CSIP102"}


def look_at_map(root: Element, document: str, findings: Findings) -> None:
    """One map is labelled CSIP and describes the package; what it points to is in the document."""
    maps = [one for one in root.all("structMap") if one.attributes.get("LABEL") == "CSIP"]
    if not maps:
        rule = "CSIP82" if root.all("structMap") else "CSIP80"
        findings.error("mets-element-missing", document, rule=rule, element="structMap[@LABEL='CSIP']")
        return
    chart = maps[0]
    if chart.attributes.get("TYPE") != "PHYSICAL":
        findings.error(
            "mets-attribute-value",
            document,
            rule="CSIP81",
            place="structMap",
            attribute="TYPE",
            value=chart.attributes.get("TYPE", "")[:80],
            wanted="PHYSICAL",
        )
    if not chart.attributes.get("ID"):
        findings.error("mets-attribute-missing", document, rule="CSIP83", place="structMap", attribute="ID")
    top = chart.first("div")
    if top is None:
        findings.error("mets-element-missing", document, rule="CSIP84", element="structMap/div")
        return
    _look_at_divisions(root, top, document, findings)


def _look_at_divisions(root: Element, top: Element, document: str, findings: Findings) -> None:
    if not top.attributes.get("ID"):
        findings.error("mets-attribute-missing", document, rule="CSIP85", place="structMap/div", attribute="ID")
    if top.attributes.get("LABEL", "") != root.attributes.get("OBJID", ""):
        findings.error(
            "mets-attribute-value",
            document,
            rule="CSIP86",
            place="structMap/div",
            attribute="LABEL",
            value=top.attributes.get("LABEL", "")[:80],
            wanted="@OBJID",
        )
    labels = [division.attributes.get("LABEL", "") for division in top.all("div")]
    # A representation may have no metadata of its own: then there is nothing that such a division could describe.
    described = "/" not in document or any(mets.sections(root))
    if described and not any(label.lower() == "metadata" for label in labels):
        findings.error("mets-element-missing", document, rule="CSIP88", element="div[@LABEL='Metadata']")
    for division in top.all("div"):
        label = division.attributes.get("LABEL", "")
        if not division.attributes.get("ID"):
            rule = _DIVISIONS.get(label.lower(), "CSIP106")
            findings.error("mets-attribute-missing", document, rule=rule, place=f"div[{label[:40]}]", attribute="ID")
    _look_at_pointers(root, top, document, findings)


def _look_at_pointers(root: Element, top: Element, document: str, findings: Findings) -> None:
    """Each pointer of the map leads to an identifier of the document (CSIP91, 92, 116, 118, 119)."""
    identified: set[str] = set()
    waiting = [root]
    while waiting:
        element = waiting.pop()
        waiting += element.children
        identified.add(element.attributes.get("ID", ""))
    for division in top.descendants("div"):
        pointers = [*division.all("fptr"), division]
        meant = " ".join(
            pointer.attributes.get(name, "") for pointer in pointers for name in ("FILEID", "ADMID", "DMDID")
        )
        for identifier in meant.split():
            if identifier not in identified:
                findings.error("mets-id-unknown", document, id=identifier[:80], place="structMap")
