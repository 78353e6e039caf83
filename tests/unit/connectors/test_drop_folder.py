"""What a folder may hold that nobody expects, and what becomes of each."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.errors import SourceFailed
from ingest.connectors.drop.local import LocalTree
from ingest.connectors.drop.tree import Leaf, id_of, path_of
from tests.intake.stands.packages import bag, zipped
from tests.unit.connectors.drop_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "drop").mkdir()
    return Bench(tmp_path / "drop")


class Meddled(LocalTree):
    """A folder in which something happens the moment a file has been opened."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.meddle: list[tuple[bytes, object]] = []
        self.before: dict[bytes, object] = {}

    def open(self, leaf: Leaf, offset: int) -> BinaryIO:
        before = self.before.pop(leaf.path, None)
        if callable(before):
            before()
        stream = super().open(leaf, offset)
        for path, act in self.meddle:
            if path == leaf.path and callable(act):
                act()
        return stream


def test_a_link_out_of_the_folder_is_not_followed_and_a_pipe_does_not_hold_us_up(bench: Bench) -> None:
    (bench.root / "etc").symlink_to("/etc")
    (bench.root / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(bench.root / "pipe")
    bench.put("good")

    assert bench.read() == {
        "etc": "drop-not-a-file",
        "good": "captured",
        "passwd": "drop-not-a-file",
        "pipe": "drop-not-a-file",
    }


def test_a_folder_put_in_place_of_a_link_while_it_is_read_leads_nowhere(bench: Bench) -> None:
    tree = Meddled(bench.root)
    bench.tree = tree
    bench.put("folder/passwd")

    def swap() -> None:
        (bench.root / "folder").rename(bench.root.with_name("old"))
        (bench.root / "folder").symlink_to("/etc")

    tree.before[b"folder/passwd"] = swap

    assert bench.read() == {"folder/passwd": "file-vanished-while-read"}


def test_a_pipe_put_in_place_of_a_file_does_not_hold_us_up(bench: Bench) -> None:
    tree = Meddled(bench.root)
    bench.tree = tree
    path = bench.put("a")

    def swap() -> None:
        path.unlink()
        os.mkfifo(path)

    tree.before[b"a"] = swap

    assert bench.read() == {"a": "drop-not-a-file"}


def test_a_name_that_is_no_utf8_is_kept_byte_for_byte(bench: Bench) -> None:
    raw = "招标公告".encode("gb18030")
    Path(os.fsdecode(os.fsencode(bench.root) + b"/" + raw)).write_bytes(b"1")
    (external_id,) = bench.read()

    assert path_of(external_id) == raw
    assert id_of(raw) == external_id
    assert list(bench.taken[external_id]) == ["招标公告"]
    assert bench.read() == {}


def test_a_file_of_no_bytes_and_one_under_a_temporary_name(bench: Bench) -> None:
    bench.put("empty", b"")
    for name in ("a.part", "b.tmp", ".hidden", "c~", "d.filepart"):
        bench.put(name)

    assert bench.read() == {"empty": "captured"}


def test_a_file_that_changes_while_it_is_read_is_refused_and_taken_the_next_time(bench: Bench) -> None:
    tree = Meddled(bench.root)
    bench.tree = tree
    path = bench.put("a", "eins")
    bench.put("b")
    tree.meddle = [(b"a", lambda: path.write_bytes(b"zwei!"))]

    assert bench.read() == {"a": "file-changed-while-read", "b": "captured"}

    tree.meddle = []
    assert bench.read() == {"a": "captured"}


def test_a_folder_renamed_while_it_is_scanned_is_found_under_its_new_name(bench: Bench) -> None:
    tree = Meddled(bench.root)
    bench.tree = tree
    for number in range(3):
        bench.put(f"zz/{number}", f"{number}")
    bench.put("b")
    tree.before[b"zz/1"] = lambda: (bench.root / "zz").rename(bench.root / "aa")

    assert bench.read() == {
        "b": "captured",
        "zz/0": "captured",
        "zz/1": "file-vanished-while-read",
        "zz/2": "file-vanished-while-read",
    }
    assert bench.read() == {
        "zz/0": "unchanged",
        "aa/1": "captured",
        "aa/2": "captured",
        "zz/1": "gone-at-source",
        "zz/2": "gone-at-source",
    }
    assert bench.read() == {}


def test_a_folder_renamed_between_two_looks_of_one_reading_is_not_gone(bench: Bench) -> None:
    class Shifting(LocalTree):
        shift = False

        def entries(self, folder: bytes) -> Iterator[Leaf]:
            yield from super().entries(folder)
            if self.shift and folder == b"":
                self.shift = False
                (bench.root / "zz").rename(bench.root / "aa")

    tree = Shifting(bench.root)
    bench.tree = tree
    bench.put("zz/1", "eins")
    bench.read()
    tree.shift = True

    # The folder is listed under a name it no longer has: nothing is said of what lay in it.
    assert bench.read() == {"zz": "folder-unreadable-source"}
    assert bench.read() == {"zz/1": "unchanged", "zz": "gone-at-source"}


def test_a_folder_that_is_not_there_is_no_empty_folder(bench: Bench) -> None:
    bench.put("a")
    bench.read()
    bench.root.rename(bench.root.with_name("away"))

    with pytest.raises(SourceFailed, match="source-unreachable"):
        bench.read()
    assert bench.seen["a"].status == "captured"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_what_lies_in_a_folder_that_cannot_be_listed_is_not_gone(bench: Bench) -> None:
    bench.put("closed/a")
    bench.read()
    (bench.root / "closed").chmod(0)
    try:
        assert bench.read() == {"closed": "folder-unreadable-source"}
    finally:
        (bench.root / "closed").chmod(0o755)


def test_folders_nested_without_end_are_refused_and_nothing_else(bench: Bench) -> None:
    bench.put("/".join(["d"] * 80) + "/a")
    bench.put("b")

    assert bench.read() == {"b": "captured", "/".join(["d"] * 65): "folder-unreadable-source"}


def test_a_container_that_inflates_without_end_is_refused(bench: Bench) -> None:
    with zipfile.ZipFile(bench.root / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("a", bytes(32 << 20))
    bench.put("b")

    assert bench.read() == {"b": "captured", "bomb.zip": "zip-bomb"}


def test_containers_and_bags_are_opened_and_their_files_are_the_document(bench: Bench) -> None:
    bench.put("bag.zip", zipped(bag({"公告.txt": b"1"})))
    for name, data in bag({"公告.txt": b"2"}).items():
        bench.put(f"bag/{name}", data)

    assert bench.read() == {"bag": "captured", "bag.zip": "captured"}
    assert bench.taken["bag"]["data/公告.txt"] == b"2"
    assert bench.taken["bag.zip"]["data/公告.txt"] == b"1"
    assert bench.read() == {}
