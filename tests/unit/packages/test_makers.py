"""Packages as their makers write them: what is sound is valid, and what nobody compared is told."""

import base64
import re
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pytest

from ingest.packages.types import Kind
from ingest.packages.validating import validate
from tests.unit.packages.making import (
    NOTICE,
    NUMBER,
    SHEET,
    Files,
    bag,
    codes,
    csip,
    dat93,
    dat103,
    described,
    eep,
    laid,
    located,
    report,
    sm3,
    tarred,
    zipped,
)

ABOUT = f"Z001/ZY/{NUMBER}/元数据.xml"
CAPSULE = "封装包.xml"


def rewritten(files: Files, name: str, change: Callable[[str], str], encoding: str = "utf-8") -> Files:
    return {**files, name: change(files[name].decode()).encode(encoding)}


WRITTEN: dict[str, Files] = {
    "metadata in GBK": rewritten(dat93(), ABOUT, lambda text: text.replace("UTF-8", "GBK"), "gbk"),
    "metadata in UTF-16": rewritten(dat93(), ABOUT, lambda text: text.replace("UTF-8", "UTF-16"), "utf-16"),
    "metadata with a mark": rewritten(dat93(), ABOUT, lambda text: "\ufeff" + text.replace("UTF-8", "GB2312")),
    "UTF-8 without its dash": rewritten(dat93(), ABOUT, lambda text: text.replace('"UTF-8"', "'utf8'")),
    "a file named with ./": rewritten(dat93(), ABOUT, lambda text: text.replace(">公告.txt<", ">./公告.txt<")),
    "a file in a folder of Windows": {
        name.replace("公告.txt", "附件/公告.txt"): data
        for name, data in rewritten(dat93(), ABOUT, lambda text: text.replace(">公告", ">附件\\公告")).items()
    },
    "an encapsulation in GB2312": rewritten(eep(), CAPSULE, lambda text: text.replace("UTF-8", "GB2312"), "gb18030"),
    "an encapsulation with a prefix": rewritten(
        eep(),
        CAPSULE,
        lambda text: re.sub(r"<(/?)([\u4e00-\u9fff])", r"<\1e:\2", text).replace("xmlns=", "xmlns:e="),
    ),
    "content beside an encapsulation in a folder": {
        name.replace("录像", "附件/录像"): data
        for name, data in rewritten(eep(), CAPSULE, lambda text: text.replace("录像", "附件\\录像")).items()
    },
    "SM3 that is not named, of content beside an encapsulation": rewritten(
        eep(), CAPSULE, lambda text: text.replace(sha256(SHEET).hexdigest(), sm3(SHEET))
    ),
    "SM3 that is not named, of content in an encapsulation": rewritten(
        eep(), CAPSULE, lambda text: text.replace(sha256(NOTICE).hexdigest(), sm3(NOTICE).upper())
    ),
}


@pytest.mark.parametrize("files", WRITTEN.values(), ids=WRITTEN)
def test_what_makers_write_in_their_own_way_is_valid_and_no_warning(files: Files) -> None:
    found = report(files)

    assert codes(found) | codes(found, "warning") == set()
    assert found.valid


@pytest.mark.parametrize("files", WRITTEN.values(), ids=WRITTEN)
def test_a_changed_file_is_found_however_the_package_is_written(files: Files) -> None:
    spoiled = {name: data[:-1] + b"0" if data in {NOTICE, SHEET} else data for name, data in files.items()}

    assert "manifest-digest-differs" in codes(report(spoiled))


def test_files_without_a_digest_are_counted_for_each_record() -> None:
    files = rewritten(dat93(), ABOUT, lambda text: re.sub("<校验码>.*?</校验码>", "", text))

    (told,) = [finding for finding in report(files).findings if finding.code == "package-digest-missing"]

    assert (told.path, told.params["number"]) == (ABOUT, 1)


def test_files_that_metadata_do_not_describe_are_told_and_read_all_the_same(tmp_path: Path) -> None:
    files = rewritten(dat93(), ABOUT, lambda text: re.sub("<电子属性>.*?</电子属性>", "", text, flags=re.DOTALL))
    assert codes(report(files), "warning") == {"package-file-undescribed", "package-digest-missing"}

    packed = zipped({**files, ABOUT.replace("元数据.xml", "图.bin"): bytes(range(256)) * 40}, tmp_path / "package.zip")
    whole = packed.read_bytes()
    at = whole.index("图.bin".encode()) + 60
    packed.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])

    found = validate(packed)

    assert found.kind is Kind.DAT93
    assert codes(found) & {"file-damaged", "zip-lies"}


def test_a_file_of_an_information_package_without_a_digest_is_told() -> None:
    files = rewritten(csip(), "METS.xml", lambda text: re.sub('CHECKSUM="[0-9A-F]*" ', "", text, count=1))

    assert codes(report(files), "warning") == {"package-digest-missing"}


def test_metadata_of_very_many_elements_are_read_in_proportion_to_them() -> None:
    files = rewritten(dat93(), ABOUT, lambda text: text.replace("</元数据>", "<a/>" * 100_000 + "</元数据>"))
    started = perf_counter()

    assert report(files).valid
    assert perf_counter() - started < 10


def test_a_folder_of_the_name_alone_makes_no_filing_package() -> None:
    found = report({"项目管理/合同.txt": NOTICE, "工程/图.txt": SHEET})

    assert (found.kind, codes(found)) == (Kind.UNKNOWN, {"package-kind-unknown"})
    assert report({name: data for name, data in dat103().items() if name != "说明文件.TXT"}).kind is Kind.DAT103


def test_what_macos_adds_beside_a_packed_folder_hides_no_package(tmp_path: Path) -> None:
    files = {f"bag/{name}": data for name, data in bag().items()} | {"__MACOSX/bag/._bagit.txt": b"1"}

    found = validate(zipped(files, tmp_path / "package.zip"))

    assert (found.kind, found.valid, found.findings) == (Kind.BAGIT, True, ())


def test_a_list_that_is_gone_when_it_is_read_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = laid(bag(), tmp_path / "bag")
    gone = folder / "manifest-sha256.txt"

    def vanish(*_: object) -> None:
        gone.unlink(missing_ok=True)

    monkeypatch.setattr("ingest.packages.validating._look_at_names", vanish)
    found = validate(folder)

    assert found.kind is Kind.BAGIT
    assert ("package-file-unreadable", gone.name) in {(each.code, each.path) for each in found.findings}
    assert "package-path-missing" not in codes(found)


def test_a_tar_that_breaks_off_at_a_damaged_header_is_damaged(tmp_path: Path) -> None:
    whole = tarred(bag(), tmp_path / "package.tar").read_bytes()
    for at in range(512, len(whole.rstrip(b"\0")), 512):
        spoiled = bytearray(whole)
        spoiled[at] ^= 0xFF
        (tmp_path / "spoiled.tar").write_bytes(spoiled)

        assert not validate(tmp_path / "spoiled.tar").valid

    second = whole.index(b"bag-info.txt")
    (tmp_path / "spoiled.tar").write_bytes(whole[:second] + b"X" + whole[second + 1 :])
    assert codes(validate(tmp_path / "spoiled.tar")) == {"file-damaged"}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_headers_of_headers_without_end_are_damage_and_no_crash(tmp_path: Path, kind: bytes) -> None:
    header = tarfile.TarInfo("x")
    header.type = kind
    (tmp_path / "package.tar").write_bytes(header.tobuf(tarfile.USTAR_FORMAT) * 3_000)

    assert codes(validate(tmp_path / "package.tar")) == {"file-damaged"}


def test_a_representation_needs_only_what_it_has() -> None:
    files = csip()
    content = "representations/one/data/公告.txt"
    root = files["METS.xml"].decode()
    head, _, rest = root.partition("<dmdSec")
    group = re.search(f"<fileGrp [^>]*>(?:(?!</fileGrp>).)*{content}.*?</fileGrp>", rest)
    assert group is not None
    own = (
        head.replace("sip-1", "one")
        + f'<fileSec ID="s1">{group[0].replace(content, "data/公告.txt")}</fileSec>'
        + '<structMap ID="m1" TYPE="PHYSICAL" LABEL="CSIP"><div ID="v0" LABEL="one">'
        + '<div ID="v1" LABEL="Data"><fptr FILEID="g2"/></div></div></structMap></mets>'
    ).encode()
    listed = (
        f'<file ID="f9" {described(own)}><FLocat {located("representations/one/METS.xml")}/></file></fileGrp></fileSec>'
    )
    files["METS.xml"] = root.replace("</fileGrp></fileSec>", listed).encode()

    found = report({**files, "representations/one/METS.xml": own})

    assert found.findings == ()


def test_large_content_is_read_as_fast_as_it_is_decoded() -> None:
    inline, data = base64.encodebytes(NOTICE).decode(), bytes(8 << 20)
    large = rewritten(
        eep(),
        CAPSULE,
        lambda text: (
            text.replace(inline, base64.encodebytes(data).decode())
            .replace(sha256(NOTICE).hexdigest(), sha256(data).hexdigest())
            .replace(f"<大小>{len(NOTICE)}<", f"<大小>{len(data)}<")
        ),
    )
    started = perf_counter()

    assert report(large).valid
    assert perf_counter() - started < 3
