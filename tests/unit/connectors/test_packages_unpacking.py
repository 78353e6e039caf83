"""Packages: what their manifests say, and containers that mean harm."""

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from functools import partial
from hashlib import md5, new, sha256
from io import BytesIO

import pytest

from archive.errors import InvalidInput
from archive.records.types import ComponentRole
from ingest.connectors.packages.manifest import MOST_FILES, read_manifest
from ingest.connectors.packages.unpacking import Contents, unpack
from ingest.packages.members import MOST_BYTES, Member, by_path
from ingest.packages.zipped import members_of
from tests.intake.stands.drop_stand import zip_with


def unpacked(files: dict[str, bytes]) -> Contents:
    members = [Member(name.encode(), len(data), partial(BytesIO, data)) for name, data in files.items()]
    return unpack(by_path(members))


def read(contents: Contents) -> dict[str, bytes]:
    found = {}
    for component in contents.components:
        with component.open() as stream:
            found[component.name] = stream.read()
    return found


def manifest(*rows: Mapping[str, object], **values: object) -> bytes:
    return json.dumps({"files": list(rows), **values}, ensure_ascii=False).encode()


def test_a_manifest_says_which_file_is_the_document_and_what_it_is_called() -> None:
    contents = unpacked(
        {
            "附件.txt": b"2",
            "公告.txt": b"1",
            "manifest.json": manifest(
                {"path": "附件.txt", "size": 1},
                {"path": "公告.txt", "role": "main", "sha256": sha256(b"1").hexdigest()},
                title="招标公告",
                hints={"project_code": "A1"},
            ),
        }
    )

    assert [(part.name, part.role) for part in contents.components] == [
        ("公告.txt", ComponentRole.MAIN),
        ("附件.txt", ComponentRole.ATTACHMENT),
        ("manifest.json", ComponentRole.ENVELOPE),
    ]
    assert contents.said == {"title": "招标公告", "project_code": "A1"}
    assert contents.components[0].announced_sha256 == sha256(b"1").hexdigest()
    assert read(contents)["公告.txt"] == b"1"


@pytest.mark.parametrize(
    "row",
    [
        {"size": 2},
        {"md5": "0" * 32},
        {"sm3": "0" * 64},
        {"sha256": "0" * 64},
    ],
    ids=lambda row: next(iter(row)),
)
def test_what_differs_from_its_manifest_is_refused_by_name(row: dict[str, object]) -> None:
    contents = unpacked({"a.txt": b"1", "manifest.json": manifest({"path": "a.txt", **row})})

    with pytest.raises(InvalidInput, match=r"manifest-(size|digest)-differs") as refused:
        read(contents)
    assert refused.value.params["name"] == "a.txt"


def test_sums_of_every_kind_are_compared() -> None:
    data = b"1"
    sums = {
        "md5sums.txt": md5(data, usedforsecurity=False).hexdigest(),
        "SHA256SUMS.txt": sha256(data).hexdigest(),
        "sm3sums.txt": new("sm3", data).hexdigest(),
    }
    for name, digest in sums.items():
        assert read(unpacked({"a.txt": data, name: f"{digest} *./a.txt\r\n".encode()}))["a.txt"] == data
        with pytest.raises(InvalidInput, match="manifest-digest-differs"):
            read(unpacked({"a.txt": b"2", name: f"{digest} *./a.txt\r\n".encode()}))


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:\\x", "~root/x", "\\\\server\\x", "a//x", ""])
def test_a_manifest_that_points_outside_is_not_believed(path: str) -> None:
    with pytest.raises(InvalidInput, match="manifest-path-unsafe"):
        read_manifest(manifest({"path": path}), b"manifest.json")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[]", "manifest-malformed"),
        (b'{"files": 1}', "manifest-malformed"),
        (b'{"files": [1]}', "manifest-malformed"),
        (b'{"files": [{"path": "a", "size": -1}]}', "manifest-malformed"),
        (b'{"files": [{"path": "a", "sha256": "x"}]}', "manifest-malformed"),
        (b"[" * 200_000, "manifest-malformed"),
        (b"\xff\xfe\x00", "manifest-malformed"),
        (b" " * (MOST_BYTES + 1), "manifest-too-large"),
        (manifest({"path": "a"}, {"path": "./a"}), "manifest-path-twice"),
        (manifest(*({"path": str(number)} for number in range(MOST_FILES + 1))), "manifest-too-large"),
    ],
    ids=["list", "files", "row", "size", "digest", "deep", "bytes", "large", "twice", "many"],
)
def test_a_manifest_that_makes_no_sense_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        read_manifest(data, b"manifest.json")


def test_a_manifest_in_gb18030_is_read() -> None:
    data = '{"title": "公告", "files": []}'.encode("gb18030")

    assert read_manifest(data, b"manifest.json").said == {"title": "公告"}


def test_what_is_missing_and_what_is_not_listed_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="manifest-file-missing"):
        unpacked({"a": b"1", "manifest.json": manifest({"path": "a"}, {"path": "b"})})
    with pytest.raises(InvalidInput, match="manifest-file-unlisted"):
        unpacked({"a": b"1", "b": b"1", "manifest.json": manifest({"path": "a"})})


def test_names_in_gbk_are_read_and_kept_byte_for_byte() -> None:
    raw = "招标公告丂\\附件.txt".encode("gb18030")

    (member,) = members_of(io.BytesIO(zip_with(raw)))

    contents = unpack(by_path([member, Member(b"b", 1, partial(BytesIO, b"1"))]))
    names = {part.name: part.name_bytes for part in contents.components}
    assert names == {"招标公告丂/附件.txt": "招标公告丂/附件.txt".encode("gb18030"), "b": None}


@pytest.mark.parametrize(
    "name", [b"../x.txt", "../公告.txt".encode("gbk"), b"/x.txt", b"C:\\x.txt", b"a\\..\\..\\x.txt"]
)
def test_a_container_with_a_name_that_leads_out_is_refused(name: bytes) -> None:
    with pytest.raises(InvalidInput, match="zip-unsafe-name"):
        members_of(io.BytesIO(zip_with(name)))


def test_a_link_in_a_container_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as container:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        container.writestr(link, "/etc/passwd")

    with pytest.raises(InvalidInput, match="zip-unsafe-name"):
        members_of(packed)


def test_a_container_that_is_encrypted_is_refused() -> None:
    data = bytearray(zip_with(b"a.txt"))
    data[6] |= 1
    central = data.index(b"PK\x01\x02")
    data[central + 8] |= 1

    with pytest.raises(InvalidInput, match="file-encrypted"):
        members_of(io.BytesIO(bytes(data)))


def test_a_container_with_a_name_twice_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as container:
        container.writestr("a", "1")
        container.writestr("b", "2")
    data = packed.getvalue().replace(b"b", b"a")

    with pytest.raises(InvalidInput, match="zip-lies"):
        members_of(io.BytesIO(data))


def test_a_container_that_says_it_is_small_is_found_out_while_it_is_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("a", bytes(1 << 20))
    data = bytearray(packed.getvalue())
    for at in (22, data.index(b"PK\x01\x02") + 24):
        struct.pack_into("<I", data, at, 16)
    (member,) = members_of(io.BytesIO(bytes(data)))

    with pytest.raises(InvalidInput, match="zip-lies"), member.open() as stream:
        stream.read()


def test_manifests_that_give_one_file_different_digests_are_refused() -> None:
    told = manifest({"path": "a.txt", "sha256": sha256(b"1").hexdigest()})
    sums = f"{'0' * 64}  a.txt\n{sha256(told).hexdigest()}  manifest.json\n"

    with pytest.raises(InvalidInput, match="manifest-digest-differs"):
        unpacked({"a.txt": b"1", "manifest.json": told, "sha256sums.txt": sums.encode()})


def test_a_manifest_alone_may_take_a_package_back_and_nothing_else() -> None:
    assert unpacked({"manifest.json": manifest(withdrawn=True)}) == Contents((), {}, withdrawn=True)
    with pytest.raises(InvalidInput, match="package-empty"):
        unpacked({"manifest.json": manifest()})
