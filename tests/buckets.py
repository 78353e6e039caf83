"""Buckets on the real object store that belong to one test, or to one run of tests."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from minio import Minio
from minio.deleteobjects import DeleteObject

from archive.blobs.s3.address import parse_address
from archive.blobs.s3.client import Bucket
from archive.blobs.s3.store import S3BlobStore
from archive.clock import SystemClock
from tests.services import service_url

RETAINED = timedelta(seconds=4)
"""For how long tests lock what they put: nobody can remove it sooner, the test included."""


@contextmanager
def fresh_bucket() -> Iterator[str]:
    """The address of a bucket that does not exist yet; it is gone when the block ends, with whatever it holds."""
    url = f"{service_url('minio')}/juanzong-tests-{secrets.token_hex(6)}"
    try:
        yield url
    finally:
        _remove(url)


def library(url: str) -> Minio:
    """The client library on the service of an address."""
    address = parse_address(url)
    return Minio(address.endpoint, address.access_key, address.secret_key, secure=address.secure)


def locking_store(url: str, retained: timedelta = RETAINED) -> S3BlobStore:
    """A store that locks what it is given for so short a time that a test can clear it away."""
    address = parse_address(url)
    return S3BlobStore(Bucket(address), address.prefix, retained, SystemClock())


def versions(url: str) -> list[tuple[str, str]]:
    """Key and version of everything in a bucket, deletions included."""
    bucket = parse_address(url).bucket
    found = library(url).list_objects(bucket, recursive=True, include_version=True)
    return [(str(item.object_name), str(item.version_id)) for item in found]


def _remove(url: str) -> None:
    client, bucket = library(url), parse_address(url).bucket
    if not client.bucket_exists(bucket):
        return
    deadline = datetime.now(UTC) + 3 * RETAINED
    while held := versions(url):
        refused = list(client.remove_objects(bucket, [DeleteObject(key, version) for key, version in held]))
        if not refused:
            break
        assert datetime.now(UTC) < deadline, refused
        time.sleep(1)
    client.remove_bucket(bucket)
