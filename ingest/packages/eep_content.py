"""Files that an encapsulation carries as base64: decoded while the document is read, never held."""

import binascii
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

from archive.errors import InvalidInput
from ingest.packages.digests import ALGORITHMS, Digester
from ingest.packages.markup import Element, parse, walk
from ingest.packages.members import Member
from ingest.packages.names import shown

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CONTENT: Final = "编码数据"

_GROUP: Final = 4
_BUFFER: Final = 1 << 18


@dataclass(frozen=True)
class Content:
    """One file within a document. `broken` says that it is no base64; without content `size` is 0.

    `order` is its place among those elements of the document that have any text.
    """

    order: int = -1
    size: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    broken: bool = False


class _Decoder:
    """Decodes base64 that comes in pieces of any length, with white space anywhere."""

    def __init__(self) -> None:
        self._rest = ""
        self._ended = False
        self.broken = False

    def take(self, text: str) -> bytes:
        """The bytes that are complete with this piece."""
        whole = self._rest + "".join(text.split())
        cut = len(whole) - len(whole) % _GROUP
        self._rest = whole[cut:]
        if not cut or self.broken:
            return b""
        if self._ended:
            self.broken = True
            return b""
        try:
            data = binascii.a2b_base64(whole[:cut], strict_mode=True)
        except (binascii.Error, ValueError):
            self.broken = True
            return b""
        self._ended = whole[:cut].endswith("=")
        return data

    def ends_well(self) -> bool:
        """Whether nothing is left over."""
        return not self.broken and not self._rest


class _Contents:
    """Takes the text of every 编码数据 out of a document as it is read, and counts them in their order."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[_Decoder, Digester]] = {}
        self.elements: list[Element] = []

    def __call__(self, element: Element, text: str) -> bool:
        if element.name != CONTENT:
            return False
        if not self.elements or self.elements[-1] is not element:
            self.elements.append(element)
        decoder, digester = self._of.setdefault(id(element), (_Decoder(), Digester(ALGORITHMS)))
        digester.take(decoder.take(text))
        return True

    def found(self) -> dict[int, Content]:
        """What the elements held, by their identity."""
        contents = {}
        for order, element in enumerate(self.elements):
            decoder, digester = self._of[id(element)]
            digests = dict(digester.digests())
            contents[id(element)] = Content(order, digester.size, digests, not decoder.ends_well())
        return contents


def read_contents(document: Member) -> tuple[Element, dict[int, Content]]:
    """The tree of a document without its files, and what each of them is, by the identity of its element.

    Raises:
        InvalidInput: it is not XML that is read here (`package-xml`).
    """
    taking = _Contents()
    with document.open() as stream:
        root = parse(stream, shown(document.path), taking)
    return root, taking.found()


def stream_of(document: Member, order: int) -> BinaryIO:
    """The file at this place in a document, decoded while it is read."""
    return io.BufferedReader(_Decoded(document, order), _BUFFER)


class _Decoded(io.RawIOBase):
    """The decoded text of one element.

    Raises while it is read:
        InvalidInput: it is no base64 (`eep-content-broken`), or the document is none (`package-xml`).
    """

    def __init__(self, document: Member, order: int) -> None:
        super().__init__()
        self._name = shown(document.path)
        self._wanted = order
        self._seen: list[Element] = []
        self._decoder = _Decoder()
        self._waiting = bytearray()
        self._stream = document.open()
        self._pieces: Iterator[None] = walk(self._stream, self._name, self._take)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        view = memoryview(buffer).cast("B")
        while not self._waiting and next(self._pieces, self) is None:
            pass
        if not self._waiting and not self._decoder.ends_well():
            raise InvalidInput("eep-content-broken", name=self._name, file=str(self._wanted))
        taken = bytes(self._waiting[: len(view)])
        del self._waiting[: len(taken)]
        view[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _take(self, element: Element, text: str) -> bool:
        if element.name != CONTENT:
            return False
        if not self._seen or self._seen[-1] is not element:
            self._seen.append(element)
        if len(self._seen) == self._wanted + 1:
            self._waiting += self._decoder.take(text)
        return True
