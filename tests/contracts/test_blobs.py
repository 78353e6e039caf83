"""What every store of bytes keeps to, asked of the directory, its in-memory twin and a bucket on a real server."""

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import pytest

from archive.blobs.digests import BLOCK, Digest, digest_stream
from archive.blobs.directory import DirectoryBlobStore
from archive.blobs.memory import MemoryBlobStore
from archive.blobs.port import BlobStore
from archive.blobs.s3.store import build_s3
from archive.errors import Damaged, Unavailable
from tests.buckets import fresh_bucket

NOTICE = "中标候选人公示".encode()
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
NOTHING = "0" * 64


class Breaking(io.RawIOBase):
    """A stream that ends in an error after `size` bytes, as a connection does that is cut."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._left == 0:
            raise ConnectionResetError(errno.ECONNRESET, "connection reset")
        taken = min(size, self._left)
        self._left -= taken
        return b"x" * taken


def directory(folder: Path) -> BlobStore:
    return DirectoryBlobStore(folder / "deep" / "blobs")


def memory(folder: Path) -> BlobStore:
    del folder
    return MemoryBlobStore()


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    with fresh_bucket() as url:
        yield url


@pytest.fixture(params=[directory, memory, pytest.param("s3", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "s3":
        # One bucket for all, one prefix for each: what one test leaves must not be seen by the next.
        return build_s3(f"{request.getfixturevalue('bucket')}/{uuid4().hex}", 0)
    build: Callable[[Path], BlobStore] = request.param
    return build(tmp_path)


def put(store: BlobStore, data: bytes) -> Digest:
    return store.put(io.BytesIO(data))


def read(store: BlobStore, sha256: str) -> bytes:
    with store.open(sha256) as stream:
        return stream.read()


@pytest.mark.parametrize(
    "data",
    [b"", NOTICE, b"a" * (2 * BLOCK + 1), b"b" * 8 * BLOCK, b"c" * (20 * BLOCK + 1)],
    ids=["empty", "small", "blocks", "as much as is sent at once", "large"],
)
def test_bytes_come_back_as_they_were_put(store: BlobStore, data: bytes) -> None:
    digest = put(store, data)
    assert digest == Digest(hashlib.sha256(data).hexdigest(), hashlib.new("sm3", data).hexdigest(), len(data))
    assert read(store, digest.sha256) == data
    assert store.size(digest.sha256) == len(data)
    assert store.verify(digest.sha256) == digest


def test_only_the_rest_of_a_stream_is_stored(store: BlobStore) -> None:
    stream = io.BytesIO(b"head" + NOTICE)
    stream.seek(4)
    assert store.put(stream).sha256 == hashlib.sha256(NOTICE).hexdigest()


def test_stored_bytes_can_be_read_from_anywhere(store: BlobStore) -> None:
    digest = put(store, b"0123456789")
    with store.open(digest.sha256) as stream:
        stream.seek(4)
        assert stream.read(3) == b"456"


def test_the_same_bytes_are_kept_once(store: BlobStore) -> None:
    first, second = put(store, NOTICE), put(store, NOTICE)
    assert first == second
    assert list(store.digests()) == [first.sha256]


def test_digests_are_given_in_order(store: BlobStore) -> None:
    made = {put(store, str(number).encode()).sha256 for number in range(40)}
    assert list(store.digests()) == sorted(made)


def test_what_was_never_stored_is_missing_not_empty(store: BlobStore) -> None:
    assert store.size(NOTHING) is None
    for look in (store.open, store.verify):
        with pytest.raises(Damaged) as caught:
            look(NOTHING)
        assert caught.value.code == "blob-missing"
    assert list(store.digests()) == []


@pytest.mark.parametrize("size", [0, 10, BLOCK + 10, 9 * BLOCK, 40 * BLOCK])
def test_a_stream_that_breaks_leaves_nothing(store: BlobStore, size: int) -> None:
    stream: BinaryIO = Breaking(size)  # type: ignore[assignment]  # all that a store asks of a stream is read
    with pytest.raises((OSError, Unavailable)):
        store.put(stream)
    assert list(store.digests()) == []
    assert store.size(hashlib.sha256(b"x" * size).hexdigest()) is None
    assert store.sweep(FOREVER) == 0


def test_sweeping_never_touches_what_is_stored(store: BlobStore) -> None:
    digest = put(store, NOTICE)
    assert store.sweep(FOREVER) == 0
    assert read(store, digest.sha256) == NOTICE


def test_a_stream_is_digested_in_one_pass() -> None:
    data = os.urandom(BLOCK + 17)
    assert digest_stream(io.BytesIO(data)).sm3 == hashlib.new("sm3", data).hexdigest()


def test_sm3_is_that_of_the_standard() -> None:
    # GB/T 32905-2016, A.1: the digest of "abc".
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest_stream(io.BytesIO(b"abc")).sm3 == expected


# What only a directory can show.


def test_a_file_lies_under_its_digest_and_cannot_be_written(tmp_path: Path) -> None:
    digest = put(DirectoryBlobStore(tmp_path), NOTICE)
    path = tmp_path / digest.sha256[:2] / digest.sha256
    assert path.read_bytes() == NOTICE
    assert path.stat().st_mode & 0o222 == 0
    assert list((tmp_path / "stage").iterdir()) == []


def test_a_changed_byte_is_an_alarm_and_is_never_written_over(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    digest = put(store, NOTICE)
    path = tmp_path / digest.sha256[:2] / digest.sha256
    path.chmod(0o644)
    path.write_bytes(NOTICE[:-1] + b"!")
    with pytest.raises(Damaged) as caught:
        store.verify(digest.sha256)
    assert caught.value.code == "blob-changed"
    put(store, NOTICE)
    assert path.read_bytes() != NOTICE


def test_everything_is_on_the_medium_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def fsync(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))

    monkeypatch.setattr("archive.blobs.directory.os.fsync", fsync)
    root = tmp_path / "new" / "blobs"
    digest = put(DirectoryBlobStore(root), NOTICE)
    folder = root / digest.sha256[:2]
    # Each new folder is durable in the one above it, the bytes before their name, the name last.
    assert {str(tmp_path), str(tmp_path / "new"), str(root)} <= set(synced)
    staged = next(number for number, path in enumerate(synced) if Path(path).parent == root / "stage")
    assert staged < synced.index(str(folder))
    assert synced[-1] == str(folder)


def test_what_an_interrupted_write_left_is_swept_once_it_is_old(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    put(store, NOTICE)
    left = tmp_path / "stage" / "deadbeef"
    left.write_bytes(b"half")
    written = datetime.fromtimestamp(left.stat().st_mtime, UTC)
    assert store.sweep(written - timedelta(seconds=1)) == 0
    assert store.sweep(written + timedelta(seconds=1)) == 1
    assert not left.exists()
    assert len(list(store.digests())) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "blob-store-full"), (errno.EDQUOT, "blob-store-full"), (errno.EIO, "blob-store-unavailable")],
)
def test_a_full_or_broken_medium_is_named_and_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fsync(handle: int) -> None:
        del handle
        raise OSError(number, os.strerror(number))

    store = DirectoryBlobStore(tmp_path)
    monkeypatch.setattr("archive.blobs.directory.os.fsync", fsync)
    with pytest.raises(Unavailable) as caught:
        put(store, NOTICE)
    assert (caught.value.code, caught.value.retryable) == (code, True)
    assert list(store.digests()) == []


def test_a_medium_that_cannot_be_read_is_no_missing_file(tmp_path: Path) -> None:
    store = DirectoryBlobStore(tmp_path)
    digest = put(store, NOTICE)
    path = tmp_path / digest.sha256[:2] / digest.sha256
    path.unlink()
    path.mkdir()
    for look in (store.open, store.verify):
        with pytest.raises(Unavailable) as caught:
            look(digest.sha256)
        assert caught.value.code == "blob-store-unavailable"
    (tmp_path / "00").write_bytes(b"")
    with pytest.raises(Unavailable):
        store.size(NOTHING)
