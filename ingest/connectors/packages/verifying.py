"""Streams that are compared with what was announced of them."""

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, Final

from archive.errors import InvalidInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BUFFER: Final = 1 << 18


class Verified(io.RawIOBase):
    """A stream that is compared with what was announced of it when it ends, and then with whatever `after` asks.

    Raises while it is read:
        InvalidInput: it is longer or shorter than announced (`manifest-size-differs`), or has another digest
            (`manifest-digest-differs`).
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        digests: Mapping[str, str],
        size: int | None = None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._size = size
        self._announced = digests
        self._after = after
        self._read = 0
        self._ended = False
        # MD5 is what many senders announce: it tells damage, and nothing is trusted to it.
        self._found = {algorithm: hashlib.new(algorithm, usedforsecurity=False) for algorithm in digests}

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        if not data:
            self._end()
            return 0
        self._read += len(data)
        for found in self._found.values():
            found.update(data)
        if self._size is not None and self._read > self._size:
            raise self._other_size()
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._size is not None and self._read != self._size:
            raise self._other_size()
        for algorithm, found in self._found.items():
            if found.hexdigest() != self._announced[algorithm].lower():
                raise InvalidInput("manifest-digest-differs", name=self._name, algorithm=algorithm)
        self._after()

    def _other_size(self) -> InvalidInput:
        return InvalidInput("manifest-size-differs", name=self._name, announced=self._size, found=self._read)


def verified(
    stream: BinaryIO,
    name: str,
    digests: Mapping[str, str],
    size: int | None = None,
    after: Callable[[], None] = lambda: None,
) -> BinaryIO:
    """A buffered stream that is compared with what was announced of it; see `Verified`."""
    return io.BufferedReader(Verified(stream, name, digests, size, after), _BUFFER)
