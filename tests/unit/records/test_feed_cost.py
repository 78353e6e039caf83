"""What one poll of the feed costs: it grows with what is new behind the cursor, not with the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event

from archive.records.feed.repository import FeedRepository
from tests.small_archive import SmallArchive, tender


@contextmanager
def statements(connection: Connection) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """Everything that the block asks of the database."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_: object, __: object, statement: str, parameters: tuple[object, ...], *rest: object) -> None:
        del rest
        asked.append((statement, parameters))

    event.listen(connection.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection.engine, "before_cursor_execute", note)


def test_a_poll_looks_at_no_act_that_the_reader_has_been_told_of(tmp_path: Path) -> None:
    with SmallArchive.at(tmp_path / "home") as archive:
        archive.take(tender(1, "道路改造"))
        archive.advance()
        with archive.kernel.database.reading() as connection:
            repository = FeedRepository(connection)
            with statements(connection) as asked:
                found = repository.told(archive.scope, 0, repository.head(), 20)
            assert found
            told = next((text, parameters) for text, parameters in asked if "JOIN" in text)
            plan = connection.exec_driver_sql(f"explain query plan {told[0]}", told[1]).fetchall()
    # By its place in the ledger: the primary key, and nothing sorted afterwards.
    assert plan[0][-1] == "SEARCH ledger_entry USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    assert not any("TEMP B-TREE" in row[-1] for row in plan)
