import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import ArchiveError, InvalidInput, Unavailable
from ingest.bounded.bounds import Bounds
from ingest.bounded.room import Allowance, Room

INSIDE = "tests.unit.bounded.misdeeds:"
ROOT = str(Path(__file__).resolve().parents[3])
BOUNDS = Bounds(seconds=10, cpu_seconds=2, written_bytes=4 << 20, answer_bytes=1 << 20, readable=(f"{ROOT}/tests",))


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room(BOUNDS)
    yield room
    room.close()


def code(room: Room, function: str, **arguments: object) -> str:
    with pytest.raises(ArchiveError) as caught:
        room.call(INSIDE + function, arguments)
    assert caught.value.message("zh")
    return caught.value.code


def test_a_file_is_read_piece_by_piece_wherever_it_stands(room: Room) -> None:
    content = bytes(range(256)) * 4_000
    stream = io.BytesIO(content)
    stream.seek(77)
    assert room.call(INSIDE + "length", {}, stream) == len(content)
    assert room.call(INSIDE + "span", {"start": 300_000, "length": 40}, stream) == content[300_000:300_040].hex()
    assert room.call(INSIDE + "span", {"start": len(content) + 9, "length": 40}, stream) == ""
    assert not stream.closed


def test_one_process_answers_call_after_call_and_has_nothing_of_ours(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVE_DATABASE_URL", "postgresql://user:secret@host/name")
    first, second = room.call(INSIDE + "who", {}), room.call(INSIDE + "who", {})
    assert first["process"] == second["process"] != os.getpid()
    assert "ARCHIVE_DATABASE_URL" not in first["environment"]
    # Standard streams, the socket, its own folder, and the one that is being listed.
    assert first["open"] <= 6


@pytest.mark.parametrize("function", ["connect", "execute", "fork", "end_parent", "bound_parent"])
def test_it_can_neither_connect_nor_start_anything_nor_reach_for_its_parent(room: Room, function: str) -> None:
    if not room.call("ingest.bounded.state:describe", {"outside": ROOT})["confined"]:
        pytest.skip("this kernel offers no filter of system calls")
    with pytest.raises(InvalidInput) as caught:
        room.call(INSIDE + function, {})
    assert caught.value.params["detail"] == "PermissionError"


def test_it_reaches_no_file_but_those_of_the_program_and_its_own(room: Room, tmp_path: Path) -> None:
    if not room.call("ingest.bounded.state:describe", {"outside": str(tmp_path)})["kept_to_files"]:
        pytest.skip("this kernel offers no guard of files")
    key = tmp_path / "ledger.key"
    key.write_bytes(b"secret")
    with pytest.raises(InvalidInput) as caught:
        room.call(INSIDE + "open_file", {"path": str(key)})
    assert caught.value.params["detail"] == "PermissionError"


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("turn", {}, "reading-too-long"),
        ("hoard", {"bytes": 3 << 30}, "reading-too-much-memory"),
        ("babble", {"bytes": 2 << 20}, "reading-too-much-said"),
        ("write_much", {"mebibytes": 5}, "reading-broke-off"),
        ("fall", {}, "reading-broke-off"),
        ("raise_unforeseen", {"secret": "13900000000"}, "reading-broke-off"),
        ("refuse", {}, "file-truncated"),
    ],
)
def test_whatever_a_file_does_the_caller_gets_a_reason_and_the_next_file_its_turn(
    room: Room, function: str, arguments: dict[str, object], expected: str
) -> None:
    assert code(room, function, **arguments) == expected
    assert room.call(INSIDE + "length", {}, io.BytesIO(b"next")) == 4


def test_an_unforeseen_error_is_told_without_what_it_quotes(room: Room) -> None:
    with pytest.raises(InvalidInput) as caught:
        room.call(INSIDE + "raise_unforeseen", {"secret": "13900000000"})
    assert "13900000000" not in str(caught.value)
    assert caught.value.params == {"detail": "RuntimeError"}


def test_a_process_that_only_waits_is_ended_by_the_clock(room: Room) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidInput, match="reading-too-long"):
        room.call(INSIDE + "sleep", {"seconds": 60}, allowance=Allowance(0.5))
    assert time.monotonic() - started < 5


def test_a_file_with_no_time_left_is_not_begun(room: Room) -> None:
    with pytest.raises(InvalidInput, match="reading-too-long"):
        room.call(INSIDE + "length", {}, io.BytesIO(b"x"), allowance=Allowance(0.0))


def test_an_answer_that_comes_in_drips_is_ended_by_the_same_clock(room: Room) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidInput, match="reading-too-long"):
        room.call(INSIDE + "drip", {"seconds": 0.3}, io.BytesIO(b"x"), Allowance(2.0))
    assert time.monotonic() - started < 4


def test_waiting_for_the_turn_of_another_file_costs_a_file_none_of_its_time(room: Room) -> None:
    room.call(INSIDE + "who", {})
    other = threading.Thread(target=code, args=(room, "sleep"), kwargs={"seconds": 60})
    room.bounds = replace(BOUNDS, seconds=2)
    other.start()
    time.sleep(0.2)
    allowance = Allowance(1.5)
    assert [room.call(INSIDE + "length", {}, io.BytesIO(b"next"), allowance) for _ in range(2)] == [4, 4]
    other.join()
    assert 0 < allowance.seconds < 1.5


@pytest.mark.parametrize(
    ("frame", "body", "times"),
    [
        ("D", "[", 100_000),
        ("D", "no JSON", 1),
        ("D", "{}", 1),
        ("D", '{"value": 1, "resident": 1e999}', 1),
        ("D", "9", 100_000),
        ("D", "[[],", 250_000),
        ("X", '["Forbidden", "file-truncated", {}]', 1),
        ("X", '["json", "file-truncated", {}]', 1),
        ("X", '[["InvalidInput"], 1, 2]', 1),
        ("X", '["InvalidInput", "file-truncated", 2]', 1),
    ],
)
def test_a_process_that_was_taken_over_says_nothing_that_hurts_its_parent(
    room: Room, frame: str, body: str, times: int
) -> None:
    with pytest.raises(InvalidInput) as caught:
        room.call(INSIDE + "say", {"frame": frame, "body": body, "times": times}, io.BytesIO(b"x"))
    assert (caught.value.code, caught.value.params) == ("reading-broke-off", {"detail": "unfit answer"})
    assert room.call(INSIDE + "length", {}, io.BytesIO(b"next")) == 4


def test_an_answer_of_more_parts_than_a_text_has_letters_is_not_read() -> None:
    room = Room(replace(BOUNDS, answer_bytes=64 << 20))
    with pytest.raises(InvalidInput, match="reading-broke-off"):
        room.call(INSIDE + "say", {"frame": "D", "body": "[],", "times": 4_000_000}, io.BytesIO(b"x"))
    room.close()


def test_a_place_that_no_file_has_is_not_read(room: Room) -> None:
    assert room.call(INSIDE + "read_far", {}, io.BytesIO(b"x")) == "UNREADABLE"


def test_parsers_may_start_threads(room: Room) -> None:
    assert room.call(INSIDE + "start_threads", {"count": 3}) == 3


def test_the_folder_of_a_process_whose_parent_was_killed_is_taken_away_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, new = (Path(tempfile.mkdtemp(prefix="juanzong-reading-")) for _ in range(2))
    (left / "part").write_bytes(b"x")
    room = Room(BOUNDS)
    room.call(INSIDE + "who", {})
    held = next(each for each in tmp_path.iterdir() if each not in {left, new})
    for each in (left, held):
        os.utime(each, (0, 0))
    other = Room(BOUNDS)
    other.call(INSIDE + "who", {})
    assert (left.exists(), new.exists(), held.exists()) == (False, True, True)
    room.close()
    other.close()
    assert list(tmp_path.iterdir()) == [new]


def test_a_worn_process_is_not_blamed_on_the_file(room: Room) -> None:
    room.call(INSIDE + "wear", {})
    assert room.call(INSIDE + "fall_once", {}) == "fresh"


def test_a_server_that_is_away_inside_is_away_outside(room: Room) -> None:
    with pytest.raises(Unavailable, match="format-registry-failed"):
        room.call(INSIDE + "be_away", {})


def test_a_store_that_is_away_while_a_file_is_read_says_so(room: Room) -> None:
    class Away(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            del size
            raise Unavailable("blob-store-unavailable", detail="x")

    with pytest.raises(Unavailable, match="blob-store-unavailable"):
        room.call(INSIDE + "length", {}, Away(b"x"))
    assert room.call(INSIDE + "length", {}, io.BytesIO(b"next")) == 4


def test_bytes_that_cannot_be_read_are_an_error_of_reading_inside(room: Room) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            del size
            raise OSError("torn")

    with pytest.raises(InvalidInput) as caught:
        room.call(INSIDE + "length", {}, Torn(b"x"))
    assert caught.value.params["detail"] == "OSError"


def test_what_it_prints_is_nobodys(room: Room, capfd: pytest.CaptureFixture[str]) -> None:
    assert room.call(INSIDE + "print_much", {}) == "said"
    assert capfd.readouterr() == ("", "")


def test_a_process_is_replaced_after_its_calls() -> None:
    room = Room(Bounds(calls=2, readable=BOUNDS.readable))
    seen = [room.call(INSIDE + "who", {})["process"] for _ in range(4)]
    room.close()
    assert seen[0] == seen[1] != seen[2] == seen[3]


def test_threads_wait_for_each_other(room: Room) -> None:
    sizes: list[int] = []

    def ask(size: int) -> None:
        sizes.append(room.call(INSIDE + "length", {}, io.BytesIO(b"x" * size)))

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sizes) == list(range(20))


def test_a_forked_process_gets_a_room_of_its_own(room: Room) -> None:
    ours = room.call(INSIDE + "who", {})["process"]
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(room.call(INSIDE + "who", {})["process"]).encode())
        room.close()
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    assert theirs != ours == room.call(INSIDE + "who", {})["process"]
