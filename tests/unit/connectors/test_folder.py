"""Documents from a folder: names of any kind, descriptions beside them, and what cannot be read."""

import errno
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import InvalidInput
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.folder import FolderConnector
from ingest.connectors.port import Arrival, Refused
from ingest.connectors.streams import from_file
from tests.small_portal import LOCALE


def read(root: Path) -> dict[str, Arrival]:
    arrivals = list(FolderConnector(root, LOCALE).arrivals(lambda _: None))
    assert len({arrival.external_id for arrival in arrivals}) == len(arrivals)
    return {arrival.external_id: arrival for arrival in arrivals}


def delivery(arrival: Arrival) -> Delivery:
    assert isinstance(arrival.what, Delivery)
    return arrival.what


def test_every_file_at_any_depth_is_a_document_named_after_its_path(tmp_path: Path) -> None:
    (tmp_path / "甲" / "乙").mkdir(parents=True)
    (tmp_path / "甲" / "乙" / "2026-05-04 招标公告.pdf").write_bytes(b"%PDF")
    (tmp_path / "README").write_bytes(b"x")
    found = read(tmp_path)
    assert list(found) == ["README", "甲/乙/2026-05-04 招标公告.pdf"]
    notice = delivery(found["甲/乙/2026-05-04 招标公告.pdf"])
    assert notice.title == "2026-05-04 招标公告"
    assert notice.published == datetime(2026, 5, 3, 16, 0, tzinfo=UTC)
    (component,) = notice.components
    assert (component.name, component.announced_size) == ("2026-05-04 招标公告.pdf", 4)
    assert (delivery(found["README"]).title, delivery(found["README"]).published) == ("README", None)


def test_what_lies_beside_a_file_describes_it(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    said = {
        "title": "招标公告",
        "published": "2026-05-04",
        "region": "370100",
        "data_no": "551",
        "section_codes": ["S1"],
        "pages": 12,
        "nested": {"stays": "in the envelope"},
        "empty": None,
    }
    (tmp_path / "a.pdf.json").write_text(json.dumps(said), encoding="utf-8")
    (found,) = read(tmp_path).values()
    notice = delivery(found)
    assert (notice.title, notice.region) == ("招标公告", "370100")
    assert notice.hints == {"region": "370100", "data_no": "551", "section_codes": ["S1"], "pages": "12"}
    assert [component.role for component in notice.components] == [ComponentRole.MAIN, ComponentRole.ENVELOPE]


def test_a_json_file_beside_which_nothing_lies_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text("{}", encoding="utf-8")
    assert list(read(tmp_path)) == ["data.json"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"{", "row-not-json"),
        (b"[]", "row-not-json"),
        (b"\xff\xfe\xfa", "row-not-json"),
        (b"[" * 100_000, "row-not-json"),
        (b'{"title": ["a"]}', "row-field-type"),
        (b'{"published": 20260504}', "row-field-type"),
    ],
)
def test_a_bad_description_is_refused_with_what_it_said(tmp_path: Path, said: bytes, code: str) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF")
    (tmp_path / "a.pdf.json").write_bytes(said)
    found = read(tmp_path)
    refused = found["a.pdf"].what
    assert isinstance(refused, Refused)
    assert (refused.code, refused.raw) == (code, said)
    assert isinstance(found["b.pdf"].what, Delivery)


def test_names_that_are_not_utf8_are_kept_byte_for_byte(tmp_path: Path) -> None:
    gbk = "招标公告.pdf".encode("gb18030")
    names = [gbk, b"\xff\xfe.pdf", b"%C5%C1.pdf", "招标公告.pdf".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    found = read(tmp_path)
    assert len(found) == 4
    assert {"招标公告.pdf", "%C5%C1.pdf"} <= set(found)
    for external_id, arrival in found.items():
        assert external_id.encode()
        (component,) = delivery(arrival).components
        with component.open() as stream:
            original = stream.read()
        assert (component.name_bytes or component.name.encode()) == original
        assert component.name.encode()


def test_a_name_in_percent_signs_is_never_taken_for_one_that_was_not_utf8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff")).write_bytes(b"1")
    (tmp_path / "a%FF").write_bytes(b"2")
    assert set(read(tmp_path)) == {"a%FF", "/a%FF"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "outside.txt").write_bytes(b"secret")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "outside.txt")
    (tmp_path / "in" / "circle").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "real.txt").write_bytes(b"x")
    assert list(read(tmp_path / "in")) == ["real.txt"]


def test_one_file_can_be_read_alone(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert list(read(tmp_path / "a.txt")) == ["a.txt"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path / "missing")
    assert caught.value.code == "import-path"


def test_a_folder_that_cannot_be_read_is_no_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_bytes(b"x")
    scan = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = read(tmp_path)
    refused = found["closed"].what
    assert isinstance(refused, Refused)
    assert refused.code == "file-unreadable-source"
    assert isinstance(found["open/a.txt"].what, Delivery)


def test_a_file_that_is_gone_when_its_turn_comes_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    (found,) = read(tmp_path).values()
    (tmp_path / "a.txt").unlink()
    with pytest.raises(InvalidInput) as caught:
        delivery(found).components[0].open()
    assert caught.value.code == "file-unreadable-source"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_medium_that_fails_half_way_is_the_fault_of_the_source() -> None:
    with from_file(Path("/proc/self/mem"), "a.txt")() as stream, pytest.raises(InvalidInput) as caught:
        stream.read(1)
    assert (caught.value.code, caught.value.params["name"]) == ("file-unreadable-source", "a.txt")
