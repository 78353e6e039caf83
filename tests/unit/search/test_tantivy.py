"""The embedded engine: processes, kills, locks, damage and cost."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archive.errors import Damaged, Unavailable
from search.port import SearchIndex
from search.tantivy import TantivyIndex
from tests.unit.search.documents import ask, document, found

ROOT = Path(__file__).resolve().parents[3]

_WRITER = """
import sys
from pathlib import Path
from search.tantivy import TantivyIndex
from tests.unit.search.documents import document

index = TantivyIndex(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    index.apply([document(f"rec_{number}_{part}", "批次", ledger_index=number) for part in range(20)], number)
    print(number, flush=True)
"""


def writer(folder: Path, first: int, end: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(folder), str(first), str(end)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_a_reader_sees_what_another_process_writes(folder: Path) -> None:
    reader = TantivyIndex(folder)
    assert found(reader) == set()
    with writer(folder, 0, 2) as process:
        assert process.wait(timeout=30) == 0
    assert (reader.count(), reader.position(), ask(reader, "批次").total) == (40, 1, 40)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03])
def test_a_kill_leaves_whole_batches_and_the_position_that_goes_with_them(folder: Path, delay: float) -> None:
    with writer(folder, 0, 10_000) as process:
        assert process.stdout is not None
        for _ in range(3):
            reached = int(process.stdout.readline())
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
    index = TantivyIndex(folder)
    position = index.position()
    assert position >= reached
    assert index.count() == 20 * (position + 1)
    index.apply([document("rec_after", ledger_index=position + 1)], position + 1)
    assert (index.count(), index.position()) == (20 * (position + 1) + 1, position + 1)


def test_a_second_writer_is_told_to_come_again(folder: Path) -> None:
    first, second = TantivyIndex(folder), TantivyIndex(folder)
    inside, leave = threading.Event(), threading.Event()

    def slow() -> None:
        with first.replacement() as new:
            new.apply([document("rec_1")], 1)

            def hold() -> None:
                inside.set()
                leave.wait(10)

            new.promote(hold)

    thread = threading.Thread(target=slow)
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Unavailable, match="search-index-locked") as refusal:
        second.apply([document("rec_2")], 2)
    leave.set()
    thread.join()
    assert refusal.value.retryable
    second.apply([document("rec_2")], 2)
    assert found(first) == {"rec_1", "rec_2"}


def test_an_exchange_drops_the_folder_of_the_former_index(folder: Path) -> None:
    index = TantivyIndex(folder)
    index.apply([document("rec_1")], 1)
    rebuild(index)
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_a_killed_rebuild_leaves_nothing_behind(folder: Path) -> None:
    index = TantivyIndex(folder)
    index.apply([document("rec_1")], 1)
    (folder / "v1-000007").mkdir()
    with index.replacement():
        pass
    assert found(index) == {"rec_1"}
    assert not (folder / "v1-000007").exists()


@pytest.mark.parametrize("pointer", ["", "nonsense", "v1-", "v1-000009", "../../etc"])
def test_a_pointer_to_nowhere_is_damage_not_emptiness(folder: Path, pointer: str) -> None:
    index = TantivyIndex(folder)
    index.apply([document("rec_1")], 1)
    (folder / "CURRENT").write_text(pointer, encoding="ascii")
    for question in (index.count, index.position, lambda: ask(index).total):
        with pytest.raises(Damaged):
            question()
    rebuild(index)
    assert found(index) == {"rec_2"}


def test_an_index_of_another_layout_must_be_rebuilt(folder: Path) -> None:
    index = TantivyIndex(folder)
    index.apply([document("rec_1")], 1)
    (folder / "CURRENT").write_text("v0-000001", encoding="ascii")
    with pytest.raises(Damaged, match="search-index-layout"):
        index.apply([document("rec_2")], 2)
    rebuild(index)
    assert found(index) == {"rec_2"}


def test_damaged_files_are_named_as_damage(folder: Path) -> None:
    TantivyIndex(folder).apply([document("rec_1")], 1)
    for path in folder.rglob("*"):
        if path.suffix in {".json", ".term", ".store"}:
            path.write_bytes(b"\x00" * 10)
    index = TantivyIndex(folder)
    with pytest.raises(Damaged, match="search-index-unreadable"):
        found(index)
    with pytest.raises(Damaged, match="search-index-unreadable"):
        index.apply([document("rec_2")], 2)
    rebuild(index)
    assert found(index) == {"rec_2"}


def rebuild(index: SearchIndex) -> None:
    with index.replacement() as new:
        new.apply([document("rec_2")], 2)
        new.promote(lambda: None)


def test_a_folder_that_cannot_be_made_is_a_reason_to_try_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    index = TantivyIndex(tmp_path / "file" / "index")
    with pytest.raises(Unavailable, match="search-index-unwritable"):
        index.apply([document("rec_1")], 1)


def test_many_small_batches_do_not_make_many_segments(folder: Path) -> None:
    index = TantivyIndex(folder)
    for number in range(20):
        index.apply([document(f"rec_{number}", ledger_index=number)], number)
    assert index.count() == 20
    assert len(list(folder.rglob("*.store"))) < 10
