"""Packages that mean harm: refused under a code, within bounds, and without anything being followed or fetched."""

import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from ingest.packages import validating
from ingest.packages.types import Kind
from ingest.packages.validating import validate
from tests.unit.packages.making import bag, codes, csip, eep, laid, report, tarred, zipped

BOMB = b'<!DOCTYPE a [<!ENTITY b "%s"><!ENTITY c "&b;&b;&b;&b;">]><mets>&c;</mets>' % (b"x" * 1000)
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><mets>&b;</mets>'
REMOTE = b'<!DOCTYPE a SYSTEM "http://localhost:1/a.dtd"><mets/>'


@pytest.mark.parametrize("document", [BOMB, OUTSIDE, REMOTE], ids=["entity bomb", "outside entity", "remote type"])
def test_a_document_type_is_refused_before_anything_of_it_is_used(document: bytes) -> None:
    (error,) = [f for f in report({**csip(), "METS.xml": document}).findings if f.code == "package-xml"]

    assert (error.params["detail"], error.path) == ("DOCTYPE", "METS.xml")


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (b"<a>" * 100, "elements"),
        (b"<a>" + b"<b/>" * 600_000 + b"</a>", "elements"),
        (b'<a b="' + b"x" * (20 << 20) + b'"/>', "tag"),
        (b"<a>" + b"x" * (70 << 20) + b"</a>", "text"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
        (b"\xff\xfe<", "encoding"),
        (b"", "line 1"),
    ],
    ids=["deep", "many", "long tag", "long text", "odd encoding", "half a character", "empty"],
)
def test_a_document_made_to_fill_the_memory_is_refused(document: bytes, detail: str) -> None:
    (error,) = [f for f in report({**csip(), "METS.xml": document}).findings if f.code == "package-xml"]

    assert str(error.params["detail"]).startswith(detail)


def test_links_in_a_folder_are_told_and_not_followed(tmp_path: Path) -> None:
    folder = laid(bag(), tmp_path / "bag")
    secret = tmp_path / "secret"
    secret.write_bytes(b"1")
    (folder / "data" / "link").symlink_to(secret)
    (folder / "data" / "folder").symlink_to(tmp_path)
    os.mkfifo(folder / "data" / "pipe")

    found = validate(folder)

    paths = {finding.path for finding in found.findings if finding.code == "package-not-a-file"}
    assert paths == {"data/link", "data/folder", "data/pipe"}
    assert not found.valid


def test_a_payload_that_is_replaced_by_a_link_is_not_read(tmp_path: Path) -> None:
    folder = laid(bag(), tmp_path / "bag")
    (folder / "data/公告.txt").unlink()
    (folder / "data/公告.txt").symlink_to("/etc/passwd")

    assert codes(validate(folder)) == {"package-not-a-file", "bag-incomplete"}


def test_folders_deeper_than_any_are_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("a" * 70)).mkdir(parents=True)

    assert codes(validate(tmp_path)) == {"package-too-deep"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_told(kind: bytes, tmp_path: Path) -> None:
    path = tarred(bag(), tmp_path / "bag.tar")
    with tarfile.open(path, "a") as container:
        info = tarfile.TarInfo("data/odd")
        info.type, info.linkname = kind, "/etc/passwd"
        container.addfile(info)

    assert "package-not-a-file" in codes(validate(path))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_names_that_lead_out_of_a_container_are_refused(name: str, tmp_path: Path) -> None:
    for path in (tarred({**bag(), name: b"1"}, tmp_path / "a.tar"), zipped({**bag(), name: b"1"}, tmp_path / "a.zip")):
        found = validate(path)
        assert (found.kind, codes(found)) == (Kind.UNKNOWN, {"zip-unsafe-name"})


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as container:
        for _ in range(2):
            container.addfile(tarfile.TarInfo("bagit.txt"), io.BytesIO())
    assert codes(validate(path)) == {"manifest-path-twice"}

    path = zipped({"bagit.txt": b"1", "bagit.txx": b"2"}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes().replace(b"bagit.txx", b"bagit.txt"))
    assert codes(validate(path)) == {"zip-lies"}


def test_a_zip_that_inflates_a_thousandfold_is_refused(tmp_path: Path) -> None:
    found = validate(zipped({**bag(), "data/zero": bytes(64 << 20)}, tmp_path / "a.zip"))

    assert codes(found) == {"zip-bomb"}


def test_a_tar_with_a_header_made_to_fill_the_memory_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(10240))

    assert codes(validate(path)) == {"tar-bomb"}


def test_a_tar_that_ends_within_a_file_is_refused(tmp_path: Path) -> None:
    path = tarred({"bagit.txt": bytes(20_000)}, tmp_path / "a.tar")
    path.write_bytes(path.read_bytes()[:4096])

    assert codes(validate(path)) == {"file-truncated"}


def test_a_damaged_file_in_a_container_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "bag.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as container:
        for name, data in bag().items():
            container.writestr(name, data)
    path.write_bytes(path.read_bytes().replace(b"1,2,3\n", b"1,2,4\n"))

    (damaged,) = [finding for finding in validate(path).findings if finding.code == "file-damaged"]

    assert damaged.path == "data/附件/清单.csv"


def test_more_files_than_any_package_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validating, "MOST_FILES", 5)
    for path in (laid(bag(), tmp_path / "bag"), tarred(bag(), tmp_path / "bag.tar")):
        assert codes(validate(path)) == {"package-too-many"}


def test_a_zip_whose_directory_announces_a_million_files_is_refused(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0)
    directory = b"".join(entry + b"%08d" % number for number in range(1_000_000))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(directory + end)

    # Nothing tells such a file from another one by its first bytes; told from its end or not, it is refused.
    assert validate(path).kind is Kind.UNKNOWN
    path.write_bytes(b"PK\x03\x04" + bytes(26) + directory + end)
    assert codes(validate(path)) <= {"zip-bomb", "zip-lies", "file-damaged"}


@pytest.mark.parametrize("opening", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c"])
def test_a_container_compressed_as_a_whole_is_refused_by_name(opening: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bag.tar"
    path.write_bytes(opening + bytes(100))

    assert codes(validate(path)) == {"package-compressed"}


@pytest.mark.parametrize("data", [b"", b"hello", bytes(1000), b"PK\x03\x04"], ids=["empty", "text", "zeros", "zip"])
def test_what_is_no_package_is_unknown_and_not_valid(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)

    found = validate(path)

    assert (found.kind, found.valid, found.version) == (Kind.UNKNOWN, False, "")
    assert codes(found) <= {"package-kind-unknown", "file-truncated", "file-damaged"}


def test_what_is_not_there_is_unknown_and_says_so(tmp_path: Path) -> None:
    assert codes(validate(tmp_path / "nothing")) == {"package-path-missing"}
    assert codes(validate(tmp_path)) == {"package-empty"}


def test_content_of_an_encapsulation_is_never_held(tmp_path: Path) -> None:
    path = laid(eep(), tmp_path) / "封装包.xml"
    whole = path.read_text("utf-8")
    opening, rest = whole.split("<编码数据>5", 1)
    # More text than is kept of any document: it is decoded while it is read.
    path.write_text(
        opening + "<编码数据>" + "A" * (80 << 20) + "</编码数据>" + rest.split("</编码数据>", 1)[1], "utf-8"
    )

    assert codes(validate(tmp_path)) == {"manifest-size-differs", "manifest-digest-differs"}
