"""A portal without a cursor: what is fetched again, what is gone, and how each bad page is named."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.clock import FixedClock
from archive.errors import SourceFailed
from archive.records.types import ComponentRole, Delivery, RecordState, VersionReason
from ingest.connectors.port import Arrival, Gone, Known, Refused, Same
from ingest.connectors.portal.connector import PortalOptions
from ingest.connectors.portal.dialect import load_dialect
from ingest.connectors.portal.listing import read_row
from ingest.simulator.port import Manner
from ingest.sources.repository import SourceRepository
from ingest.types import ArrivalStatus, SeenArrival, Summary
from tests.small_archive import ARCHIVIST, SOURCE, START, SmallArchive
from tests.small_portal import USUAL, Reading, SmallPortal, page

HOURS = timedelta(hours=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def read(portal: SmallPortal, **memory: Known) -> dict[str, Arrival]:
    found = list(Reading(portal, FixedClock(START)).arrivals(memory.get))
    return {arrival.external_id: arrival for arrival in found}


def sync(archive: SmallArchive, portal: SmallPortal, options: PortalOptions = USUAL) -> Summary:
    """One poll, with what intake remembers."""

    def captured() -> list[SeenArrival]:
        with archive.kernel.database.reading() as connection:
            return SourceRepository(connection).held(SOURCE, None, "", 10_000)

    return archive.take_from(Reading(portal, archive.clock, captured, options))


def code(arrival: Arrival) -> str:
    assert isinstance(arrival.what, Refused)
    return arrival.what.code


def test_a_page_becomes_a_delivery_with_its_attachments(archive: SmallArchive) -> None:
    attached = [
        {"name": "招标文件.pdf", "url": "/files/n1/%E6%96%87.pdf", "size": 4, "code": "TENDER_FILE", "role": "main"},
        {"name": "签章.ofd", "url": "/files/n1/签章.ofd", "role": "signed"},
    ]
    portal = SmallPortal(
        page("n1", "招标公告", attachments=attached, data_no="551", section_codes=["S1"], categorynum=3)
    )
    portal.files = {("n1", "文.pdf"): b"%PDF", ("n1", "签章.ofd"): b"PK"}
    assert sync(archive, portal).captured == 1
    view = archive.reader().find(ARCHIVIST, archive.record("n1").id)
    told = {"data_no": "551", "section_codes": ["S1"], "source_label": "3"}
    assert view.version.hints == told | {"attachments": ["招标文件.pdf", "签章.ofd"]}
    assert view.record.published == datetime(2026, 5, 20, 1, 0, tzinfo=UTC)
    assert [(c.name, c.role, c.size, c.announced_size, c.code) for c in view.components[:3]] == [
        ("notice.html", ComponentRole.MAIN, view.components[0].size, None, None),
        ("招标文件.pdf", ComponentRole.MAIN, 4, 4, "TENDER_FILE"),
        ("签章.ofd", ComponentRole.SIGNED_TWIN, 2, None, None),
    ]
    assert view.components[3].role is ComponentRole.ENVELOPE


def test_polling_again_fetches_nothing_that_was_just_asked(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    size = len(archive.entries())
    portal.asked.clear()
    again = sync(archive, portal)
    assert (again.received, again.unchanged, portal.asked) == (2, 2, [])
    assert len(archive.entries()) == size


def test_after_a_while_a_known_page_is_asked_again_and_an_edit_without_notice_is_found(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    archive.clock.advance(7 * HOURS)
    portal.pages["n1"]["infocontent"] = "<p>改动</p>"
    found = sync(archive, portal)
    assert (found.new_versions, found.unchanged) == (1, 1)
    archive.clock.advance(HOURS)
    portal.asked.clear()
    assert (sync(archive, portal).unchanged, portal.asked) == (2, [])


def test_a_row_that_looks_different_is_fetched_at_once(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.put(page("n1", "公告（更正）", lasteditdate="2026-05-21"))
    portal.rows[0]["clicktimes"] = 7
    found = sync(archive, portal)
    assert (found.renamed + found.new_versions, found.unchanged) == (1, 1)
    portal.rows[0]["clicktimes"] = 8
    portal.asked.clear()
    assert (sync(archive, portal).unchanged, portal.asked) == (2, [])


def test_a_row_listed_twice_is_one_document() -> None:
    portal = SmallPortal(page("n1"))
    portal.rows *= 3
    assert set(read(portal)) == {"n1"}
    assert portal.asked == ["n1"]


def test_what_is_listed_and_answers_404_is_gone_once(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    del portal.pages["n2"]
    first = sync(archive, portal)
    assert (first.captured, first.gone, first.withdrawn) == (1, 1, 0)
    size = len(archive.entries())
    for _ in range(2):
        archive.clock.advance(7 * HOURS)
        again = sync(archive, portal)
        assert (again.gone, again.unchanged) == (0, 2)
    assert len(archive.entries()) == size


def test_a_captured_document_that_left_the_list_and_answers_404_is_flagged_and_stays(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.drop("n1")
    found = sync(archive, portal)
    assert (found.gone, found.withdrawn) == (1, 0)
    assert archive.states() == {"n1": RecordState.CAPTURED, "n2": RecordState.CAPTURED}
    seen = archive.arrival("n1")
    assert seen is not None
    assert (seen.status, seen.code, seen.record_id) == ("gone", "gone-at-source", archive.record("n1").id)
    assert [entry.event.body for entry in archive.entries() if entry.event.type == "source.item_gone"] == [
        {"external_id": "n1", "code": "gone-at-source"}
    ]
    assert sync(archive, portal).received == 1


def test_a_captured_document_that_answers_410_is_withdrawn(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.drop("n1")
    portal.manners["n1"] = Manner(status=410)
    assert sync(archive, portal).withdrawn == 1
    assert archive.states() == {"n1": RecordState.WITHDRAWN, "n2": RecordState.CAPTURED}
    assert sync(archive, portal).received == 1


def test_a_document_that_left_the_list_and_is_still_there_is_not_withdrawn(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.rows = portal.rows[1:]
    assert (sync(archive, portal).gone, sync(archive, portal).withdrawn) == (0, 0)
    assert archive.record("n1").state is RecordState.CAPTURED


def test_an_empty_list_alone_withdraws_nothing(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.rows = []
    assert sync(archive, portal).received == 0
    assert set(archive.states().values()) == {RecordState.CAPTURED}


def test_what_comes_back_unchanged_is_captured_again(archive: SmallArchive) -> None:
    entry = page("n1")
    portal = SmallPortal(entry, page("n2"))
    sync(archive, portal)
    portal.drop("n1")
    portal.manners["n1"] = Manner(status=410)
    sync(archive, portal)
    portal.manners.clear()
    portal.put(entry)
    archive.clock.advance(7 * HOURS)
    assert sync(archive, portal).new_versions == 1
    record = archive.record("n1")
    assert (record.state, record.version) == (RecordState.CAPTURED, 2)
    versions = archive.reader().find(ARCHIVIST, record.id).versions
    assert versions[1].reason is VersionReason.REAPPEARED


def test_what_was_gone_and_comes_back_unchanged_is_shown_again_and_no_news(archive: SmallArchive) -> None:
    entry = page("n1")
    portal = SmallPortal(entry, page("n2"))
    sync(archive, portal)
    portal.drop("n1")
    assert sync(archive, portal).gone == 1
    portal.put(entry)
    archive.clock.advance(7 * HOURS)
    found = sync(archive, portal)
    assert (found.unchanged, found.new_versions, archive.record("n1").version) == (2, 0, 1)
    seen = archive.arrival("n1")
    assert seen is not None
    assert seen.status == "captured"


def test_a_document_whose_last_answer_was_refused_can_still_be_gone(archive: SmallArchive) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    sync(archive, portal)
    portal.put(page("n1", "", infocontent=""))
    assert [refused["code"] for refused in sync(archive, portal).refused] == ["source-answer-malformed"]
    assert archive.record("n1").version == 1
    portal.drop("n1")
    assert sync(archive, portal).gone == 1


def test_the_list_is_read_back_only_as_far_as_there_is_news(archive: SmallArchive) -> None:
    old = [page(f"n{number}", infodate="2025-01-01", pubinwebdate="2025-01-01 08:00:00") for number in range(9)]
    portal, options = SmallPortal(*old), PortalOptions(page_size=3)
    assert sync(archive, portal, options).captured == 9
    assert sync(archive, portal, options).received == 3
    portal.put(page("new", infodate="2026-05-31"))
    assert sync(archive, portal, options).received == 6


BAD_PAGES = {
    "an error that claims to be none": ({"error": "Forbidden"}, "source-answer-malformed"),
    "nothing said": (page("bad", "", infocontent=None), "source-answer-malformed"),
    "a title that is a list": (page("bad") | {"title": ["公告"]}, "row-field-type"),
    "a date that is an object": (page("bad", pubinwebdate={"$date": 1}), "row-field-type"),
    "attachments that are no list": (page("bad", attachments={"name": "a"}), "row-field-type"),
    "an attachment that is no object": (page("bad", attachments=["a.pdf"]), "row-field-type"),
    "an attachment without an address": (page("bad", attachments=[{"name": "a.pdf"}]), "attachment-unreachable"),
    "a code that is an object": (page("bad", project_code={"a": 1}), "row-field-type"),
}


@pytest.mark.parametrize(("detail", "expected"), BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_bad_page_is_refused_by_name_and_the_rest_goes_on(detail: object, expected: str) -> None:
    portal = SmallPortal(page("n1"), page("bad"), page("n2"))
    portal.pages["bad"] = detail
    found = read(portal)
    assert code(found["bad"]) == expected
    assert isinstance(found["n1"].what, Delivery)
    assert isinstance(found["n2"].what, Delivery)


def test_half_a_character_anywhere_does_not_stop_the_rest(archive: SmallArchive) -> None:
    half = "招标\ud800公告"
    attached = [{"name": f"{half}.pdf", "url": "/files/x/a", "size": 1}]
    bad = page("bad", half, infocontent=half, attachments=attached, project_code=half, section_codes=[half])
    portal = SmallPortal(page("n1"), bad, page("\udfff"))
    portal.files["x", "a"] = b"1"
    summary = _served_escaped(archive, portal)
    assert (summary.captured, [refused["code"] for refused in summary.refused]) == (2, ["source-answer-malformed"])
    assert archive.record("bad").title == "招标\ufffd公告"
    archive.work()
    assert archive.record("bad").state is RecordState.RETURNED
    assert archive.outcomes("bad")["check"].code == "metadata-special-characters"


def _served_escaped(archive: SmallArchive, portal: SmallPortal) -> Summary:
    """A poll of a portal that writes everything beyond ASCII as escapes, halves of characters too."""
    escaped = json.JSONEncoder(ensure_ascii=True).encode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.simulator.server.json", SimpleNamespace(dumps=lambda value, **_: escaped(value)))
        return sync(archive, portal)


BAD_ROWS = {
    "nothing": {},
    "no id": {"title": "公告"},
    "an empty id": {"infoid": " ", "title": "公告"},
    "an id that is an object": {"infoid": {"a": 1}},
}


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_of_the_list_is_refused_and_the_rest_is_read(row: object) -> None:
    portal = SmallPortal(page("n1"), page("n2"))
    portal.rows.insert(1, row)
    found = read(portal)
    (bad,) = set(found) - {"n1", "n2"}
    assert code(found[bad]) == "source-answer-malformed"
    assert isinstance(found["n2"].what, Delivery)


@pytest.mark.parametrize("body", [b"[1]", b"7", b"null", b'"text"', b"<html>", b"", b"{", b"[" * 100_000], ids=repr)
def test_what_is_no_object_is_no_page(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    portal = SmallPortal(page("n1"))
    monkeypatch.setattr("ingest.simulator.server.json", SimpleNamespace(dumps=lambda value, **_: _spoilt(value, body)))
    assert code(read(portal)["n1"]) == "source-answer-malformed"


def _spoilt(value: object, body: bytes) -> str:
    listing = isinstance(value, dict) and "items" in value
    return json.dumps(value) if listing else body.decode()


def test_what_is_no_object_is_no_row() -> None:
    rows: list[object] = ["row", 7, None, ["infoid"], {"infoid": True}, {"infoid": 8}]
    told = [read_row(row, load_dialect("plain").row, UTC) for row in rows]
    assert [row.values for row in told] == [None, None, None, None, None, {"infoid": 8}]
    assert len({row.external_id for row in told}) == len(rows)


@pytest.mark.parametrize("answer", [{"items": {}}, {"items": [], "total": "many"}])
def test_a_list_that_makes_no_sense_stops_the_reading(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr("ingest.connectors.http.source.HttpSource.json", lambda *_: answer)
    with pytest.raises(SourceFailed) as caught:
        read(SmallPortal())
    assert caught.value.code == "source-answer-malformed"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_a_page_in_another_encoding_than_it_says_is_read(encoding: str) -> None:
    portal = SmallPortal(page("n1", "招标公告"))
    portal.manners["n1"] = Manner(encoding=encoding)
    (found,) = read(portal).values()
    assert isinstance(found.what, Delivery)
    assert found.what.title == "招标公告"


@pytest.mark.parametrize("manner", [Manner(cut=True), Manner(status=502), Manner(encoding="utf-16")])
def test_half_an_answer_and_a_broken_page_are_refused_and_asked_again_next_time(
    archive: SmallArchive, manner: Manner
) -> None:
    portal = SmallPortal(page("n1"), page("bad"), page("n2"))
    portal.manners["bad"] = manner
    first = sync(archive, portal)
    assert (first.captured, [refused["id"] for refused in first.refused]) == (2, ["bad"])
    portal.manners.clear()
    second = sync(archive, portal)
    assert (second.captured, second.unchanged) == (1, 2)
    seen = archive.arrival("bad")
    assert seen is not None
    assert (seen.status, seen.code) == (ArrivalStatus.CAPTURED, None)


def test_many_broken_pages_in_a_row_mean_that_the_source_is_down() -> None:
    portal = SmallPortal(*(page(f"n{number}") for number in range(9)))
    portal.manners = {f"n{number}": Manner(status=503) for number in range(1, 9)}
    taken: list[Arrival] = []
    with pytest.raises(SourceFailed):
        taken.extend(Reading(portal, FixedClock(START)).arrivals(lambda _: None))
    assert len(portal.asked) == 1


def test_what_the_portal_says_is_the_same_is_not_fetched_whole() -> None:
    portal = SmallPortal(page("n1"))
    (first,) = read(portal).values()
    known = Known(first.fingerprint, gone=False, checked_at=START - 7 * HOURS)
    (again,) = read(portal, n1=known).values()
    assert again.what == Same(confirmed=True)
    assert again.fingerprint == first.fingerprint
    (gone,) = read(
        SmallPortal(page("n1")), n1=Known(first.fingerprint, gone=True, checked_at=START - 7 * HOURS)
    ).values()
    assert isinstance(gone.what, Delivery)


def test_what_is_gone_says_so() -> None:
    portal = SmallPortal(page("n1"))
    portal.pages.clear()
    assert read(portal)["n1"].what == Gone("gone-at-source")
