import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import Unavailable
from ingest.uploads.errors import Locked
from ingest.uploads.files import OpenFile, UploadFiles

ID = "arr_1"


@pytest.fixture
def files(tmp_path: Path) -> UploadFiles:
    made = UploadFiles(tmp_path / "uploads")
    made.make(ID)
    return made


def taken(files: UploadFiles) -> OpenFile:
    file = files.take(ID)
    assert file is not None
    return file


def test_what_was_written_is_there_after_the_process_is_gone(files: UploadFiles) -> None:
    file = taken(files)
    file.start(checked=False)
    file.write(b"abc")
    file.close()  # as a kill does, without a word
    with files.held(ID) as again:
        assert again is not None
        assert again.end == again.durable == 3


def test_bytes_that_nobody_has_checked_are_cut_off_after_a_kill(files: UploadFiles) -> None:
    file = taken(files)
    file.start(checked=False)
    file.write(b"good")
    file.keep()
    file.start(checked=True)
    file.write(b"perhaps")
    file.close()
    with files.held(ID) as again:
        assert again is not None
        assert again.end == 4
        again.start(checked=True)
        again.write(b"checked")
        assert again.keep() == 11
    with files.held(ID) as third:
        assert third is not None
        assert third.end == 11


def test_a_mark_that_was_never_written_cuts_off_nothing(files: UploadFiles, tmp_path: Path) -> None:
    file = taken(files)
    file.write(b"good")
    file.close()
    (tmp_path / "uploads" / f"{ID}.mark").touch()
    with files.held(ID) as again:
        assert again is not None
        assert again.end == 4


def test_one_at_a_time(files: UploadFiles) -> None:
    with files.held(ID), pytest.raises(Locked) as refused:
        files.take(ID, patience=0.05)
    assert (refused.value.status, refused.value.retryable) == (423, True)
    taken(files).close()


def test_what_is_removed_while_another_waits_is_not_there_for_it(files: UploadFiles) -> None:
    with files.held(ID) as file:
        assert file is not None
        file.remove()
    assert files.take(ID) is None
    assert files.take("arr_2") is None


def test_a_full_disk_is_named_and_what_was_written_stays(files: UploadFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    room, real = [5], os.pwrite

    def pwrite(handle: int, data: memoryview, place: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "no space left on device")
        written = real(handle, data[: room[0]], place)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)
    file = taken(files)
    with pytest.raises(Unavailable) as refused:
        file.write(b"12345678")
    assert refused.value.code == "upload-disk-full"
    assert file.keep() == 5
    file.close()


def test_files_that_nobody_touches_are_found(files: UploadFiles, tmp_path: Path) -> None:
    os.utime(tmp_path / "uploads" / ID, (0, 0))
    files.make("arr_2")
    assert files.old(datetime(2000, 1, 1, tzinfo=UTC)) == [ID]
    assert UploadFiles(tmp_path / "nowhere").old(datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_folders_and_links_among_the_uploads_are_let_be(files: UploadFiles, tmp_path: Path) -> None:
    (tmp_path / "uploads" / "lost+found").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "uploads" / "arr_2").symlink_to(tmp_path / "secret")
    for name in ("lost+found", "arr_2", ID):
        os.utime(tmp_path / "uploads" / name, (1, 1), follow_symlinks=False)
    assert files.old(datetime(2026, 1, 1, tzinfo=UTC)) == [ID]
    with pytest.raises(Unavailable):
        files.take("arr_2")
    assert (tmp_path / "secret").read_bytes() == b"secret"
