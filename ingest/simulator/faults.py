"""Who is hit by which fault, and how bytes are damaged."""

import math
import struct
from collections.abc import Callable, Iterable, Mapping

from ingest.simulator.draw import Draw
from ingest.simulator.scenario import Faults, Which
from ingest.simulator.types import Attachment, Item

_ZIPPED = (".docx", ".xlsx", ".ofd")
_UNDERSTATED = 16
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
LONG_TITLE = 10_000


def first_zipped(attachments: Iterable[Attachment]) -> Attachment | None:
    """The first attachment that is a ZIP container."""
    return next((entry for entry in attachments if entry.name.endswith(_ZIPPED)), None)


def victims(faults: Faults, items: Iterable[Item], seed: int) -> Mapping[str, frozenset[str]]:
    """The identifiers of the items that each fault befalls, by the fault's name."""
    every = sorted(items, key=lambda item: item.infoid)
    chosen = faults.chosen()
    taken = {infoid for which in chosen.values() if isinstance(which, frozenset) for infoid in which}
    hit: dict[str, frozenset[str]] = {}
    for name, which in chosen.items():
        hit[name] = _pick(name, which, [item for item in every if item.infoid not in taken], seed)
        taken |= hit[name]
    return hit


def _pick(name: str, which: Which, free: list[Item], seed: int) -> frozenset[str]:
    if isinstance(which, frozenset):
        return which
    able = _ABLE.get(name, _is_public)
    candidates = [item.infoid for item in free if able(item)]
    count = math.ceil(which * len(candidates))
    return frozenset(sorted(candidates, key=lambda infoid: Draw(seed, "fault", name, infoid).token())[:count])


def _is_public(item: Item) -> bool:
    return item.public


def _has_document(item: Item) -> bool:
    return bool(item.attachments) and item.attachments[0].role != "recording"


def _has_zip(item: Item) -> bool:
    return first_zipped(item.attachments) is not None


_ABLE: Mapping[str, Callable[[Item], bool]] = {
    "truncated_attachment": _has_document,
    "empty_attachment": _has_document,
    "lying_zip": _has_zip,
}


def truncate(data: bytes) -> bytes:
    """The first third."""
    return data[: len(data) // 3]


def understate(data: bytes) -> bytes:
    """The ZIP with the uncompressed size of its largest member given as 16 bytes, in both of its headers.

    The compressed bytes stay, so that reading the member yields far more than was announced.
    """
    central = max(_headers(data), key=lambda at: struct.unpack_from("<I", data, at + 24)[0])
    (local,) = struct.unpack_from("<I", data, central + 42)
    if data[local : local + 4] != _LOCAL:
        raise ValueError("the central directory does not point at a local header")
    lying = bytearray(data)
    struct.pack_into("<I", lying, central + 24, _UNDERSTATED)
    struct.pack_into("<I", lying, local + 22, _UNDERSTATED)
    return bytes(lying)


def _headers(data: bytes) -> list[int]:
    (start,) = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)
    found = []
    while data[start : start + 4] == _CENTRAL:
        found.append(start)
        start += 46 + sum(struct.unpack_from("<HHH", data, start + 28))
    return found


def lengthen(title: str) -> str:
    """The title repeated up to 10,000 characters."""
    return (title * (LONG_TITLE // len(title) + 1))[:LONG_TITLE]
