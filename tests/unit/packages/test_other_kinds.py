"""Packages of E-ARK, DA/T 93, DA/T 103 and DA/T 48: sound ones, and one rule broken at a time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.packages.types import Kind
from ingest.packages.validating import validate
from tests.unit.packages.making import (
    NUMBER,
    SOUND,
    Files,
    codes,
    csip,
    dat93,
    dat103,
    eep,
    laid,
    report,
    tarred,
    zipped,
)

METS, XML, ABOUT, LIST = "METS.xml", "封装包.xml", f"Z001/ZY/{NUMBER}/元数据.xml", "目录文件.XML"


def without(*names: str) -> Callable[[Files], Files]:
    return lambda files: {name: data for name, data in files.items() if name not in names}


def edited(name: str, old: str, new: str) -> Callable[[Files], Files]:
    def edit(files: Files) -> Files:
        assert old.encode() in files[name]
        return {**files, name: files[name].replace(old.encode(), new.encode(), 1)}

    return edit


def changed(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: data}


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_package_is_valid_in_a_folder_a_zip_and_a_tar(kind: str, tmp_path: Path) -> None:
    files = {f"包/{name}": data for name, data in SOUND[kind]().items()}
    places = [
        laid(files, tmp_path / "folder"),
        zipped(files, tmp_path / "package.zip"),
        tarred(files, tmp_path / "package.tar"),
    ]

    found = [validate(place) for place in places]

    assert [(one.kind, one.valid, codes(one, "warning")) for one in found] == [(Kind(kind), True, set())] * 3


CSIP: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "CSIP1": ("mets-attribute-missing", edited(METS, 'OBJID="sip-1"', "")),
    "CSIP2": ("mets-attribute-missing", edited(METS, 'TYPE="Mixed"', "")),
    "CSIP6": ("mets-attribute-missing", edited(METS, "PROFILE=", "X=")),
    "CSIP7": ("mets-attribute-value", edited(METS, 'CREATEDATE="2026-05-04T09:30:00+08:00"', 'CREATEDATE="x"')),
    "CSIP9": ("mets-attribute-value", edited(METS, 'OAISPACKAGETYPE="SIP"', 'OAISPACKAGETYPE="BOX"')),
    "CSIP11": ("mets-attribute-value", edited(METS, 'ROLE="CREATOR"', 'ROLE="EDITOR"')),
    "CSIP14": ("mets-element-missing", edited(METS, "<name>maker</name>", "")),
    "CSIP16": ("mets-attribute-value", edited(METS, "SOFTWARE VERSION", "VERSION")),
    "CSIP18": ("mets-attribute-missing", edited(METS, '<dmdSec ID="d1"', "<dmdSec")),
    "CSIP19": ("mets-attribute-missing", edited(METS, 'ID="d1" CREATED="2026-05-04T09:30:00+08:00"', 'ID="d1"')),
    "CSIP25": ("mets-attribute-missing", edited(METS, 'MDTYPE="DC"', "")),
    "CSIP59": ("mets-attribute-missing", edited(METS, '<fileSec ID="s1">', "<fileSec>")),
    "CSIP64": ("mets-attribute-missing", edited(METS, 'USE="Schemas"', "")),
    "CSIP68": ("mets-attribute-missing", edited(METS, '"f0" MIMETYPE="text/plain"', '"f0" X="1"')),
    "CSIP22": ("mets-attribute-value", edited(METS, 'LOCTYPE="URL"', 'LOCTYPE="URN"')),
    "CSIP81": ("mets-attribute-value", edited(METS, 'TYPE="PHYSICAL"', 'TYPE="LOGICAL"')),
    "CSIP82": ("mets-element-missing", edited(METS, 'LABEL="CSIP"', 'LABEL="MINE"')),
    "CSIP83": ("mets-attribute-missing", edited(METS, '<structMap ID="m1"', "<structMap")),
    "CSIP86": ("mets-attribute-value", edited(METS, 'ID="v0" LABEL="sip-1"', 'ID="v0" LABEL="x"')),
    "CSIP88": ("mets-element-missing", edited(METS, 'LABEL="Metadata"', 'LABEL="Meta"')),
    "CSIP106": ("mets-attribute-missing", edited(METS, '<div ID="v4"', "<div")),
    "id twice": ("mets-id-twice", edited(METS, 'ID="p1"', 'ID="d1"')),
    "id unknown": ("mets-id-unknown", edited(METS, 'FILEID="g2"', 'FILEID="g9"')),
    "root of another name": ("mets-element-missing", changed(METS, b"<mets/>")),
    "no XML": ("package-xml", changed(METS, b"<mets>")),
    "file missing": ("mets-file-missing", without("documentation/read.txt")),
    "file of another size": ("manifest-size-differs", changed("schemas/mets.xsd", b"<schema />")),
    "file changed": ("manifest-digest-differs", changed("schemas/mets.xsd", b"<schemA/>")),
    "reference to a server": ("mets-reference-outside", edited(METS, "schemas/mets.xsd", "http://localhost/x")),
    "reference to a host": ("mets-reference-outside", edited(METS, "schemas/mets.xsd", "//localhost/x")),
    "reference to this machine": ("mets-reference-outside", edited(METS, "schemas/mets.xsd", "file:///etc/passwd")),
    "reference that climbs": ("mets-reference-outside", edited(METS, "schemas/mets.xsd", "../x")),
    "reference that climbs unseen": ("mets-reference-outside", edited(METS, "schemas/mets.xsd", "a/%2e%2e/x")),
}

DAT93: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "no description": ("dat93-description-missing", without("说明文件.TXT")),
    "no catalogue": ("dat93-catalogue-missing", without(LIST)),
    "catalogue that is no XML": ("package-xml", changed(LIST, b"<a>")),
    "catalogue with a document type": ("package-xml", changed(LIST, b"<!DOCTYPE a><a/>")),
    "catalogue without numbers": ("dat93-catalogue-empty", changed(LIST, b"<a/>")),
    "number twice": ("dat93-number-twice", edited(LIST, "</目录>", f"<档号>{NUMBER}</档号></目录>")),
    "folder missing": ("dat93-folder-missing", edited(LIST, "</目录>", "<档号>X</档号></目录>")),
    "folder unlisted": ("dat93-folder-unlisted", edited(LIST, NUMBER, "X")),
    "no metadata": ("dat93-metadata-missing", without(ABOUT)),
    "metadata that are no XML": ("package-xml", changed(ABOUT, b"x")),
    "no content": ("dat93-content-missing", without(ABOUT.replace("元数据.xml", "公告.txt"), ABOUT[:-7] + "清单.csv")),
    "no number": ("dat93-number-missing", edited(ABOUT, f"<档号>{NUMBER}</档号>", "")),
    "another number": ("dat93-number-differs", edited(ABOUT, NUMBER, "X")),
    "no title": ("package-title-missing", edited(ABOUT, "<题名>道路工程招标公告</题名>", "")),
    "file missing": ("package-described-missing", without(ABOUT[:-7] + "清单.csv")),
    "file outside": ("manifest-path-unsafe", edited(ABOUT, "清单.csv", "../清单.csv")),
    "file of another size": ("manifest-size-differs", changed(ABOUT[:-7] + "清单.csv", b"1,2,3")),
    "file changed": ("manifest-digest-differs", changed(ABOUT[:-7] + "清单.csv", b"1,2,4\n")),
    "another number of records": ("package-count-differs", changed("说明文件.TXT", "档案数量：2件".encode())),
    "description in no encoding": ("package-description-unreadable", changed("说明文件.TXT", b"\xff\xff\xff")),
}

DAT103: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "no description": ("dat103-description-missing", without("说明文件.TXT")),
    "another number of records": ("package-count-differs", changed("说明文件.TXT", "档案数量：5件".encode())),
    "file without a stage": ("dat103-file-without-stage", changed("项目管理/x.txt", b"1")),
    "nothing but a file without a stage": (
        "dat103-content-missing",
        lambda files: {**{k: v for k, v in files.items() if not k.startswith("项目管理/")}, "项目管理/x.txt": b"1"},
    ),
    "file changed": ("manifest-digest-differs", changed("项目管理/01_招标/01_招标公告.txt", b"1")),
    "file missing": ("package-described-missing", without("项目管理/01_招标/01_招标公告.txt")),
}

EEP: dict[str, tuple[str, Callable[[Files], Files]]] = {
    "another namespace": ("eep-namespace", edited(XML, "/ERM/encapsulation", "/else")),
    "no version": ("eep-element-missing", edited(XML, "<版本>2009</版本>", "")),
    "nothing signed": ("eep-element-missing", lambda f: {XML: f[XML].replace("被签名对象".encode(), b"x")}),
    "no maker": ("eep-element-missing", edited(XML, "<封装包创建单位>某某中心</封装包创建单位>", "")),
    "another type": ("eep-value", edited(XML, "原始型", "另一型")),
    "no title": ("package-title-missing", edited(XML, "<题名>道路工程招标公告</题名>", "")),
    "no file name": ("eep-element-missing", edited(XML, "<计算机文件名>公告.txt</计算机文件名>", "")),
    "content of another size": ("manifest-size-differs", edited(XML, "<大小>18", "<大小>17")),
    "content changed": ("manifest-digest-differs", edited(XML, "<编码数据>5", "<编码数据>6")),
    "content that is no base64": ("eep-content-broken", edited(XML, "<编码数据>5", "<编码数据>!")),
    "content cut short": ("eep-content-broken", edited(XML, "<编码数据>5", "<编码数据>")),
    "file beside it missing": ("package-described-missing", without("录像.bin")),
    "file beside it changed": ("manifest-digest-differs", changed("录像.bin", b"1,2,4\n")),
    "file outside": ("manifest-path-unsafe", edited(XML, "录像.bin", "../x")),
    "signature without a result": ("eep-element-missing", edited(XML, "<签名结果>AAAA</签名结果>", "")),
    "document type": ("package-xml", edited(XML, "<电子文件封装包 ", "<!DOCTYPE x []><电子文件封装包 ")),
}


@pytest.mark.parametrize(("code", "spoil"), CSIP.values(), ids=CSIP)
def test_a_broken_rule_of_an_information_package_is_found(
    code: str, spoil: Callable[[Files], Files], request: pytest.FixtureRequest
) -> None:
    found = report(spoil(csip()))

    assert (found.kind, found.valid) == (Kind.CSIP, False)
    assert code in codes(found)
    rule = request.node.callspec.id
    assert not rule.startswith("CSIP") or any(finding.params.get("rule") == rule for finding in found.findings)


@pytest.mark.parametrize(("code", "spoil"), DAT93.values(), ids=DAT93)
def test_a_broken_rule_of_a_transfer_package_is_found(code: str, spoil: Callable[[Files], Files]) -> None:
    found = report(spoil(dat93()))

    assert (found.kind, found.valid) == (Kind.DAT93, False)
    assert code in codes(found)


@pytest.mark.parametrize(("code", "spoil"), DAT103.values(), ids=DAT103)
def test_a_broken_rule_of_a_filing_package_is_found(code: str, spoil: Callable[[Files], Files]) -> None:
    found = report(spoil(dat103()))

    assert (found.kind, found.valid) == (Kind.DAT103, False)
    assert code in codes(found)


@pytest.mark.parametrize(("code", "spoil"), EEP.values(), ids=EEP)
def test_a_broken_rule_of_an_encapsulation_is_found(code: str, spoil: Callable[[Files], Files]) -> None:
    found = report(spoil(eep()))

    assert (found.kind, found.valid) == (Kind.EEP, False)
    assert code in codes(found)


def renamed(old: str, new: str) -> Files:
    return {name: data.replace(old.encode(), new.encode()) for name, data in eep().items()}


WARNED: dict[str, tuple[str, Files]] = {
    "no folder of schemas": ("csip-folder-missing", without("schemas/mets.xsd")(csip())),
    "a file that no METS lists": ("mets-file-unlisted", {**csip(), "more.txt": b"1"}),
    "a digest nobody knows": ("mets-digest-unknown", edited(METS, "SHA-256", "HAVAL")(csip())),
    "a file that is no record's": ("dat93-file-stray", {**dat93(), "more.txt": b"1"}),
    "a file beside folders of records": ("dat93-file-stray", {**dat93(), "Z001/more.txt": b"1"}),
    "a file metadata do not name": ("package-file-undescribed", {**dat93(), f"Z001/ZY/{NUMBER}/more": b"1"}),
    "a list missing": ("dat103-other-missing", without("其他/审批留痕.txt")(dat103())),
    "a field missing": ("package-description-field", {**dat103(), "说明文件.TXT": b"x"}),
    "a number missing": ("dat103-order-gap", {**dat103(), "项目管理/04_评标/01_报告.txt": b"1"}),
    "a name without a number": ("dat103-name-unordered", {**dat103(), "项目管理/01_招标/报告.txt": b"1"}),
    "a file in no folder": ("dat103-file-stray", {**dat103(), "more.txt": b"1"}),
    "no signature": ("eep-unsigned", renamed("电子签名>", "签名>")),
    "another version": ("eep-version", edited(XML, 'eep版本="2009"', 'eep版本="2018"')(eep())),
    "no number of its own": ("eep-metadata-missing", edited(XML, "<电子文件号>E-1</电子文件号>", "")(eep())),
    "records unwrapped": ("eep-entity-unwrapped", renamed("文件实体>", "实体>")),
}


@pytest.mark.parametrize(("code", "files"), WARNED.values(), ids=WARNED)
def test_what_bodes_ill_is_a_warning(code: str, files: Files) -> None:
    assert code in codes(report(files), "warning")


def test_digests_that_were_not_compared_are_told() -> None:
    found = report({**dat103(), "其他/固化验证信息.txt": b"x"})

    assert found.valid
    assert codes(found, "info") == {"dat103-fixity-not-checked"}


def test_a_filing_package_of_two_volumes_is_judged_by_volume() -> None:
    files = {f"{number}/{name}": data for number in ("卷一", "卷二") for name, data in dat103().items()}
    assert report(files).valid

    del files["卷二/说明文件.TXT"]
    (missing,) = [f for f in report(files).findings if f.code == "dat103-description-missing"]
    assert missing.path == "卷二/说明文件.TXT"


def test_an_encapsulation_may_be_one_file_alone(tmp_path: Path) -> None:
    files = laid(eep(), tmp_path)

    assert codes(validate(files / XML)) == {"package-described-missing"}
