"""One bucket of an S3 service: the calls the archive makes, with plain values and the archive's errors.

The library has calls for multipart uploads and does not offer them; its own uploading reads the stream in a way that
leaves threads and parts behind when the stream breaks. So they are called one by one here.
"""

import base64
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from xml.sax.saxutils import escape

from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.datatypes import Upload
from minio.error import InvalidResponseError, S3Error
from minio.helpers import quote
from minio.retention import Retention
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout

from archive.blobs.s3.address import Address
from archive.blobs.s3.naming import NO_LOCK, NOT_IMPLEMENTED, named_errors, status_of
from archive.errors import ArchiveError, Unavailable

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60

_AGAIN: Final = 2
_BACKOFF_SECONDS: Final = 0.3

LibraryT = TypeVar("LibraryT", bound=Minio)
_POOL: Final = 10
_NOT_FOUND: Final = 404
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion"})
_MADE_BY_ANOTHER: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_ONLY_IF_ABSENT: Final = {"If-None-Match": "*"}


@dataclass(frozen=True)
class Found:
    """An object of a listing; `version` is None where versions were not asked for."""

    key: str
    version: str | None
    modified: datetime


@dataclass(frozen=True)
class Begun:
    """A multipart upload that was begun and neither finished nor given up."""

    key: str
    upload: str
    begun: datetime


def connections(address: Address, retries: Retry) -> PoolManager:
    """Connections to the service of `address`; none is opened before it is used."""
    timeout = Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if address.ca is not None:
        return PoolManager(maxsize=_POOL, timeout=timeout, retries=retries, ca_certs=str(address.ca))
    return PoolManager(maxsize=_POOL, timeout=timeout, retries=retries)


class _Library(Minio):
    """The calls that the library has and does not offer, under public names."""

    def create(self, bucket: str, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        self._execute("PUT", bucket, key, body=body, headers=dict(headers))

    def begin(self, bucket: str, key: str, headers: Mapping[str, str]) -> str:
        return self._create_multipart_upload(bucket, key, dict(headers))

    def send(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        return self._upload_part(bucket, key, body, None, upload, number)

    def copy(self, bucket: str, key: str, upload: str, number: int, headers: Mapping[str, str]) -> str:
        return self._upload_part_copy(bucket, key, upload, number, dict(headers))[0]

    def finish(self, bucket: str, key: str, upload: str, tags: Sequence[str], headers: Mapping[str, str]) -> str | None:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{escape(tag)}&quot;</ETag></Part>"
            for number, tag in enumerate(tags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        response = self._execute(
            "POST",
            bucket,
            key,
            body=body,
            headers={"Content-Type": "application/xml", **headers},
            query_params={"uploadId": upload},
        )
        # S3 may send the head of a success and find out only then that it is none.
        if b"<Error>" in response.data:
            raise S3Error.fromxml(response)
        return response.headers.get("x-amz-version-id")

    def abort(self, bucket: str, key: str, upload: str) -> None:
        self._abort_multipart_upload(bucket, key, upload)

    def uploads(self, bucket: str) -> Iterator[Upload]:
        marker: str | None = None
        while True:
            page = self._list_multipart_uploads(bucket, key_marker=marker)
            yield from page.uploads
            if not page.is_truncated or not page.next_key_marker or page.next_key_marker == marker:
                return
            marker = page.next_key_marker


def library(kind: type[LibraryT], address: Address) -> LibraryT:
    """A client for the service at an address. Making it asks nothing of the network."""
    # The answer to the last attempt is kept: it says why, which "too many errors" does not. A service that asks to be
    # left alone for an hour must not hold up a worker for an hour.
    retries = Retry(
        total=_AGAIN,
        backoff_factor=_BACKOFF_SECONDS,
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    return kind(
        address.endpoint,
        address.access_key,
        address.secret_key,
        secure=address.secure,
        region=address.region,
        http_client=connections(address, retries),
    )


class Bucket:
    """The bucket at an address. Building it asks nothing of the network; every call raises the archive's errors.

    Each may raise `Unavailable` (`blob-store-unavailable`, `blob-store-full`, `blob-store-no-bucket`) and
    `ArchiveError` (`blob-store-refused`: the keys are not accepted or may not do this).
    """

    def __init__(self, address: Address) -> None:
        self.place = address.place
        self._bucket = address.bucket
        self._library = library(_Library, address)
        self._conditional = True

    # The bucket itself.

    def exists(self) -> bool:
        """Whether there is such a bucket."""
        with named_errors(self.place):
            return self._library.bucket_exists(self._bucket)

    def make(self, *, lock: bool) -> None:
        """Make the bucket, with object lock or without; that another process makes it too is fine.

        Raises:
            Unavailable: it cannot be made (`blob-store-no-bucket`).
        """
        with named_errors(self.place):
            try:
                self._library.make_bucket(self._bucket, object_lock=lock)
            except S3Error as error:
                if error.code not in _MADE_BY_ANOTHER:
                    raise Unavailable("blob-store-no-bucket", path=self.place, detail=error.code) from error

    def locks(self) -> bool:
        """Whether the bucket has object lock."""
        with named_errors(self.place):
            try:
                self._library.get_object_lock_config(self._bucket)
            except S3Error as error:
                if error.code in NO_LOCK | NOT_IMPLEMENTED:
                    return False
                raise
            except InvalidResponseError as error:
                if status_of(error) in {404, 405, 501}:
                    return False
                raise
            return True

    def versioned(self) -> bool:
        """Whether the bucket keeps versions; a service that does not know them has none."""
        with named_errors(self.place):
            try:
                return bool(self._library.get_bucket_versioning(self._bucket).status == ENABLED)
            except S3Error as error:
                if error.code in NOT_IMPLEMENTED:
                    return False
                raise

    # Whole objects.

    def size(self, key: str) -> int | None:
        """Size of an object in bytes, None where there is none (or no bucket: HEAD cannot tell)."""
        with named_errors(self.place):
            try:
                return self._library.stat_object(self._bucket, key).size
            except S3Error as error:
                if error.code in _MISSING:
                    return None
                raise

    def get(self, key: str, offset: int = 0) -> BaseHTTPResponse | None:
        """The answer that carries an object from `offset` on, None where there is none. The caller releases it."""
        with named_errors(self.place):
            try:
                return self._library.get_object(self._bucket, key, offset=offset)
            except S3Error as error:
                if error.code in _MISSING:
                    return None
                raise
            except InvalidResponseError as error:
                if status_of(error) == _NOT_FOUND:
                    return None
                raise

    def put(self, key: str, data: bytes, sha256: str, until: datetime | None) -> bool:
        """Write an object unless there is one; whether it was written. `until` locks it from its first moment.

        The service is told the SHA-256 and refuses other bytes: as the signed digest of the request, and as a
        checksum, which it also needs to lock.
        """
        headers = {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(), **_lock(until)}
        with named_errors(self.place):
            return self._if_absent(
                lambda condition: self._library.create(self._bucket, key, data, {**headers, **condition})
            )

    def remove(self, key: str, version: str | None = None) -> None:
        """Drop an object, or one version of it; that it is gone already is fine."""
        with named_errors(self.place):
            self._library.remove_object(self._bucket, key, version)

    # Objects in parts.

    def begin(self, key: str, until: datetime | None = None) -> str:
        """Begin an object made of parts; the id of the upload."""
        with named_errors(self.place):
            return self._library.begin(self._bucket, key, _lock(until))

    def send(self, key: str, upload: str, number: int, part: bytes) -> str:
        """Send a part, at least 5 MiB unless it is the last; its tag."""
        with named_errors(self.place):
            return self._library.send(self._bucket, key, upload, number, part)

    def copy(self, key: str, upload: str, number: int, source: str, span: range) -> str:
        """Take a part from another object of the bucket, inside the service; its tag."""
        headers = {
            "x-amz-copy-source": quote(f"/{self._bucket}/{source}"),
            "x-amz-copy-source-range": f"bytes={span.start}-{span.stop - 1}",
        }
        with named_errors(self.place):
            return self._library.copy(self._bucket, key, upload, number, headers)

    def finish(self, key: str, upload: str, tags: Sequence[str], *, only_if_absent: bool = False) -> str | None:
        """Make the object of its parts; its version, where the bucket keeps versions.

        With `only_if_absent` an object that is there stays, where the service knows that condition.
        """
        version: str | None = None

        def attempt(condition: Mapping[str, str]) -> None:
            nonlocal version
            version = self._library.finish(self._bucket, key, upload, tags, condition)

        with named_errors(self.place):
            if not only_if_absent:
                attempt({})
                return version
            written = self._if_absent(attempt)
        if not written:
            self.abort(key, upload)
        return version

    def abort(self, key: str, upload: str) -> None:
        """Give an upload up, with its parts; nothing is raised, for what is left is swept later."""
        with contextlib.suppress(ArchiveError), named_errors(self.place):
            self._library.abort(self._bucket, key, upload)

    # What lies in the bucket.

    def keys(self, prefix: str, *, versions: bool = False) -> Iterator[Found]:
        """Every object below `prefix` in the order of keys; with `versions`, every version and deletion of each."""
        with named_errors(self.place):
            for item in self._library.list_objects(self._bucket, prefix, recursive=True, include_version=versions):
                if item.object_name and item.last_modified:
                    yield Found(item.object_name, item.version_id if versions else None, item.last_modified)

    def uploads(self) -> Iterator[Begun]:
        """Every multipart upload of the bucket that is still open; none where the service cannot tell."""
        with named_errors(self.place):
            try:
                # Never with a prefix: MinIO takes it for the whole key.
                for item in self._library.uploads(self._bucket):
                    if item.upload_id and item.initiated_time:
                        yield Begun(item.object_name, item.upload_id, item.initiated_time)
            except S3Error as error:
                if error.code not in NOT_IMPLEMENTED:
                    raise

    # Locks.

    def retained(self, key: str) -> datetime | None:
        """Until when nobody can remove an object, None if it is not retained."""
        with named_errors(self.place):
            retention = self._library.get_object_retention(self._bucket, key)
        return retention.retain_until_date if retention is not None and retention.mode == COMPLIANCE else None

    def retain(self, key: str, until: datetime) -> None:
        """Let nobody remove an object before `until`."""
        with named_errors(self.place):
            self._library.set_object_retention(self._bucket, key, Retention(COMPLIANCE, until))

    def held(self, key: str) -> bool:
        """Whether a legal hold lies on an object."""
        with named_errors(self.place):
            return self._library.is_object_legal_hold_enabled(self._bucket, key)

    def hold(self, key: str, *, on: bool) -> None:
        """Lay a legal hold on an object, or lift it."""
        with named_errors(self.place):
            if on:
                self._library.enable_object_legal_hold(self._bucket, key)
            else:
                self._library.disable_object_legal_hold(self._bucket, key)

    def _if_absent(self, write: Callable[[Mapping[str, str]], None]) -> bool:
        """Write on the condition that nothing is there, or without it where the service does not know conditions."""
        try:
            write(_ONLY_IF_ABSENT if self._conditional else {})
        except S3Error as error:
            if error.code == "PreconditionFailed":
                return False
            if not self._conditional or error.code not in NOT_IMPLEMENTED:
                raise
            self._conditional = False
            write({})
        return True


def _lock(until: datetime | None) -> dict[str, str]:
    if until is None:
        return {}
    return {
        "x-amz-object-lock-mode": COMPLIANCE,
        "x-amz-object-lock-retain-until-date": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
