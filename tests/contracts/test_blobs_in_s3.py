"""What only a store in S3 can show, on a real server: parts, ranges, versions, locks, and a wire that breaks."""

import hashlib
import io
import os
import random
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from archive.blobs.digests import BLOCK
from archive.blobs.s3.address import parse_address
from archive.blobs.s3.client import Bucket
from archive.blobs.s3.store import S3BlobStore, build_s3
from archive.clock import FixedClock
from archive.errors import ArchiveError, Damaged, Unavailable
from tests.buckets import fresh_bucket, library, locking_store, versions
from tests.wire import Wire

pytestmark = pytest.mark.services

NOTICE = "中标候选人公示".encode()
LARGE = 20 * BLOCK
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
NOTHING = "0" * 64


class Video(io.RawIOBase):
    """So many bytes, never in memory together; breaks after them if it is told to."""

    def __init__(self, size: int, *, breaks: bool = False) -> None:
        self._left = size
        self._breaks = breaks
        self._draw = random.Random(size)  # noqa: S311 - the same bytes each time

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # all that readers hand in
        if not self._left and self._breaks:
            raise ConnectionResetError
        size = min(len(buffer), self._left)
        buffer[:size] = self._draw.randbytes(size)
        self._left -= size
        return size


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_bucket() as made:
        yield made


def keys(url: str) -> list[str]:
    return [str(item.object_name) for item in library(url).list_objects(parse_address(url).bucket, recursive=True)]


def key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def leave(bucket: Bucket, name: str) -> None:
    """An object as a write leaves it that was interrupted between stage and digest."""
    upload = bucket.begin(name)
    bucket.finish(name, upload, [bucket.send(name, upload, 1, b"half")])


def held_back(store: S3BlobStore, digest: str, version: str) -> bool:
    """Whether one version of a file withstands being removed, as somebody with the keys would try it."""
    bucket = store._ready()
    try:
        bucket.remove(key(digest), version)
    except ArchiveError:
        return store.verify(digest).sha256 == digest
    return False


# Writing.


def test_the_bucket_is_made_when_it_is_first_needed(url: str) -> None:
    store = build_s3(url, 0)
    assert not library(url).bucket_exists(parse_address(url).bucket)
    assert store.size(NOTHING) is None
    assert library(url).bucket_exists(parse_address(url).bucket)


def test_two_that_make_the_bucket_at_once_both_use_it(url: str) -> None:
    address = parse_address(url)
    first, second = Bucket(address), Bucket(address)
    first.make(lock=False)
    second.make(lock=False)
    assert second.exists()


def test_a_file_lies_under_its_digest_and_no_stage_is_left(url: str) -> None:
    store = build_s3(f"{url}/archive/blobs", 0)
    small, large = store.put(io.BytesIO(NOTICE)), store.put(Video(LARGE))  # type: ignore[arg-type]  # is only read
    assert sorted(keys(url)) == sorted(f"archive/blobs/{key(digest.sha256)}" for digest in (small, large))
    assert list(store._ready().uploads()) == []
    assert list(store.digests()) == sorted([small.sha256, large.sha256])


def test_a_large_file_is_stored_in_little_memory(url: str) -> None:
    store = build_s3(url, 0)
    store.put(io.BytesIO(NOTICE))
    tracemalloc.start()
    try:
        digest = store.put(Video(160 * BLOCK))  # type: ignore[arg-type]  # is only read
        assert store.verify(digest.sha256) == digest
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert digest.size == 160 * BLOCK
    assert peak < 64 * BLOCK


@pytest.mark.parametrize("size", [9 * BLOCK, 40 * BLOCK])
def test_a_large_stream_that_breaks_leaves_neither_stage_nor_parts(url: str, size: int) -> None:
    store = build_s3(url, 0)
    with pytest.raises(ConnectionResetError):
        store.put(Video(size, breaks=True))  # type: ignore[arg-type]  # is only read
    assert keys(url) == []
    assert list(store._ready().uploads()) == []


@pytest.mark.parametrize("size", [10, LARGE])
def test_the_same_file_put_by_many_at_once_has_one_version(url: str, size: int) -> None:
    locking_store(url).size(NOTHING)
    stores = [locking_store(url) for _ in range(4)]
    with ThreadPoolExecutor(len(stores)) as writers:
        digests = list(writers.map(lambda store: store.put(Video(size)), stores))
    assert len(set(digests)) == 1
    assert [found for found, _ in versions(url)] == [key(digests[0].sha256)]
    assert list(stores[0]._ready().uploads()) == []


def test_a_file_of_another_size_under_the_digest_is_an_alarm(url: str) -> None:
    store = build_s3(url, 0)
    digest = hashlib.sha256(NOTICE).hexdigest()
    torn = NOTICE[:-1]
    store._ready().put(key(digest), torn, hashlib.sha256(torn).hexdigest(), None)
    with pytest.raises(Damaged) as put:
        store.put(io.BytesIO(NOTICE))
    with pytest.raises(Damaged) as verified:
        store.verify(digest)
    assert put.value.code == verified.value.code == "blob-changed"
    with store.open(digest) as stream:
        assert stream.read() == torn


def test_the_server_refuses_bytes_that_were_changed_on_the_way(url: str) -> None:
    store = build_s3(url, 0)
    digest = hashlib.sha256(NOTICE).hexdigest()
    with pytest.raises(Unavailable):
        store._ready().put(key(digest), NOTICE[:-1] + b"!", digest, None)
    assert store.size(digest) is None


# Reading.


def test_a_large_file_is_read_from_anywhere(url: str) -> None:
    data = os.urandom(LARGE)
    store = build_s3(url, 0)
    digest = store.put(io.BytesIO(data))
    draw = random.Random(1)  # noqa: S311 - places to look at
    with store.open(digest.sha256) as stream:
        assert stream.seekable()
        for _ in range(30):
            start, size = draw.randrange(LARGE), draw.choice([1, 100, 300_000])
            assert stream.seek(start) == start
            assert stream.read(size) == data[start : start + size]
        assert stream.seek(-5, io.SEEK_END) == LARGE - 5
        assert stream.read() == data[-5:]
        assert stream.read(1) == b""
        stream.seek(-3, io.SEEK_CUR)
        assert stream.read(9) == data[-3:]
        stream.seek(0)
        assert stream.read() == data


def test_a_package_is_opened_where_it_lies(url: str) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("video.mp4", os.urandom(LARGE))
        package.writestr("notice.txt", NOTICE)
    store = build_s3(url, 0)
    digest = store.put(io.BytesIO(made.getvalue()))
    with store.open(digest.sha256) as stream, zipfile.ZipFile(stream) as package:
        assert package.read("notice.txt") == NOTICE


def test_a_file_that_is_not_read_to_its_end_gives_its_connection_back(url: str) -> None:
    with Wire(parse_address(url).endpoint) as wire:
        store = build_s3(url.replace(parse_address(url).endpoint, wire.endpoint), 0)
        digest = store.put(Video(LARGE))  # type: ignore[arg-type]  # is only read
        for _ in range(15):
            with store.open(digest.sha256) as stream:
                assert stream.read(10)
        deadline = time.monotonic() + 5
        while wire.open > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert wire.open <= 1
        assert store.size(digest.sha256) == LARGE


def test_a_connection_that_breaks_is_taken_up_where_it_broke(url: str) -> None:
    data = os.urandom(LARGE)
    digest = build_s3(url, 0).put(io.BytesIO(data))
    with Wire(parse_address(url).endpoint, cut_after=5 * BLOCK) as wire:
        store = build_s3(url.replace(parse_address(url).endpoint, wire.endpoint), 0)
        with store.open(digest.sha256) as stream:
            assert stream.read() == data
        assert wire.connections >= 4
        assert store.verify(digest.sha256) == digest


def test_a_connection_that_goes_on_breaking_is_an_error_and_no_short_file(url: str) -> None:
    digest = build_s3(url, 0).put(io.BytesIO(os.urandom(LARGE)))
    with Wire(parse_address(url).endpoint) as wire:
        store = build_s3(url.replace(parse_address(url).endpoint, wire.endpoint), 0)
        with store.open(digest.sha256) as stream:
            wire.cut_after = 2_000
            stream.seek(BLOCK)
            with pytest.raises(Unavailable) as caught:
                stream.read()
        assert caught.value.code == "blob-store-unavailable"


# Failing.


def test_a_server_that_is_not_there_is_said_at_once_and_is_no_missing_file() -> None:
    store = build_s3("s3+http://archive:unknown@127.0.0.1:9/blobs", 0)
    started = time.monotonic()
    for ask in (
        lambda: store.put(io.BytesIO(NOTICE)),
        lambda: store.open(NOTHING),
        lambda: store.size(NOTHING),
        lambda: store.verify(NOTHING),
        lambda: list(store.digests()),
        lambda: store.sweep(FOREVER),
    ):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code == "blob-store-unavailable"
        assert "127.0.0.1:9/blobs" in str(caught.value)
        assert "unknown" not in str(caught.value)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("region", ["", "?region=us-east-1"])
@pytest.mark.parametrize(("name", "secret"), [("nobody", None), (None, "not-the-secret")])
def test_keys_that_are_refused_are_said_and_not_tried_again(
    url: str, name: str | None, secret: str | None, region: str
) -> None:
    address = parse_address(url)
    keys = f"{name or address.access_key}:{secret or address.secret_key}"
    store = build_s3(f"s3+http://{keys}@{address.endpoint}/{address.bucket}{region}", 0)
    with pytest.raises(ArchiveError) as caught:
        store.put(io.BytesIO(NOTICE))
    assert (caught.value.code, caught.value.retryable) == ("blob-store-refused", False)
    assert address.secret_key not in str(caught.value)
    assert "not-the-secret" not in str(caught.value)


def test_a_bucket_that_was_taken_away_is_no_missing_file(url: str) -> None:
    store = build_s3(url, 0)
    assert store.size(NOTHING) is None
    library(url).remove_bucket(parse_address(url).bucket)
    for ask in (lambda: store.size(NOTHING), lambda: store.open(NOTHING), lambda: store.put(io.BytesIO(NOTICE))):
        with pytest.raises(Unavailable) as caught:
            ask()
        assert caught.value.code == "blob-store-no-bucket"


# Sweeping.


def test_what_interrupted_writes_left_is_swept_once_it_is_old_and_nothing_else(url: str) -> None:
    store = build_s3(f"{url}/mine", 0)
    digest = store.put(io.BytesIO(NOTICE))
    bucket = store._ready()
    leave(bucket, "mine/stage/left")
    for name in ("mine/stage/begun", f"mine/{key(NOTHING)}", "yours/stage/begun"):
        bucket.send(name, bucket.begin(name), 1, b"half")
    assert store.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.sweep(FOREVER) == 3
    assert keys(url) == [f"mine/{key(digest.sha256)}"]
    assert [upload.key for upload in bucket.uploads()] == ["yours/stage/begun"]


def test_a_bucket_that_keeps_versions_keeps_none_of_a_stage(url: str) -> None:
    store = locking_store(url)
    store.size(NOTHING)
    bucket = store._ready()
    leave(bucket, "stage/left")
    bucket.remove("stage/left")
    assert len(versions(url)) == 2
    assert store.sweep(FOREVER) == 2
    assert versions(url) == []


# Locks.


@pytest.mark.parametrize("size", [10, LARGE], ids=["small", "large"])
def test_what_is_retained_withstands_removal_until_its_time_is_over(url: str, size: int) -> None:
    store = locking_store(url)
    digest = store.put(Video(size))  # type: ignore[arg-type]  # is only read
    [(_, version)] = versions(url)
    assert held_back(store, digest.sha256, version)
    until = store._ready().retained(key(digest.sha256))
    assert until is not None
    time.sleep(max(0, (until - datetime.now(UTC)).total_seconds()) + 1)
    assert not held_back(store, digest.sha256, version)


def test_retention_is_counted_in_days_from_the_archive_s_clock(url: str) -> None:
    long_ago = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    clock = FixedClock(long_ago + timedelta(seconds=3))
    build_s3(url, 10, clock).put(io.BytesIO(NOTICE))
    digest = hashlib.sha256(NOTICE).hexdigest()
    assert Bucket(parse_address(url)).retained(key(digest)) == clock.now() + timedelta(days=10)


def test_a_file_stored_before_files_were_retained_is_retained_when_it_comes_again(url: str) -> None:
    bucket = Bucket(parse_address(url))
    bucket.make(lock=True)
    digest = build_s3(url, 0).put(io.BytesIO(NOTICE))
    assert bucket.retained(key(digest.sha256)) is None
    store = locking_store(url)
    assert store.put(io.BytesIO(NOTICE)) == digest
    [(_, version)] = versions(url)
    assert held_back(store, digest.sha256, version)


def test_what_is_held_withstands_removal_until_the_hold_is_lifted(url: str) -> None:
    Bucket(parse_address(url)).make(lock=True)
    store = build_s3(url, 0)
    digest = store.put(io.BytesIO(NOTICE))
    [(_, version)] = versions(url)
    assert not store.held(digest.sha256)
    store.hold(digest.sha256)
    assert store.held(digest.sha256)
    assert held_back(store, digest.sha256, version)
    store.release(digest.sha256)
    assert not store.held(digest.sha256)
    assert not held_back(store, digest.sha256, version)
    with pytest.raises(Damaged):
        store.hold(NOTHING)


def test_nothing_is_retained_or_held_in_a_bucket_that_cannot_lock(url: str) -> None:
    store = build_s3(url, 0)
    digest = store.put(io.BytesIO(NOTICE))
    for ask in (lambda: build_s3(url, 30).put(io.BytesIO(b"other")), lambda: store.hold(digest.sha256)):
        with pytest.raises(ArchiveError) as caught:
            ask()
        assert (caught.value.code, caught.value.retryable) == ("blob-store-no-lock", False)
    assert list(store.digests()) == [digest.sha256]
