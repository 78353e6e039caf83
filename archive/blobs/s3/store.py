"""Bytes in a bucket: `ab/abcd…`, written once.

S3 has no rename, so what is too large to digest beforehand is sent under a stage name and copied inside the service.
At any moment a crash leaves either the whole object under its digest, or a stage object or an unfinished upload that
`sweep` drops.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import BinaryIO, Final
from uuid import uuid4

from urllib3 import BaseHTTPResponse

from archive.blobs.digests import BLOCK, Digest, Digester, digest_stream
from archive.blobs.s3.address import parse_address
from archive.blobs.s3.client import Bucket
from archive.blobs.s3.reading import open_stream
from archive.blobs.s3.uploading import COPIED_AT_ONCE, PART, send_in_parts
from archive.clock import Clock, SystemClock
from archive.errors import ArchiveError, Damaged, Unavailable
from archive.servers import Described, Lack

DIRECT: Final = 8 << 20
"""Up to this size in bytes the digest is known before the first byte is sent."""

_DIGEST: Final = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
_STAGE: Final = "stage/"
_DAY: Final = timedelta(days=1)


def build_s3(url: str, retention_days: int, clock: Clock | None = None) -> "S3BlobStore":
    """The store at `url`; nothing is asked of the network before it is used.

    Raises:
        InvalidInput: the address is none (`blobs-url`), or its certificates are not there (`blobs-ca`).
    """
    address = parse_address(url)
    retention = timedelta(days=retention_days) if retention_days else None
    return S3BlobStore(Bucket(address), address.prefix, retention, clock or SystemClock())


class S3BlobStore:
    """For many machines. With `retention`, nobody can remove an object before that time has passed.

    Besides what its port says, each method may raise `ArchiveError`: the keys are refused (`blob-store-refused`), or
    files are to be retained in a bucket without object lock (`blob-store-no-lock`).
    """

    def __init__(self, bucket: Bucket, prefix: str, retention: timedelta | None, clock: Clock) -> None:
        self._unprepared = bucket
        self._prefix = prefix
        self._retention = retention
        self._clock = clock
        self._prepared = False

    def put(self, stream: BinaryIO) -> Digest:
        bucket = self._ready()
        head = _take(stream, DIRECT)
        digester = Digester()
        digester.update(head)
        if len(head) == DIRECT:
            parts = _parts(head, stream, digester)
            del head
            return self._put_large(bucket, parts, digester)
        digest = digester.digest()
        if not self._is_there(bucket, digest):
            bucket.put(self._key(digest.sha256), head, digest.sha256, self._until())
        return digest

    def _put_large(self, bucket: Bucket, parts: Iterator[bytes], digester: Digester) -> Digest:
        stage = f"{self._prefix}{_STAGE}{uuid4().hex}"
        version = send_in_parts(bucket, stage, parts)
        try:
            digest = digester.digest()
            if not self._is_there(bucket, digest):
                self._copy(bucket, stage, digest)
        finally:
            # What cannot be dropped now is swept later.
            with suppress(ArchiveError):
                bucket.remove(stage, version)
        return digest

    def _copy(self, bucket: Bucket, stage: str, digest: Digest) -> None:
        key = self._key(digest.sha256)
        upload = bucket.begin(key, self._until())
        try:
            tags = [
                bucket.copy(key, upload, number, stage, range(start, min(start + COPIED_AT_ONCE, digest.size)))
                for number, start in enumerate(range(0, digest.size, COPIED_AT_ONCE), 1)
            ]
            bucket.finish(key, upload, tags, only_if_absent=True)
        except BaseException:
            bucket.abort(key, upload)
            raise
        if not self._is_there(bucket, digest):
            raise Unavailable("blob-store-unavailable", path=bucket.place, detail="the copy is not there")

    def open(self, sha256: str) -> BinaryIO:
        bucket = self._ready()

        def fetch(position: int) -> BaseHTTPResponse:
            response = bucket.get(self._key(sha256), position)
            if response is None:
                raise Damaged("blob-missing", sha256=sha256)
            return response

        return open_stream(fetch(0), fetch, bucket.place)

    def size(self, sha256: str) -> int | None:
        bucket = self._ready()
        size = bucket.size(self._key(sha256))
        if size is None and not bucket.exists():
            # A bucket that was taken away is not a file that was never stored.
            raise Unavailable("blob-store-no-bucket", path=bucket.place, detail="NoSuchBucket")
        return size

    def verify(self, sha256: str) -> Digest:
        with self.open(sha256) as stream:
            digest = digest_stream(stream)
        if digest.sha256 != sha256:
            raise Damaged("blob-changed", sha256=sha256, found=digest.sha256)
        return digest

    def digests(self) -> Iterator[str]:
        for found in self._ready().keys(self._prefix):
            if match := _DIGEST.fullmatch(found.key.removeprefix(self._prefix)):
                yield match[2]

    def sweep(self, before: datetime) -> int:
        bucket = self._ready()
        dropped = 0
        for found in bucket.keys(f"{self._prefix}{_STAGE}", versions=bucket.versioned()):
            if found.modified < before:
                # A bucket that locks whatever is put into it locks stages too, for as long.
                with suppress(ArchiveError):
                    bucket.remove(found.key, found.version)
                    dropped += 1
        for upload in bucket.uploads():
            if upload.begun < before and self._is_ours(upload.key):
                bucket.abort(upload.key, upload.upload)
                dropped += 1
        return dropped

    # What only a store with object lock can do.

    def describe(self) -> Described:
        """Look at the service and the bucket, which is made where it is missing.

        Raises:
            Unavailable: it does not answer; ArchiveError where it refuses the keys.
        """
        bucket = self._ready()
        locks, versioned = bucket.locks(), bucket.versioned()
        abilities = [name for name, can in (("object lock", locks), ("versioning", versioned)) if can]
        lacks = () if locks and self._retention else (Lack("server-no-retention" if locks else "server-no-lock"),)
        return Described(bucket.place, "", tuple(abilities), lacks)

    def hold(self, sha256: str) -> None:
        """Let nobody remove a file until the hold is lifted, however long that is.

        Raises:
            Damaged: nothing is stored under this digest; so `release` and `held`.
        """
        self._locking(sha256).hold(self._key(sha256), on=True)

    def release(self, sha256: str) -> None:
        """Lift the hold; a retention that still runs stays."""
        self._locking(sha256).hold(self._key(sha256), on=False)

    def held(self, sha256: str) -> bool:
        """Whether a hold lies on a file."""
        return self._locking(sha256).held(self._key(sha256))

    def _locking(self, sha256: str) -> Bucket:
        bucket = self._ready()
        if not bucket.locks():
            raise ArchiveError("blob-store-no-lock", path=bucket.place)
        if self.size(sha256) is None:
            raise Damaged("blob-missing", sha256=sha256)
        return bucket

    def _ready(self) -> Bucket:
        """The bucket, made where it is missing."""
        bucket = self._unprepared
        if not self._prepared:
            if not bucket.exists():
                bucket.make(lock=self._retention is not None)
            if self._retention is not None and not bucket.locks():
                raise ArchiveError("blob-store-no-lock", path=bucket.place)
            self._prepared = True
        return bucket

    def _is_there(self, bucket: Bucket, digest: Digest) -> bool:
        """Whether these bytes are stored; if so, they are retained for as long as bytes stored now."""
        key = self._key(digest.sha256)
        size = bucket.size(key)
        if size is None:
            return False
        if size != digest.size:
            raise Damaged("blob-changed", sha256=digest.sha256, found=f"{size} bytes")
        until = self._until()
        if until is not None:
            kept = bucket.retained(key)
            if kept is None or kept < until - _DAY:
                bucket.retain(key, until)
        return True

    def _until(self) -> datetime | None:
        return None if self._retention is None else self._clock.now() + self._retention

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}{sha256[:2]}/{sha256}"

    def _is_ours(self, key: str) -> bool:
        name = key.removeprefix(self._prefix)
        return key.startswith(self._prefix) and (name.startswith(_STAGE) or _DIGEST.fullmatch(name) is not None)


def _take(stream: BinaryIO, size: int) -> bytes:
    """The next `size` bytes, fewer only at the end of the stream."""
    taken: list[bytes] = []
    while size and (block := stream.read(min(size, BLOCK))):
        taken.append(block)
        size -= len(block)
    return b"".join(taken)


def _parts(head: bytes, stream: BinaryIO, digester: Digester) -> Iterator[bytes]:
    """What was taken of a stream and the rest of it, in parts of which only the last is small; digested on the way."""
    rest = _take(stream, PART - len(head))
    digester.update(rest)
    part = head + rest
    # Held to the end otherwise, as much again as a part.
    del head, rest
    while part:
        yield part
        part = _take(stream, PART)
        digester.update(part)
