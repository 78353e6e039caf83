"""Objects too large to hold in memory: sent in parts under a stage name, then copied to their digest in the service."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from archive.blobs.s3.client import Bucket
from archive.errors import InvalidInput

PART: Final = 16 << 20
"""Size of a part in bytes. One is on its way while the next is read, put together and digested."""

MOST_PARTS: Final = 10_000
"""What S3 allows; with parts of 16 MiB, 156 GiB."""

COPIED_AT_ONCE: Final = 512 << 20
"""The service answers only after it has copied, and must be done before the connection is given up."""


def send_in_parts(bucket: Bucket, key: str, parts: Iterable[bytes]) -> str | None:
    """Make an object of `parts`; its version, where the bucket keeps versions. A part that fails leaves nothing.

    Raises:
        InvalidInput: there are more parts than S3 takes (`blob-too-large`).
    """
    upload = bucket.begin(key)
    try:
        tags = _send_all(bucket, key, upload, parts)
        return bucket.finish(key, upload, tags)
    except BaseException:
        # Only after the part on its way has arrived, or it would be left behind.
        bucket.abort(key, upload)
        raise


def _send_all(bucket: Bucket, key: str, upload: str, parts: Iterable[bytes]) -> list[str]:
    tags: list[str] = []
    waiting: Future[str] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="blob-part") as sender:
        for number, part in enumerate(parts, 1):
            if number > MOST_PARTS:
                raise InvalidInput("blob-too-large", most=PART * MOST_PARTS >> 30)
            if waiting is not None:
                tags.append(waiting.result())
            waiting = sender.submit(bucket.send, key, upload, number, part)
        if waiting is not None:
            tags.append(waiting.result())
    return tags
