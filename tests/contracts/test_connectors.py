"""What every connector keeps to, asked of the twin, of JSON lines, of a folder and of a portal over real HTTP.

The questions are those that anybody can ask of a connector of their own (`juanzong connector test`); what only an
archive shows is asked here beside them.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.connectors import folder, notices
from ingest.connectors.contract.suite import CHECKS, examine
from ingest.connectors.contract.types import Report
from ingest.connectors.port import Arrival, ConnectorKind, Context, Held, Known, Refused
from ingest.connectors.portal.kind import KIND as PORTAL
from ingest.simulator.server import SimulatorServer
from ingest.types import Source
from tests.small_archive import START, SmallArchive, attachment, notice
from tests.small_portal import SmallPortal, page
from tests.unit.connectors.benches import TOOLS, bench, handing

TITLES = {"n1": "一号公告", "n2": "二号公告", "n3": "三号公告"}
BAD = "bad"


@dataclass(frozen=True)
class Place:
    """A source of a connector with three good documents, and a bad one among them."""

    kind: ConnectorKind
    location: str
    unchecked: frozenset[str]

    def arrivals(self, known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        assert self.kind.open is not None
        held = Held(lambda _=None: iter(()), lambda *_: [])
        context = Context(TOOLS.locale, TOOLS.clock, TOOLS.secrets, held, Path())
        with self.kind.open(Source("place", self.kind.name, self.location, {}, START), context) as opened:
            yield from opened.connector.arrivals(known)


@contextmanager
def memory(_: Path) -> Iterator[Place]:
    good = [notice(name, title, attachment("附件.txt", b"1", 1)) for name, title in TITLES.items()]
    arrivals = [Arrival(delivery.external_id, delivery) for delivery in good]
    bad = Arrival(BAD, Refused("row-without-id", {"line": 2}, b"{}"))
    # The twin has what it was given, wherever it is said to be.
    yield Place(handing(*arrivals[:1], bad, *arrivals[1:]), "memory", frozenset({"contract-errors"}))


@contextmanager
def json_lines(place: Path) -> Iterator[Place]:
    rows = [
        json.dumps({"id": name, "title": title, "body": title, "published": "2026-05-04"}, ensure_ascii=False)
        for name, title in TITLES.items()
    ]
    path = place / "notices.jsonl"
    path.write_text("\n".join([rows[0], '{"id": "bad", "title": 7}', *rows[1:]]) + "\n", encoding="utf-8")
    yield Place(notices.KIND, str(path), frozenset({"contract-sizes"}))


@contextmanager
def in_folder(place: Path) -> Iterator[Place]:
    for name, title in TITLES.items():
        (place / name).write_text(title, encoding="utf-8")
        (place / f"{name}.json").write_text(json.dumps({"title": title}), encoding="utf-8")
    (place / BAD).write_text("…", encoding="utf-8")
    (place / f"{BAD}.json").write_text('{"title": ', encoding="utf-8")
    yield Place(folder.KIND, str(place), frozenset())


@contextmanager
def portal(_: Path) -> Iterator[Place]:
    pages = [page(name, title) for name, title in TITLES.items()]
    pages[0]["attachments"] = [{"name": "附件.txt", "url": "/files/n1/附件.txt", "size": 1}]
    site = SmallPortal(pages[0], page(BAD, "", infocontent=""), *pages[1:])
    site.files["n1", "附件.txt"] = b"1"
    with SimulatorServer(site) as base:
        yield Place(PORTAL, base, frozenset())


@pytest.fixture(params=[memory, json_lines, in_folder, portal], ids=["memory", "notices", "folder", "portal"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    build: Callable[[Path], AbstractContextManager[Place]] = request.param
    (tmp_path / "source").mkdir()
    with build(tmp_path / "source") as built:
        yield built


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SmallArchive]:
    with SmallArchive.at(tmp_path / "home") as small:
        yield small


def examined(place: Place) -> Report:
    return examine(bench(place.kind, place.location, bad=BAD))


def test_it_keeps_the_contract(place: Place) -> None:
    report = examined(place)
    assert {finding.code: finding.evidence for finding in report.findings if finding.result == "fail"} == {}
    assert [finding.code for finding in report.findings] == [check.code for check in CHECKS]
    unchecked = {finding.code for finding in report.findings if finding.result == "not checked"}
    # Nothing here is large, and not everything is listed apart from being read.
    assert unchecked - {"contract-memory", "contract-inventory"} == place.unchecked


def test_every_document_is_handed_over_once_with_its_title(place: Place) -> None:
    first = bench(place.kind, place.location).first
    assert sorted(note.external_id for note in first.notes) == sorted([*TITLES, BAD])
    assert {note.external_id: note.title for note in first.delivered} == TITLES


def test_what_it_hands_over_adds_up_and_coming_again_changes_nothing(place: Place, archive: SmallArchive) -> None:
    first = archive.take_from(place)
    assert (first.received, first.captured, len(first.refused)) == (4, 3, 1)
    before, size = archive.records(), len(archive.entries())
    second = archive.take_from(place)
    assert (second.received, second.captured, second.unchanged, len(second.refused)) == (4, 0, 3, 1)
    assert (archive.records(), len(archive.entries())) == (before, size)


def test_what_is_refused_keeps_its_reason_and_its_bytes(place: Place, archive: SmallArchive) -> None:
    (refused,) = archive.take_from(place).refused
    seen = archive.arrival(BAD)
    assert seen is not None
    assert (seen.code, seen.message) == (refused["code"], refused["message"])
    assert "。" in str(seen.message)
    with archive.kernel.blobs.open(str(seen.raw_sha256)) as stream:
        assert stream.read()
