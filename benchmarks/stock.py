"""An archive that already holds many records: the rows of a small one, copied under other identifiers.

Everything that depends on how much there is (tables, ledger, index) is as large as for real; only the bytes are shared.
"""

import itertools
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Table, insert, select

from archive.authorization import SYSTEM_ACTOR
from archive.db.base import metadata
from archive.ledger.entries import encode
from archive.ledger.merkle import leaf_hash
from archive.ledger.model import entry
from archive.ledger.types import Event, EventType
from archive.wiring import Kernel

_PREFIXES: Final = ("rec_", "ver_", "cmp_", "vol_", "prj_")
_UNIQUE: Final = frozenset({"external_id", "reference_code", "code", "deal_code", "key"})
_SKIPPED: Final = frozenset({"jobs_job", "ingest_source", "volumes_sequence", "check_run", "check_result"})
_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_BATCH: Final = 2_000


def fill(kernel: Kernel, wanted: int) -> int:
    """Copy what is there until there are at least `wanted` records; how many there are then.

    Raises:
        ValueError: there is nothing to copy.
    """
    originals = {table: _rows(kernel, table) for table in metadata.sorted_tables if _copied(table)}
    there = len(originals[metadata.tables["records_item"]])
    if not there:
        raise ValueError("nothing to copy")
    copies = max(0, -(-wanted // there) - 1)
    for start in range(0, copies, 20):
        numbers = range(start + 1, min(start + 20, copies) + 1)
        with kernel.database.writing() as uow:
            for table, rows in originals.items():
                copied = (_renamed(row, number) for number in numbers for row in rows)
                for batch in _batches(copied):
                    uow.connection.execute(insert(table), batch)
            records = [row["id"] for row in originals[metadata.tables["records_item"]]]
            index = kernel.ledger.size(uow.connection)
            copies_of = [_other(record, number) for number in numbers for record in records]
            for batch in _batches(_entries(kernel, copies_of, index)):
                uow.connection.execute(insert(entry), batch)
    return there * (copies + 1)


def _copied(table: Table) -> bool:
    return table.name.startswith(("records_", "volumes_", "ingest_")) and table.name not in _SKIPPED


def _rows(kernel: Kernel, table: Table) -> list[dict[str, Any]]:
    with kernel.database.reading() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def _renamed(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: _value(name, value, number) for name, value in row.items()}


def _value(name: str, value: Any, number: int) -> Any:
    if isinstance(value, str) and value.startswith(_PREFIXES):
        return _other(value, number)
    if name == "source":
        # Of a source that nobody reads: a reading would find that none of the copies are there.
        return "stock"
    return f"{value}~{number}" if name in _UNIQUE and value is not None else value


def _other(identifier: str, number: int) -> str:
    """An identifier like this one: its last four characters count."""
    tail = "".join(_DIGITS[(number >> shift) & 31] for shift in (15, 10, 5, 0))
    return f"{identifier[:4]}~{tail}{identifier[9:]}"


def _entries(kernel: Kernel, records: list[str], index: int) -> Iterator[dict[str, Any]]:
    at = kernel.clock.now()
    for offset, record in enumerate(records):
        event = Event(EventType.RECORD_CHECKED, SYSTEM_ACTOR.id, "record", record, {"policy": "stock"})
        made = encode(index + offset, at, event)
        yield {
            "index": made.index,
            "at": at,
            "type": str(event.type),
            "actor": event.actor,
            "subject_kind": event.subject_kind,
            "subject_id": record,
            "data": made.data,
            "leaf_hash": leaf_hash(made.data),
        }


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(rows, _BATCH)):
        yield batch
