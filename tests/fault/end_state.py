"""What a home has come to, without anything that differs from run to run: no times, no ids made up on the way.

Two homes that took in the same material stand the same if these are equal, however often either was interrupted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from archive.db.engine import build_engine
from archive.settings import Settings
from search.wiring import build_index
from tests.functional.command_line import juanzong

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
               v.item_count, CAST(v.missing AS TEXT), CAST(v.declared AS TEXT)
        FROM volumes_volume v JOIN volumes_project p ON p.id = v.project_id""",
    "numbers": "SELECT scope, last FROM volumes_sequence",
    "arrivals": "SELECT source, external_id, status, code, raw_sha256 FROM ingest_arrival",
    "outcomes": """
        SELECT i.source, i.external_id, o.version, o.step, o.step_version, o.status, o.code
        FROM ingest_outcome o JOIN records_item i ON i.id = o.record_id""",
    "sources": "SELECT name, connector, CAST(position AS TEXT), failure_code FROM ingest_source",
    "jobs": "SELECT kind, state, code FROM jobs_job",
    # How often a project learns a code it did not have depends on which of its records came first. What it knows in the
    # end is compared above.
    "ledger": "SELECT type, count(*) FROM ledger_entry WHERE type <> 'project.changed' GROUP BY type",
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


def end_state(home: Path, settings: Mapping[str, str] | None = None) -> EndState:
    """Read a home at rest; `settings` say where its rows, bytes and index are, if not in the home itself."""
    with connected(home, settings) as connection:
        rows = {name: Counter(map(_plain, connection.execute(text(query)))) for name, query in _QUERIES.items()}
    examined = juanzong("fsck", "--home", home, "--json", settings=settings, patience=3600).value
    status = juanzong("status", "--home", home, "--json", settings=settings).value
    return EndState(
        **rows,
        indexed=build_index(Settings.load(settings or {}, home).search.url).count(),
        lag=status["index"]["lag"],
        unpublished=status["ledger"]["size"] - status["ledger"]["published"],
        damage=tuple(sorted(f"{finding['code']} {finding['path']}" for finding in examined["findings"])),
    )


@contextmanager
def connected(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[Connection]:
    """A look at the rows of a home."""
    engine = build_engine(Settings.load(settings or {}, home).database.url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row as both databases would give it: SQLite keeps moments and days as text."""
    return tuple(_text(value) if isinstance(value, date) else value for value in row)


def _text(value: date) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat()


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


def entries(home: Path, settings: Mapping[str, str] | None = None) -> int:
    """How many entries the ledger of a home has, 0 where there is no home yet, -1 where the rows do not answer now."""
    if not (home / "keys" / "ledger.key").exists():
        return 0
    try:
        with connected(home, settings) as connection:
            return int(connection.execute(text("SELECT count(*) FROM ledger_entry")).scalar_one())
    except DBAPIError:
        return -1 if settings else 0


def phase(home: Path) -> str:
    """How far a home had come, in a few words; for the record of a kill."""
    if not (home / "keys" / "ledger.key").exists():
        return "no home yet"
    query = (
        "SELECT (SELECT count(*) FROM records_item), (SELECT count(*) FROM records_item WHERE state='filed'),"
        " (SELECT count(*) FROM jobs_job), (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM ingest_source)"
    )
    try:
        with connected(home) as connection:
            ((records, filed, jobs, entries, asked),) = connection.execute(text(query)).all()
    except DBAPIError as error:
        return f"home without tables ({error})"
    if not asked:
        return "home founded, nothing asked for"
    return f"{records} records, {filed} filed, {jobs} jobs, {entries} entries"
