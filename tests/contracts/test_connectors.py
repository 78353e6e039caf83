"""What every connector keeps to, asked of the twin, of JSON lines, of a folder and of a portal over real HTTP."""

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from archive.clock import FixedClock
from archive.records.types import ComponentRole, Delivery
from ingest.connectors.folder import FolderConnector
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.notices import NoticesConnector
from ingest.connectors.port import Arrival, Connector, Refused
from tests.small_archive import START, SmallArchive, attachment, notice
from tests.small_portal import LOCALE, Reading, SmallPortal, page

TITLES = {"n1": "一号公告", "n2": "二号公告", "n3": "三号公告"}


def memory(folder: Path) -> Connector:
    del folder
    good = [notice(name, title, attachment("附件.txt", b"1")) for name, title in TITLES.items()]
    arrivals = [Arrival(delivery.external_id, delivery) for delivery in good]
    return MemoryConnector(
        [*arrivals[:1], Arrival("bad", Refused("row-without-id", {"line": 2}, b"{}")), *arrivals[1:]]
    )


def notices(folder: Path) -> Connector:
    rows = [
        json.dumps({"id": name, "title": title, "body": title, "published": "2026-05-04"}, ensure_ascii=False)
        for name, title in TITLES.items()
    ]
    path = folder / "notices.jsonl"
    path.write_text("\n".join([rows[0], '{"id": "bad", "title": 7}', *rows[1:]]) + "\n", encoding="utf-8")
    return NoticesConnector(path, LOCALE)


def in_folder(folder: Path) -> Connector:
    for name, title in TITLES.items():
        (folder / name).write_text(title, encoding="utf-8")
        (folder / f"{name}.json").write_text(json.dumps({"title": title}), encoding="utf-8")
    (folder / "bad").write_text("…", encoding="utf-8")
    (folder / "bad.json").write_text('{"title": ', encoding="utf-8")
    return FolderConnector(folder, LOCALE)


def portal(folder: Path) -> Connector:
    del folder
    pages = [page(name, title) for name, title in TITLES.items()]
    pages[0]["attachments"] = [{"name": "附件.txt", "url": "/files/n1/附件.txt", "size": 1}]
    site = SmallPortal(pages[0], page("bad", "", infocontent=""), *pages[1:])
    site.files["n1", "附件.txt"] = b"1"
    return Reading(site, FixedClock(START))


@pytest.fixture(params=[memory, notices, in_folder, portal], ids=["memory", "notices", "folder", "portal"])
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> Connector:
    build: Callable[[Path], Connector] = request.param
    (tmp_path / "source").mkdir()
    return build(tmp_path / "source")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def content(arrival: Arrival) -> object:
    """Everything that is handed over, streams read; while the source is still open."""
    if isinstance(arrival.what, Refused):
        return arrival.external_id, arrival.what.code, arrival.what.raw
    assert isinstance(arrival.what, Delivery)
    delivery = arrival.what
    files = []
    for component in delivery.components:
        with component.open() as stream:
            files.append((component.name, component.role, sha256(stream.read()).hexdigest()))
    return arrival.external_id, delivery.title, delivery.region, delivery.published, delivery.hints, files


def test_every_document_is_handed_over_once(connector: Connector) -> None:
    found = {arrival.external_id: arrival.what for arrival in connector.arrivals(lambda _: None)}
    assert set(found) == {*TITLES, "bad"}
    good = [what for what in found.values() if isinstance(what, Delivery)]
    assert {delivery.external_id: delivery.title for delivery in good} == TITLES


def test_one_bad_document_says_so_and_does_not_stop_the_rest(connector: Connector) -> None:
    arrivals = list(connector.arrivals(lambda _: None))
    assert [arrival.external_id for arrival in arrivals if isinstance(arrival.what, Refused)] == ["bad"]
    assert len(arrivals) == 4


def test_run_again_it_hands_over_the_same(connector: Connector) -> None:
    first = [content(arrival) for arrival in connector.arrivals(lambda _: None)]
    assert [content(arrival) for arrival in connector.arrivals(lambda _: None)] == first


def test_nothing_is_lost_when_the_reader_stops_half_way(connector: Connector) -> None:
    reading = connector.arrivals(lambda _: None)
    next(reading)
    close = getattr(reading, "close", None)
    assert close is not None
    close()
    assert len(list(connector.arrivals(lambda _: None))) == 4


def test_a_file_can_be_opened_more_than_once(connector: Connector) -> None:
    for arrival in connector.arrivals(lambda _: None):
        assert content(arrival) == content(arrival)


def test_every_document_has_one_main_file_and_its_envelope_apart(connector: Connector) -> None:
    for arrival in connector.arrivals(lambda _: None):
        if isinstance(arrival.what, Delivery):
            roles = [component.role for component in arrival.what.components]
            assert roles.count(ComponentRole.MAIN) == 1
            assert roles.count(ComponentRole.ENVELOPE) <= 1


def test_what_it_hands_over_adds_up_and_coming_again_changes_nothing(
    connector: Connector, archive: SmallArchive
) -> None:
    first = archive.take_from(connector)
    assert (first.received, first.captured, len(first.refused)) == (4, 3, 1)
    before, size = archive.records(), len(archive.entries())
    second = archive.take_from(connector)
    assert (second.received, second.captured, second.unchanged, len(second.refused)) == (4, 0, 3, 1)
    assert (archive.records(), len(archive.entries())) == (before, size)


def test_what_is_refused_keeps_its_reason_and_its_bytes(connector: Connector, archive: SmallArchive) -> None:
    (refused,) = archive.take_from(connector).refused
    seen = archive.arrival("bad")
    assert seen is not None
    assert (seen.code, seen.message) == (refused["code"], refused["message"])
    assert "。" in str(seen.message)
    with archive.kernel.blobs.open(str(seen.raw_sha256)) as stream:
        assert stream.read()
