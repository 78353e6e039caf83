"""SHA-256 and SM3 (GB/T 32905) of the same bytes in one pass. Standard library only."""

import hashlib
from typing import Any


class Digests:
    """Takes blocks, gives digests in lower-case hexadecimal. SM3 is None where this Python's OpenSSL lacks it."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sm3 = _new_sm3()

    def update(self, block: bytes) -> None:
        """Take the next block."""
        self.size += len(block)
        self._sha256.update(block)
        if self._sm3 is not None:
            self._sm3.update(block)

    @property
    def sha256(self) -> str:
        """SHA-256 of everything taken so far."""
        return self._sha256.hexdigest()

    @property
    def sm3(self) -> str | None:
        """SM3 of everything taken so far; None means not computed, never "equal"."""
        return None if self._sm3 is None else str(self._sm3.hexdigest())


def digests_of(data: bytes) -> Digests:
    """The digests of bytes held in memory."""
    digests = Digests()
    digests.update(data)
    return digests


def _new_sm3() -> Any:
    try:
        return hashlib.new("sm3")
    except ValueError:
        return None
