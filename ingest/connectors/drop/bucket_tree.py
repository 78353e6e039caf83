"""A drop in a bucket of an S3 service: keys as paths, cut at their slashes."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from archive.blobs.s3.drop import DropBucket, Dropped, OtherState
from archive.errors import InvalidInput
from ingest.connectors.drop.tree import Kind, Leaf
from ingest.packages.names import exact, shown

_SECOND: Final = 1_000_000_000
_NO_NAMES: Final = frozenset({b"", b".", b".."})


class BucketTree:
    """The objects of a bucket whose keys begin with `prefix`, which is empty or ends with a slash."""

    near = False

    def __init__(self, bucket: DropBucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self.name = f"{bucket.place}/{prefix}".rstrip("/")

    def entries(self, folder: bytes) -> Iterator[Leaf]:
        above = self._key(folder) + ("/" if folder else "")
        for found in self._bucket.entries(above):
            # Some programs mark a folder by an object of no bytes that bears its name.
            if found.key not in {above, ""}:
                yield self._leaf(found)

    def stat(self, path: bytes) -> Leaf | None:
        if exact(path) is not None:
            # Keys are text: no key is spelt like this.
            return None
        found = self._bucket.stat(self._key(path))
        return None if found is None else self._leaf(found)

    def open(self, leaf: Leaf, offset: int) -> BinaryIO:
        try:
            return self._bucket.open(self._key(leaf.path), offset, leaf.tag)
        except FileNotFoundError as error:
            raise InvalidInput("file-vanished-while-read", name=shown(leaf.path)) from error
        except OtherState as error:
            raise InvalidInput("file-changed-while-read", name=shown(leaf.path)) from error

    def _key(self, path: bytes) -> str:
        return self._prefix + path.decode()

    def _leaf(self, found: Dropped) -> Leaf:
        path = found.key.removeprefix(self._prefix).encode()
        path = path[:-1] if found.folder else path
        if any(part in _NO_NAMES for part in path.split(b"/")):
            # Sound as keys, but the client will not ask for them, and no folder could hold them.
            return Leaf(path, Kind.OTHER)
        if found.folder:
            return Leaf(path, Kind.FOLDER)
        # A listing gives the moment to the millisecond, an answer to the second.
        return Leaf(path, Kind.FILE, found.size, found.modified // _SECOND * _SECOND, found.etag)
