"""The store of bytes, and the contract that `tests/contracts/test_blobs.py` runs on every adapter.

- `put` returns only when the bytes would survive a power cut, and gives both digests of what it wrote;
- bytes lie under their SHA-256: putting the same bytes twice keeps one copy and changes nothing;
- a stream that fails half-way leaves nothing that `open`, `size` or `digests` would show;
- `open` gives exactly the bytes that were put, or raises; it never gives other bytes silently on purpose, but it does
  not re-hash them either: `verify` does;
- there is no way to overwrite and none to delete.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Protocol

from archive.blobs.digests import Digest


class BlobStore(Protocol):
    """Write-once bytes under their digest."""

    def put(self, stream: BinaryIO) -> Digest:
        """Store the rest of `stream` durably.

        Raises:
            Unavailable: the store cannot take the bytes now (`blob-store-full`, `blob-store-unavailable`).
        """
        ...

    def open(self, sha256: str) -> BinaryIO:
        """A seekable stream of the stored bytes.

        Raises:
            Damaged: nothing is stored under this digest (`blob-missing`).
            Unavailable: the store does not answer now; so `size` and `verify`.
        """
        ...

    def size(self, sha256: str) -> int | None:
        """Size in bytes, None where nothing is stored."""
        ...

    def verify(self, sha256: str) -> Digest:
        """Read the bytes again and digest them.

        Raises:
            Damaged: missing (`blob-missing`) or changed (`blob-changed`).
        """
        ...

    def digests(self) -> Iterator[str]:
        """SHA-256 of everything stored, in order."""
        ...

    def sweep(self, before: datetime) -> int:
        """Drop what writes interrupted before that moment left behind; how many. Stored bytes are never touched."""
        ...
