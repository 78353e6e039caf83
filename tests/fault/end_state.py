"""What a home has come to, without anything that differs from run to run: no times, no ids made up on the way.

Two homes that took in the same material stand the same if these are equal, however often either was interrupted.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from search.wiring import build_index
from tests.functional.command_line import called

Rows = Counter[tuple[Any, ...]]

_QUERIES: Mapping[str, str] = {
    "records": """
        SELECT i.source, i.external_id, i.state, i.version, i.title, i.class_code, i.doc_type, i.trade_type, i.level,
               i.fonds, i.region, i.published, i.item_number, i.reference_code, v.section
        FROM records_item i LEFT JOIN volumes_volume v ON v.id = i.volume_id""",
    "versions": """
        SELECT i.source, i.external_id, v.number, v.reason, v.digest, v.content_digest
        FROM records_version v JOIN records_item i ON i.id = v.record_id""",
    "components": """
        SELECT i.source, i.external_id, v.number, c.ordinal, c.role, c.name, c.sha256, c.sm3, c.size,
               t.extractor, t.complete, length(t.text)
        FROM records_component c JOIN records_version v ON v.id = c.version_id JOIN records_item i ON i.id = v.record_id
        LEFT JOIN records_text t ON t.component_id = c.id""",
    "fields": """
        SELECT i.source, i.external_id, f.version, f.name, f.value
        FROM records_field f JOIN records_item i ON i.id = f.record_id""",
    "volumes": """
        SELECT p.code, p.deal_code, v.section, v.state, v.outcome, v.ended_on, v.number, v.reference_code, v.retention,
               v.item_count, v.missing, v.declared
        FROM volumes_volume v JOIN volumes_project p ON p.id = v.project_id""",
    "numbers": "SELECT scope, last FROM volumes_sequence",
    "arrivals": "SELECT source, external_id, status, code, raw_sha256 FROM ingest_arrival",
    "outcomes": """
        SELECT i.source, i.external_id, o.version, o.step, o.step_version, o.status, o.code
        FROM ingest_outcome o JOIN records_item i ON i.id = o.record_id""",
    "sources": "SELECT name, connector, position, failure_code FROM ingest_source",
    "jobs": "SELECT kind, state, code FROM jobs_job",
    "ledger": "SELECT type, count(*) FROM ledger_entry GROUP BY type",
}


@dataclass(frozen=True)
class EndState:
    """Each a bag of rows, so that what is there twice is not equal to what is there once."""

    records: Rows
    versions: Rows
    components: Rows
    fields: Rows
    volumes: Rows
    numbers: Rows
    arrivals: Rows
    outcomes: Rows
    sources: Rows
    jobs: Rows
    ledger: Rows
    indexed: int
    lag: int
    unpublished: int
    damage: tuple[str, ...]

    @property
    def ledger_size(self) -> int:
        """How many entries the ledger has."""
        return sum(int(row[1]) for row in self.ledger)


def end_state(home: Path) -> EndState:
    """Read a home at rest."""
    with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
        rows = {name: Counter(database.execute(query).fetchall()) for name, query in _QUERIES.items()}
    examined = called("fsck", "--home", home, "--json").value
    status = called("status", "--home", home, "--json").value
    return EndState(
        **rows,
        indexed=build_index(f"tantivy://{home}/index").count(),
        lag=status["index"]["lag"],
        unpublished=status["ledger"]["size"] - status["ledger"]["published"],
        damage=tuple(sorted(f"{finding['code']} {finding['path']}" for finding in examined["findings"])),
    )


def differences(found: EndState, expected: EndState) -> list[str]:
    """What differs, in words short enough for a failed assertion."""
    lines: list[str] = []
    for part in fields(EndState):
        one, other = getattr(found, part.name), getattr(expected, part.name)
        if isinstance(one, Counter):
            lines += [f"{part.name}: too much {row}" for row in list((one - other).elements())[:5]]
            lines += [f"{part.name}: missing {row}" for row in list((other - one).elements())[:5]]
        elif one != other:
            lines.append(f"{part.name}: {one} instead of {other}")
    return lines


def entries(home: Path) -> int:
    """How many entries the ledger of a home has, 0 where there is no home yet."""
    try:
        with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM ledger_entry").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def phase(home: Path) -> str:
    """How far a home had come, in a few words; for the record of a kill."""
    if not (home / "keys" / "ledger.key").exists():
        return "no home yet"
    try:
        with closing(sqlite3.connect(f"file:{home}/archive.db?mode=ro", uri=True)) as database:
            ((records, filed, jobs, entries, asked),) = database.execute(
                "SELECT (SELECT count(*) FROM records_item), (SELECT count(*) FROM records_item WHERE state='filed'),"
                " (SELECT count(*) FROM jobs_job), (SELECT count(*) FROM ledger_entry),"
                " (SELECT count(*) FROM ingest_source)"
            ).fetchall()
    except sqlite3.Error as error:
        return f"home without tables ({error})"
    if not asked:
        return "home founded, nothing asked for"
    return f"{records} records, {filed} filed, {jobs} jobs, {entries} entries"
