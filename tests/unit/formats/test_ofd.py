from pathlib import Path

import pytest

from ingest.formats.identify import identify
from ingest.formats.inspecting import inspect
from ingest.formats.inspection import Aspect
from ingest.formats.limits import Limits
from ingest.outcomes import Outcome
from tests.unit.extractors import documents
from tests.unit.formats.looking import codes, harmless, looked

NAMESPACE = documents.OFD_NAMESPACE


def ofd(document: str = "", more: dict[str, str] | None = None, root: str = "") -> bytes:
    """A document with `document` put into its Document.xml, and more parts."""
    parts = documents.ofd_parts()
    parts["Doc_0/Document.xml"] = parts["Doc_0/Document.xml"].replace("</ofd:Document>", f"{document}</ofd:Document>")
    if root:
        parts["OFD.xml"] = root
    return documents.zipped({**parts, **(more or {})})


def resources(inner: str) -> dict[str, str]:
    return {"Doc_0/Res.xml": f'<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res">{inner}</ofd:Res>'}


LISTED = "<ofd:CommonData><ofd:PublicRes>Res.xml</ofd:PublicRes></ofd:CommonData>"


def test_a_sound_document_passes() -> None:
    harmless(documents.ofd(), "a.ofd")
    assert codes(documents.ofd(), Aspect.CONFORMANCE, Outcome.NOT_APPLICABLE, "a.ofd") == {"ofda-not-claimed"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (ofd("<ofd:Annotations>Annotations.xml</ofd:Annotations>"), "ofd-part-missing"),
        (ofd('<ofd:Pages><ofd:Page ID="9" BaseLoc="Pages/none.xml"/></ofd:Pages>'), "ofd-part-missing"),
        (
            ofd(LISTED, resources('<ofd:MultiMedias><ofd:MultiMedia ID="7"><ofd:MediaFile>a.png</ofd:MediaFile>'
                                  "</ofd:MultiMedia></ofd:MultiMedias>")),
            "ofd-part-missing",
        ),
        (ofd(root="<a/>"), "ofd-part-missing"),
        (ofd(root='<OFD xmlns="urn:a"><DocBody><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>'),
         "ofd-namespace"),
        (ofd(root="<OFD>"), "xml-not-well-formed"),
        (
            ofd(
                '<ofd:Pages><ofd:Page ID="9" BaseLoc="p.xml"/></ofd:Pages>',
                {"Doc_0/p.xml": f'<ofd:Page xmlns:ofd="{NAMESPACE}"><ofd:ImageObject ResourceID="77"/></ofd:Page>'},
            ),
            "ofd-resource-missing",
        ),
    ],
)  # fmt: skip
def test_what_is_named_and_not_there_fails(content: bytes, code: str) -> None:
    assert code in codes(content, Aspect.STRUCTURE, name="a.ofd")


def test_a_part_without_its_image_is_found_by_every_way_of_naming_it() -> None:
    media = (
        '<ofd:MultiMedias><ofd:MultiMedia ID="7"><ofd:MediaFile>{}</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>'
    )
    for place in ("a.png", "/Doc_0/Res/a.png", "Res/a.png"):
        harmless(ofd(LISTED, {**resources(media.format(place)), "Doc_0/Res/a.png": "x"}), "a.ofd")


@pytest.mark.parametrize(("name", "outcome"), [("a.xml", Outcome.PASS), ("a.pdf", Outcome.FAIL)])
def test_attachments_are_told_and_pass_only_as_xml_which_has_been_looked_at(name: str, outcome: Outcome) -> None:
    listed = f'<ofd:Attachments xmlns:ofd="{NAMESPACE}"><ofd:Attachment ID="1"><ofd:FileLoc>{name}</ofd:FileLoc>'
    more = {"Doc_0/At.xml": f"{listed}</ofd:Attachment></ofd:Attachments>", f"Doc_0/{name}": "<a/>"}
    content = ofd("<ofd:Attachments>At.xml</ofd:Attachments>", more)
    assert codes(content, Aspect.CONCEALED, outcome, "a.ofd") == {"ofd-attachment"}


def test_fonts_that_are_neither_embedded_nor_everywhere_are_told() -> None:
    fonts = '<ofd:Fonts><ofd:Font ID="7" FontName="{}"/></ofd:Fonts>'
    strange, usual = (ofd(LISTED, resources(fonts.format(name))) for name in ("试验体", "宋体"))
    assert "ofd-font-not-embedded" in codes(strange, Aspect.CONFORMANCE, Outcome.NOT_APPLICABLE, "a.ofd")
    assert "ofd-font-not-embedded" not in codes(usual, Aspect.CONFORMANCE, Outcome.NOT_APPLICABLE, "a.ofd")


def test_a_claim_to_the_profile_is_not_believed() -> None:
    claimed = documents.ofd_parts()["OFD.xml"].replace("<ofd:OFD ", '<ofd:OFD DocType="OFD-A" ')
    assert "ofda-not-validated" in codes(ofd(root=claimed), Aspect.CONFORMANCE, Outcome.NOT_CHECKED, "a.ofd")


def test_an_encrypted_document_is_locked_and_nothing_else_is_passed() -> None:
    content = ofd(more={"Encryptions.xml": "<a/>"})
    assert codes(content, Aspect.LOCKED, name="a.ofd") == {"file-encrypted"}
    assert looked(content, "a.ofd")[Aspect.ACTIVE].outcome is Outcome.NOT_CHECKED


def test_published_documents_fail_only_for_parts_that_they_lack(shared_data: Path) -> None:
    seen = 0
    for path in sorted((shared_data / "files" / "ofdrw-ofd").rglob("*.ofd")):
        with path.open("rb") as stream:
            found = inspect(stream, identify(stream, path.name), Limits())
        told = {each.code for item in found if item.outcome is Outcome.FAIL for each in item.observations}
        assert told <= {"ofd-part-missing", "ofd-attachment", "ofd-part-unnamed", "ofd-identifier-twice"}, path.name
        seen += 1
    assert seen > 20
