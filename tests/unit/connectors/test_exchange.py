"""Exchange databases: nothing is skipped, nothing is marked as taken that is not, and names are only names."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveError, InvalidInput, SourceFailed
from archive.messages import catalogue
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.port import Arrival, Known, Refused, Same
from ingest.types import Summary
from tests.intake.stand import SOURCE
from tests.intake.stands.exchange import OPTIONS, ExchangeStand
from tests.intake.stands.exchange_postgres import stand as postgres
from tests.small_archive import SmallArchive

GROWING = {name: value for name, value in OPTIONS.items() if name not in {"acknowledge", "status"}} | {"full_hours": 24}
QUEUE = OPTIONS | {"full_hours": 24}


@pytest.fixture
def far(tmp_path: Path) -> ExchangeStand:
    (tmp_path / "far").mkdir()
    return ExchangeStand(tmp_path / "far")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def register(archive: SmallArchive, far: ExchangeStand, options: Mapping[str, object]) -> None:
    archive.ingest.sources.register(SOURCE, "exchange", f"sqlite:///{far.path}", options)


def sync(archive: SmallArchive) -> Summary:
    return archive.ingest.intake.sync(SOURCE, archive.ingest.opener)[0]


def arrivals(archive: SmallArchive) -> list[Arrival]:
    """What a reading hands over when nobody takes it, as in a preview."""
    source, intake = archive.ingest.sources.get(SOURCE), archive.ingest.intake
    with archive.ingest.opener(source, intake.held(SOURCE)) as opened:
        return list(opened.connector.arrivals(lambda _: None))


def test_a_row_is_marked_only_when_it_has_been_taken(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("n1", "正文")
    far.publish("bad", "正文")
    far.execute("update T_NOTICE set TITLE = null where M_ID = 'bad'")
    assert len(arrivals(archive)) == 2
    assert set(far.statuses().values()) == {0}
    sync(archive)
    assert far.statuses() == {"n1": 1, "bad": 2}
    with closing(sqlite3.connect(far.path)) as connection:
        (reason,) = connection.execute("select REASON from T_NOTICE where M_ID = 'bad'").fetchone()
    assert reason.startswith("field-empty: ")


def test_what_is_taken_is_read_no_more_until_it_is_changed(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("n1", "正文")
    assert sync(archive).captured == 1
    assert sync(archive).received == 0
    far.change("n1", "另一正文")
    assert sync(archive).new_versions == 1
    assert far.statuses() == {"n1": 1}


def test_a_row_changed_while_it_is_taken_is_not_marked(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("n1", "正文")
    source, intake = archive.ingest.sources.get(SOURCE), archive.ingest.intake

    class Meddling:
        def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
            with archive.ingest.opener(source, intake.held(SOURCE)) as opened:
                for arrival in opened.connector.arrivals(known):
                    yield arrival
                    far.change("n1", "变更后的正文")

    assert archive.take_from(Meddling(), SOURCE).captured == 1
    assert far.statuses() == {"n1": 0}
    assert sync(archive).new_versions == 1
    assert far.statuses() == {"n1": 1}


def test_a_status_that_cannot_be_written_is_said_once_and_everything_is_read(
    archive: SmallArchive, far: ExchangeStand
) -> None:
    register(archive, far, QUEUE)
    for number in range(3):
        far.publish(f"n{number}", "正文")
    far.execute("create trigger no_writing before update on T_NOTICE begin select raise(abort, 'no'); end")
    with pytest.raises(InvalidInput) as caught:
        sync(archive)
    assert caught.value.code == "exchange-status-unwritable"
    assert len(archive.records()) == 3
    far.execute("drop trigger no_writing")
    assert sync(archive).unchanged == 3
    assert set(far.statuses().values()) == {1}


def test_rows_of_one_moment_and_rows_committed_late_are_all_read(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING | {"batch": 2})
    for number in range(7):
        far.publish(f"n{number}", "正文")
    far.execute("update T_NOTICE set M_TM = '2026-05-04 10:00:00'")
    assert sync(archive).captured == 7
    far.publish("late", "正文")
    far.execute("update T_NOTICE set M_TM = '2026-05-04 09:30:00' where M_ID = 'late'")
    assert sync(archive).captured == 1


def test_a_clock_that_runs_ahead_hides_nothing(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING)
    far.publish("tomorrow", "正文")
    far.execute("update T_NOTICE set M_TM = '2099-01-01 00:00:00'")
    assert sync(archive).captured == 1
    far.publish("today", "正文")
    far.execute("update T_NOTICE set M_TM = '2026-06-01 18:00:00' where M_ID = 'today'")
    assert sync(archive).captured == 1


def test_rows_without_a_moment_or_of_another_form_are_read_too(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING)
    for name, moment in (("none", None), ("compact", "20260504100000"), ("usual", "2026-05-04 10:00:00")):
        far.publish(name, "正文")
        far.execute("update T_NOTICE set M_TM = ? where M_ID = ?", moment, name)
    assert sync(archive).captured == 3
    # Two forms do not sort by time: there is nothing to go on from, and all of the table is read.
    assert archive.ingest.sources.get(SOURCE).position["after"] is None
    far.publish("early", "正文")
    far.execute("update T_NOTICE set M_TM = '20240101000000' where M_ID = 'early'")
    assert sync(archive).captured == 1


def test_a_breaking_connection_keeps_what_was_taken_and_the_position(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING | {"batch": 1})
    for number in range(4):
        far.publish(f"n{number}", "正文")
    source, intake = archive.ingest.sources.get(SOURCE), archive.ingest.intake
    whole = far.path.read_bytes()

    class Breaking:
        def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
            with archive.ingest.opener(source, intake.held(SOURCE)) as opened:
                for number, arrival in enumerate(opened.connector.arrivals(known), start=1):
                    yield arrival
                    if number == 2:
                        far.path.unlink()

    with pytest.raises(SourceFailed):
        archive.take_from(Breaking(), SOURCE)
    far.path.write_bytes(whole)
    assert (len(archive.records()), archive.ingest.sources.get(SOURCE).position) == (2, {})
    summary = sync(archive)
    assert (summary.captured, summary.unchanged) == (2, 2)


def test_values_of_every_kind_reach_the_envelope(archive: SmallArchive, far: ExchangeStand) -> None:
    far.execute("create table ODD (A integer, B text, N, F, X blob, D decimal(20, 6))")
    far.execute("insert into ODD values (1, 'b/c', null, 0.1, x'ff00', '1234567890.123456')")
    options = {"table": "ODD", "key": ["A", "B"], "mapping": {"title": "B"}, "ignore": ["F"]}
    register(archive, far, options)
    (arrival,) = arrivals(archive)
    assert isinstance(arrival.what, Delivery)
    assert (arrival.external_id, arrival.what.title) == ("1/b%2Fc", "b/c")
    (envelope,) = [each for each in arrival.what.components if each.role is ComponentRole.ENVELOPE]
    said = '{"A":1,"B":"b/c","N":null,"F":0.1,"X":"/wA=","D":1234567890.123456}'
    assert envelope.open().read().decode() == said


HOSTILE = {
    "SQL in the table": ({"table": "T_NOTICE; drop table T_NOTICE"}, "exchange-table-unknown"),
    "SQL in a column": ({"key": ['M_ID" or 1=1 --']}, "exchange-column-unknown"),
    "no such order": ({"order": "rowid; --"}, "exchange-column-unknown"),
    "no key": ({"key": []}, "source-option-missing"),
    "a batch of nothing": ({"batch": 0}, "exchange-option"),
    "no status to write": ({"status": {}}, "exchange-option"),
    "a status nobody reads": ({"status": {"col": "STATUS"}}, "exchange-option"),
    "files without a folder": ({"files": "/nowhere"}, "import-path"),
    "no such encoding": ({"encoding": "idna"}, "exchange-option"),
}


@pytest.mark.parametrize(("options", "code"), HOSTILE.values(), ids=HOSTILE)
def test_options_that_name_what_is_not_there_are_refused(
    archive: SmallArchive, far: ExchangeStand, options: dict[str, object], code: str
) -> None:
    far.publish("n1", "正文")

    def attempt() -> None:
        register(archive, far, QUEUE | options)
        sync(archive)

    with pytest.raises(ArchiveError) as caught:
        attempt()
    assert caught.value.code == code
    assert code in catalogue()
    assert far.statuses() == {"n1": 0}


def test_text_kept_as_latin_1_is_read_once_it_is_said(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE | {"encoding": "gb18030"})
    far.publish("n1", "招标公告正文".encode("gb18030").decode("latin-1"))
    assert sync(archive).captured == 1
    assert archive.record("n1").title == "n1公告"


@pytest.mark.slow
def test_a_large_row_is_taken_and_a_larger_one_refused(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("large", "<p>" + "正文" * 8_000_000)
    far.publish("larger", "x" * (65 << 20))
    far.publish("small", "正文")
    (refused,) = [each for each in arrivals(archive) if isinstance(each.what, Refused)]
    assert refused.external_id == "larger"
    summary = sync(archive)
    assert (summary.captured, [each["code"] for each in summary.refused]) == (2, ["exchange-row-too-large"])


def test_the_inventory_lists_what_is_there(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("n1", "正文")
    far.publish("n2", "正文")
    far.withdraw("n2")
    sync(archive)
    source, intake = archive.ingest.sources.get(SOURCE), archive.ingest.intake
    with archive.ingest.opener(source, intake.held(SOURCE)) as opened:
        assert opened.inventory is not None
        (listed,) = opened.inventory()
    held = archive.arrival("n1", SOURCE)
    assert held is not None
    assert (listed.external_id, listed.stated.digest, listed.stated.day) == ("n1", held.digest, held.day)
    assert listed.stated.digest.startswith("row:")


def test_a_table_that_is_emptied_is_no_list(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE | {"vanished": "keep"})
    with archive.ingest.opener(archive.ingest.sources.get(SOURCE), archive.ingest.intake.held(SOURCE)) as opened:
        assert opened.inventory is None


def test_known_rows_are_not_stored_again(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING | {"full_hours": 0})
    far.publish("n1", "正文")
    sync(archive)
    source, intake = archive.ingest.sources.get(SOURCE), archive.ingest.intake
    with archive.ingest.opener(source, intake.held(SOURCE)) as opened:
        (arrival,) = opened.connector.arrivals(lambda name: intake._known(SOURCE, name))
    assert isinstance(arrival.what, Same)


def test_a_sequence_is_gone_on_from_with_some_overlap(archive: SmallArchive, far: ExchangeStand) -> None:
    far.execute("create table LINES (SEQ integer, K text, T text)")
    for number in range(50):
        far.execute("insert into LINES values (?, ?, '公告')", number, f"k{number}")
    register(archive, far, {"table": "LINES", "key": ["K"], "order": "SEQ", "mapping": {"title": "T"}, "overlap": 5})
    assert sync(archive).captured == 50
    assert archive.ingest.sources.get(SOURCE).position["after"] == 49
    far.execute("insert into LINES values (46, 'late', '公告')")
    summary = sync(archive)
    assert (summary.captured, summary.unchanged) == (1, 6)


def test_an_older_state_does_not_replace_a_newer_one(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, GROWING | {"full_hours": 0})
    for text, moment in (("旧", "2026-05-04 10:00:00"), ("新", "2026-05-04 11:00:00")):
        far.execute("insert into T_NOTICE (M_ID, TITLE, CONTENT, M_TM) values ('n1', '公告', ?, ?)", text, moment)
    first = sync(archive)
    assert (first.captured, first.new_versions) == (1, 1)
    for _ in range(2):
        again = sync(archive)
        assert (again.new_versions, again.received) == (0, 2)
    assert archive.record("n1").version == 2


def test_a_deletion_that_comes_first_holds_for_what_follows(archive: SmallArchive, far: ExchangeStand) -> None:
    register(archive, far, QUEUE)
    far.publish("n1", "正文")
    far.withdraw("n1")
    assert sync(archive).withdrawn == 1
    assert far.statuses() == {"n1": 1}
    assert archive.records() == {}


@pytest.mark.services
def test_an_account_that_only_reads_is_told_once_by_a_server_too(archive: SmallArchive, tmp_path: Path) -> None:
    with postgres(tmp_path) as far:
        far.register(archive)
        far.publish("n1", "正文")
        name = str(far._far.database)
        far.execute(f'alter database "{name}" set default_transaction_read_only = on')
        with pytest.raises(InvalidInput) as caught:
            far.deliver(archive)
        assert caught.value.code == "exchange-status-unwritable"
        assert set(archive.records()) == {"n1"}
