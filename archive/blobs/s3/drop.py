"""A bucket of somebody else's, in which a trading system lays down what it delivers. It is read, never written.

What goes wrong here is the source's failure, not that of our own store: every error is raised as `SourceFailed`.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from minio import Minio
from minio.datatypes import Object
from minio.error import InvalidResponseError, S3Error
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from archive.blobs.s3.address import Address
from archive.blobs.s3.client import library
from archive.blobs.s3.naming import named_errors, status_of
from archive.errors import ArchiveError, SourceFailed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER: Final = 1 << 18
_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "NoSuchVersion"})
_NOT_FOUND: Final = 404
_PARTIAL: Final = 206
_PRECONDITION: Final = 412


@dataclass(frozen=True)
class Dropped:
    """An object of the bucket, or the beginning that several keys share up to a slash (`folder`).

    `size` is in bytes, `modified` in nanoseconds since 1970, `etag` the service's mark of this state.
    """

    key: str
    folder: bool = False
    size: int = 0
    modified: int = 0
    etag: str = ""


class OtherState(Exception):
    """The object is no longer in the state that was asked for."""


class DropBucket:
    """The bucket at an address. Building it asks nothing of the network.

    Every call and every stream may raise:
        SourceFailed: the service does not answer (`source-unreachable`) or does not accept the keys
            (`source-login-refused`).
    """

    def __init__(self, address: Address) -> None:
        self.place = address.place
        self._bucket = address.bucket
        self._library = library(Minio, address)

    def entries(self, prefix: str) -> Iterator[Dropped]:
        """What lies below `prefix`, up to the next slash, in the order of keys."""
        with _source_errors(self.place):
            for item in self._library.list_objects(self._bucket, prefix, recursive=False):
                if item.object_name is None:
                    continue
                if item.is_dir:
                    yield Dropped(item.object_name, folder=True)
                elif item.last_modified is not None:
                    yield _dropped(item.object_name, item)

    def stat(self, key: str) -> Dropped | None:
        """An object as it is now, None where there is none. Its moment is as coarse as HTTP writes it."""
        with _source_errors(self.place):
            try:
                found = self._library.stat_object(self._bucket, key)
            except S3Error as error:
                if error.code in _MISSING:
                    return None
                raise
        return _dropped(key, found)

    def open(self, key: str, offset: int, etag: str) -> BinaryIO:
        """The bytes of an object from `offset` on, as long as it is in the state that `etag` marks.

        Raises:
            FileNotFoundError: there is none.
            OtherState: it is in another state.
        """
        with _source_errors(self.place):
            try:
                response = self._library.get_object(
                    self._bucket, key, offset=offset, request_headers={"If-Match": f'"{etag}"'}
                )
            except (S3Error, InvalidResponseError) as error:
                _raise_state(error, key)
                raise
        self._require_part(response, offset, etag, key)
        return io.BufferedReader(_Answer(response, self.place), _BUFFER)

    def _require_part(self, response: BaseHTTPResponse, offset: int, etag: str, key: str) -> None:
        """Refuse an answer that is not what was asked for: its bytes would be put where others belong."""
        span, state = response.headers.get("Content-Range", ""), response.headers.get("ETag", "").strip('"')
        other = state not in {"", etag}
        if not other and (not offset or (response.status == _PARTIAL and span.startswith(f"bytes {offset}-"))):
            return
        response.close()
        response.release_conn()
        if other:
            raise OtherState(key)
        raise SourceFailed("source-unreachable", source=self.place, detail=f"HTTP {response.status} {span}".rstrip())


class _Answer(io.RawIOBase):
    """The body of an answer. One that ends before its announced length broke off."""

    def __init__(self, response: BaseHTTPResponse, place: str) -> None:
        super().__init__()
        self._response = response
        self._place = place
        self._left = int(response.headers.get("Content-Length", "0"))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._left)
        if not wanted:
            return 0
        try:
            data = self._response.read(wanted)
        except HTTPError as error:
            raise SourceFailed("source-unreachable", source=self._place, detail=type(error).__name__) from error
        if not data:
            raise SourceFailed("source-unreachable", source=self._place, detail="connection closed")
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            if self._left:
                # The rest is on its way: the connection can be used for nothing else.
                self._response.close()
            self._response.release_conn()
        super().close()


def _dropped(key: str, found: Object) -> Dropped:
    modified = round(found.last_modified.timestamp() * 1000) * 1_000_000 if found.last_modified else 0
    return Dropped(key, size=found.size or 0, modified=modified, etag=(found.etag or "").strip('"'))


def _raise_state(error: S3Error | InvalidResponseError, key: str) -> None:
    """Raise what an answer says of the object rather than of the service."""
    code = error.code if isinstance(error, S3Error) else ""
    status = error.response.status if isinstance(error, S3Error) else status_of(error)
    if code in _MISSING or (not code and status == _NOT_FOUND):
        raise FileNotFoundError(key) from error
    if code == "PreconditionFailed" or status == _PRECONDITION:
        raise OtherState(key) from error


@contextmanager
def _source_errors(place: str) -> Iterator[None]:
    try:
        with named_errors(place):
            yield
    except SourceFailed:
        raise
    except ArchiveError as error:
        code = "source-login-refused" if error.code == "blob-store-refused" else "source-unreachable"
        raise SourceFailed(code, source=place, detail=str(error.params.get("detail", ""))) from error
