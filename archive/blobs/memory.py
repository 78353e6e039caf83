"""The in-memory twin of the store of bytes."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from archive.blobs.digests import Digest, Digester, blocks, digest_stream
from archive.errors import Damaged


class MemoryBlobStore:
    """Keeps bytes in a dictionary; for tests."""

    def __init__(self) -> None:
        self._stored: dict[str, bytes] = {}

    def put(self, stream: BinaryIO) -> Digest:
        digester, parts = Digester(), []
        for block in blocks(stream):
            digester.update(block)
            parts.append(block)
        digest = digester.digest()
        self._stored.setdefault(digest.sha256, b"".join(parts))
        return digest

    def open(self, sha256: str) -> BinaryIO:
        if sha256 not in self._stored:
            raise Damaged("blob-missing", sha256=sha256)
        return io.BytesIO(self._stored[sha256])

    def size(self, sha256: str) -> int | None:
        data = self._stored.get(sha256)
        return None if data is None else len(data)

    def verify(self, sha256: str) -> Digest:
        digest = digest_stream(self.open(sha256))
        if digest.sha256 != sha256:
            raise Damaged("blob-changed", sha256=sha256, found=digest.sha256)
        return digest

    def digests(self) -> Iterator[str]:
        yield from sorted(self._stored)

    def sweep(self, before: datetime) -> int:
        del before
        return 0
