"""What the ledger tells of a closed volume and of its records, read out of the bodies of its entries."""

from collections.abc import Iterator, Mapping, Sequence

from archive.ledger.canonical import JSON
from archive.ledger.types import Entry, EventType
from archive.records.types import Record

Told = Mapping[str, Sequence[Entry]]
"""The entries about records, in the order of the ledger, by the id of the record."""

_CAPTURES = frozenset({EventType.RECORD_CAPTURED, EventType.RECORD_VERSION_ADDED, EventType.RECORD_RENAMED})


def sealed_items(volume_id: str, of_volume: Sequence[Entry], of_records: Told) -> tuple[str, ...] | None:
    """The ids of the records filed in a volume, at its closing or as a supplement, in the order of their numbers.

    None while the ledger does not tell that it closed. A supplement is told by its record alone: those among
    `of_records` are seen.
    """
    closings = [entry.event.body for entry in of_volume if entry.event.type is EventType.VOLUME_CLOSED]
    if not closings:
        return None
    items = [(_number(each.get("item")), str(each.get("record"))) for each in _tables(closings[-1].get("items"))]
    added = [(number, record) for record, told in of_records.items() for number in _supplemented(told, volume_id)]
    return tuple(dict.fromkeys(record for _, record in sorted([*items, *added])))


def registered_bytes(record: Record, told: Sequence[Entry]) -> int | None:
    """The bytes of the present version as the ledger took them down, None where it tells of no such version."""
    body = _captured(record, told)
    if body is None:
        return None
    return sum(size for file in _tables(body.get("components")) if isinstance(size := file.get("size"), int))


def registered_digest(record: Record, told: Sequence[Entry]) -> str | None:
    """The digest over the description and files of the present version as the ledger took it down; None as above."""
    body = _captured(record, told)
    digest = body.get("digest") if body is not None else None
    return digest if isinstance(digest, str) else None


def _captured(record: Record, told: Sequence[Entry]) -> Mapping[str, JSON] | None:
    bodies = (entry.event.body for entry in told if entry.event.type in _CAPTURES)
    return next((body for body in bodies if body.get("version") == record.version), None)


def _supplemented(told: Sequence[Entry], volume_id: str) -> Iterator[int]:
    for entry in told:
        body = entry.event.body
        if entry.event.type is not EventType.RECORD_FILED or body.get("supplement") is not True:
            continue
        if body.get("volume") == volume_id:
            yield _number(body.get("item"))


def _number(value: JSON) -> int:
    return value if isinstance(value, int) else 0


def _tables(value: JSON) -> list[Mapping[str, JSON]]:
    """The objects in a list of a ledger entry; anything else has none."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []
