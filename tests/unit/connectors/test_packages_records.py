"""Packages of the archives' own kinds as documents: each record one, with what the package announces of its files."""

import base64
import io
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from archive.records.types import ComponentRole
from ingest.connectors.packages.unpacking import unpack_all
from tests.unit.connectors.drop_bench import AT_ONCE, Bench
from tests.unit.packages.making import (
    NOTICE,
    NUMBER,
    SHEET,
    SOUND,
    Files,
    bag,
    csip,
    dat93,
    dat103,
    eep,
    encoded,
    laid,
    members,
    tarred,
    zipped,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = tmp_path / "drop"
    root.mkdir()
    return Bench(root, AT_ONCE)


def test_a_record_of_a_transfer_package_has_its_title_number_and_files() -> None:
    contents = unpack_all(members(dat93()))[""]

    assert contents.said == {
        "archival_number": NUMBER,
        "title": "道路工程招标公告",
        "creator": "某某中心",
        "dated": "2026-05-04",
        "published": "2026-05-04",
    }
    named = [(part.name.rpartition("/")[2], part.role, part.announced_size) for part in contents.components]
    assert named == [
        ("公告.txt", ComponentRole.MAIN, len(NOTICE)),
        ("清单.csv", ComponentRole.ATTACHMENT, len(SHEET)),
        ("元数据.xml", ComponentRole.ENVELOPE, None),
    ]
    assert contents.components[1].announced_sha256 == sha256(SHEET).hexdigest()


def test_the_main_document_of_an_encapsulation_is_decoded_from_it_and_its_recording_lies_beside_it() -> None:
    contents = unpack_all(members(eep()))[""]

    read = {}
    for part in contents.components:
        with part.open() as stream:
            read[part.name] = stream.read()
    assert (contents.components[0].name, contents.said["title"]) == ("公告.txt", "道路工程招标公告")
    assert read == {"公告.txt": NOTICE, "录像.bin": SHEET, "封装包.xml": eep()["封装包.xml"]}


def test_an_information_package_is_one_document_of_what_its_representations_hold() -> None:
    contents = unpack_all(members(csip()))[""]

    first = contents.components[0]
    assert (first.name, first.media_type) == ("representations/one/data/公告.txt", "")
    assert (first.announced_size, first.announced_sha256) == (len(NOTICE), sha256(NOTICE).hexdigest())
    assert contents.said["title"] == "公告包"
    assert {part.role for part in contents.components[1:]} == {ComponentRole.ENVELOPE}


def test_each_file_or_folder_of_a_stage_is_a_document_of_its_own() -> None:
    found = unpack_all(members(dat103()))

    assert {name: contents.said for name, contents in found.items()} == {
        "项目管理/01_招标/01_招标公告.txt": {"title": "招标公告", "stage": "招标"},
        "项目管理/02_开标/01_开标记录": {"title": "开标记录", "stage": "开标"},
    }
    (first, *_) = found["项目管理/01_招标/01_招标公告.txt"].components
    assert first.announced_sha256 == sha256(NOTICE).hexdigest()


@pytest.mark.parametrize("kind", ["csip", "dat93", "dat103", "eep"])
def test_a_package_with_a_changed_file_is_refused_with_all_its_codes(kind: str) -> None:
    files = {name: b"0" if data in {NOTICE, SHEET} else data for name, data in SOUND[kind]().items()}

    with pytest.raises(InvalidInput, match=r"manifest-(size|digest)-differs") as refused:
        unpack_all(members(files))
    assert "manifest-digest-differs" in str(refused.value.params["findings"])


def test_a_bag_is_judged_by_the_same_rules_and_refused_with_all_its_codes() -> None:
    files: Files = {**bag(), "data/more": b"1"}

    with pytest.raises(InvalidInput, match="bag-unlisted") as refused:
        unpack_all(members(files))
    assert refused.value.params["findings"] == ["bag-unlisted", "bag-oxum"]


def test_two_records_of_one_name_are_refused() -> None:
    two = {name.replace("Z001/ZY", "Z001/LX"): data for name, data in dat93().items() if name.startswith("Z001")}
    files = {**dat93(), **two, "说明文件.TXT": b""}

    with pytest.raises(InvalidInput, match="package-record-twice"):
        unpack_all(members(files))


def test_a_record_whose_number_no_database_holds_is_refused() -> None:
    long = "E" * 5_000
    files = {name: data.replace(b">E-1<", f">{long}<".encode()) for name, data in eep().items()}

    with pytest.raises(InvalidInput, match="package-record-name"):
        unpack_all(members(files))


@pytest.mark.parametrize("packed", [True, False], ids=["in a container", "in a folder"])
def test_the_documents_of_a_package_are_taken_once_and_none_is_missed_later(bench: Bench, *, packed: bool) -> None:
    if packed:
        zipped(dat103(), bench.root / "卷.zip")
    else:
        laid(dat103(), bench.root / "卷.zip")
    ids = {f"卷.zip///项目管理/{name}" for name in ("01_招标/01_招标公告.txt", "02_开标/01_开标记录")}

    assert bench.read().keys() == ids
    assert {listed.external_id for listed in bench.connector().inventory()} == ids
    assert bench.read() == {}

    bench.put("other.txt")
    assert bench.read().keys() == {"other.txt"}


def test_when_a_package_of_several_is_gone_all_its_documents_are(bench: Bench) -> None:
    path = zipped(dat103(), bench.root / "卷.zip")
    bench.put("other.txt")
    bench.read()
    path.unlink()

    gone = bench.read()

    assert len(gone) == 2
    assert all(external_id.startswith("卷.zip///") for external_id in gone)


def test_an_invalid_package_is_refused_as_a_whole(bench: Bench) -> None:
    zipped({**dat103(), "项目管理/01_招标/01_招标公告.txt": b"1"}, bench.root / "卷.zip")

    assert bench.read() == {"卷.zip": "manifest-digest-differs"}


def test_a_container_within_reach_of_no_kind_is_taken_as_before(bench: Bench) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as container:
        container.writestr("公告.txt", NOTICE)
    bench.put("n.zip", packed.getvalue())

    assert bench.read().keys() == {"n.zip"}


def test_where_only_packages_lie_those_in_a_tar_or_in_one_document_are_opened_too(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    bench = Bench(tmp_path / "drop", replace(AT_ONCE, only_packages=True))
    inline = base64.encodebytes(SHEET).decode()
    capsule = eep()["封装包.xml"].decode().replace(encoded("录像.bin", SHEET, ""), encoded("录像.bin", SHEET, inline))
    bench.put("甲.eep", capsule)
    bench.put("说明.xml", "<note/>")
    tarred(dat103(), bench.root / "卷.tar")
    tarred({**dat103(), "项目管理/01_招标/01_招标公告.txt": b"1"}, bench.root / "坏.tar")

    said = bench.read()

    records = ("01_招标/01_招标公告.txt", "02_开标/01_开标记录")
    assert said == {
        "甲.eep": said["甲.eep"],
        "说明.xml": "package-expected",
        "坏.tar": "manifest-digest-differs",
        **{f"卷.tar///项目管理/{name}": said[f"卷.tar///项目管理/{name}"] for name in records},
    }
    assert bench.taken["甲.eep"]["录像.bin"] == SHEET
    assert bench.read() == {"说明.xml": "package-expected", "坏.tar": "manifest-digest-differs"}


def test_a_folder_of_that_name_alone_does_not_make_one_document_of_all_that_lies_beside_it(bench: Bench) -> None:
    bench.put("工程/项目管理/合同.txt")
    bench.put("工程/财务/发票.txt")

    assert bench.read().keys() == {"工程/项目管理/合同.txt", "工程/财务/发票.txt"}
