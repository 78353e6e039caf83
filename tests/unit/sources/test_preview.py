"""Previews: what they show, that they keep nothing, and that they end whatever the source does."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

import pytest

from archive.clock import FixedClock
from archive.errors import InvalidInput, SourceFailed, Unavailable
from archive.plan.service import load_plan
from archive.records.types import ComponentRole, Incoming
from classifiers.personal_data import mask
from ingest.connectors.memory import MemoryConnector
from ingest.connectors.port import GONE, WITHDRAWN, Arrival, Connector, Gone, Known, Opened, Refused, Same, Withdrawn
from ingest.extractors.reading import read_component
from ingest.sources.preview import MOST, Previewer
from ingest.sources.samples import UNCHANGED, Ending
from ingest.types import ArrivalStatus, Source
from tests.small_archive import START, attachment, notice
from tests.small_portal import SmallPortal, page, reading
from tests.unit.connectors.benches import Calls

SOURCE = Source("site", "portal", "http://portal.example", {"walked": True}, START)
MOBILE = "13912345678"


def previewer(connector: Connector, seconds: float = 20.0) -> Previewer:
    @contextmanager
    def open_source(_: Source) -> Iterator[Opened]:
        yield Opened(connector, {})

    return Previewer(open_source, read_component, load_plan(), seconds)


def docs(number: int) -> list[Arrival]:
    return [Arrival(f"n{one}", notice(f"n{one}", f"公告{one}")) for one in range(number)]


def test_a_preview_says_what_would_become_of_each_document() -> None:
    hints = {"project_code": "M3701002026000777", "data_no": "503", "category": "A02"}
    told = notice("n1", "清溪河护岸修复工程中标候选人公示", attachment("清单.txt", b"123", 3), hints=hints)
    arrivals = [
        Arrival("n1", told),
        Arrival("n2", Refused("row-without-id", {"line": 2}, b"{}")),
        Arrival("n3", Gone(GONE)),
        Arrival("n4", Withdrawn(WITHDRAWN)),
        Arrival("n5", Same()),
    ]
    found = previewer(MemoryConnector(arrivals)).preview(SOURCE, 10, str)
    assert (found.ending, found.draft, found.code) == (Ending.COMPLETE, False, None)
    assert [sample.becomes for sample in found.samples] == [
        ArrivalStatus.CAPTURED,
        ArrivalStatus.REFUSED,
        ArrivalStatus.GONE,
        ArrivalStatus.WITHDRAWN,
        UNCHANGED,
    ]
    first, second = found.samples[:2]
    assert (first.title, first.region, first.published, dict(first.hints)) == (
        told.title,
        "370100",
        told.published,
        hints,
    )
    main, other = first.files
    assert (main.role, main.format, main.opened) == ("main", "text/html", True)
    assert (other.name, other.size, other.opened) == ("清单.txt", 3, False)
    assert first.decision is not None
    assert first.decision.doc_type == "中标候选人公示"
    assert (second.code, second.params, second.decision) == ("row-without-id", {"line": 2}, None)


def test_a_draft_is_tried_instead_of_what_is_in_force_and_from_the_beginning() -> None:
    opened: list[Source] = []

    def open_source(source: Source) -> AbstractContextManager[Opened]:
        opened.append(source)
        raise InvalidInput("source-option-kind", option="a", connector="c", wanted="text")

    for source in (replace(SOURCE, options={"a": 1}), replace(SOURCE, options={"a": 1}, draft={"a": 2})):
        with pytest.raises(InvalidInput, match="source-option-kind"):
            Previewer(open_source, read_component, load_plan()).preview(source, 5, str)
    assert [(source.options, source.position) for source in opened] == [({"a": 1}, {}), ({"a": 2}, {})]


@pytest.mark.parametrize(("limit", "shown"), [(1, 1), (5, 5), (1_000, MOST)])
def test_a_preview_ends_after_so_many_documents(limit: int, shown: int) -> None:
    found = previewer(MemoryConnector(docs(MOST + 1))).preview(SOURCE, limit, str)
    assert (len(found.samples), found.ending) == (shown, Ending.ENOUGH)


def test_a_source_without_documents_is_previewed_as_an_empty_one() -> None:
    found = previewer(MemoryConnector([])).preview(SOURCE, 5, str)
    assert (found.samples, found.ending) == ((), Ending.COMPLETE)


def breaking(error: Exception, after: int) -> Connector:
    def arrivals(_: Callable[[str], Known | None]) -> Iterator[Arrival]:
        yield from docs(after)
        raise error

    return Calls(arrivals)


def test_a_source_that_breaks_off_shows_what_came_and_why_no_more_did() -> None:
    failure = SourceFailed("source-unreachable", source="s", detail="reset")
    found = previewer(breaking(failure, 2)).preview(SOURCE, 5, str)
    assert (len(found.samples), found.ending, found.code) == (2, Ending.FAILED, "source-unreachable")
    with pytest.raises(SourceFailed, match="source-unreachable"):
        previewer(breaking(failure, 0)).preview(SOURCE, 5, str)


def test_a_connector_that_crashes_is_named_and_what_it_said_stays_in_the_log() -> None:
    with pytest.raises(SourceFailed) as crashed:
        previewer(breaking(ValueError("hunter2"), 0)).preview(SOURCE, 5, str)
    assert crashed.value.code == "source-crashed"
    assert "hunter2" not in str(crashed.value)


def test_a_source_that_never_shows_anything_is_given_up_and_stops_when_it_next_asks() -> None:
    release, stopped = threading.Event(), threading.Event()

    def arrivals(known: Callable[[str], Known | None]) -> Iterator[Arrival]:
        try:
            release.wait(20)
            while True:
                known("n1")
                yield from ()
        finally:
            stopped.set()

    started = time.monotonic()
    with pytest.raises(SourceFailed) as late:
        previewer(Calls(arrivals), seconds=0.2).preview(SOURCE, 5, str)
    assert (late.value.code, time.monotonic() - started < 10) == ("preview-timed-out", True)
    release.set()
    assert stopped.wait(10)


def test_a_slow_source_shows_what_came_in_time() -> None:
    release = threading.Event()

    def arrivals(_: Callable[[str], Known | None]) -> Iterator[Arrival]:
        yield from docs(1)
        release.wait(20)
        yield from docs(5)

    found = previewer(Calls(arrivals), seconds=3.0).preview(SOURCE, 5, str)
    release.set()
    assert (len(found.samples), found.ending) == (1, Ending.TIME)


def test_previews_that_hang_do_not_pile_up() -> None:
    release = threading.Event()

    def arrivals(_: Callable[[str], Known | None]) -> Iterator[Arrival]:
        release.wait(20)
        yield from ()

    hanging = previewer(Calls(arrivals), seconds=0.05)
    for _ in range(4):
        with pytest.raises(SourceFailed, match="preview-timed-out"):
            hanging.preview(SOURCE, 5, str)
    with pytest.raises(Unavailable, match="preview-busy"):
        hanging.preview(SOURCE, 5, str)
    release.set()


def test_personal_data_is_masked_in_everything_that_is_shown() -> None:
    told = notice(
        "n1",
        f"公告 联系电话{MOBILE}",
        attachment(f"{MOBILE}.txt", b"1"),
        hints={"contact": f"电话{MOBILE}", "names": [f"电话{MOBILE}"], "more": {"mobile": f"电话{MOBILE}"}},
    )
    refused = Arrival("n2", Refused("row-not-json", {"line": 1, "detail": f"电话{MOBILE}"}))
    found = previewer(MemoryConnector([Arrival("n1", told), refused])).preview(SOURCE, 5, lambda text: mask(text).text)
    assert MOBILE not in repr(found)
    assert MOBILE in repr(previewer(MemoryConnector([Arrival("n1", told)])).preview(SOURCE, 5, str))


def test_a_file_that_is_too_large_is_named_and_not_read() -> None:
    def never() -> BinaryIO:
        raise AssertionError

    announced = Incoming("录像.mp4", ComponentRole.MAIN, never, "video/mp4", announced_size=20 << 30)
    told = replace(notice("n1", "评标录像"), components=(announced,))
    (sample,) = previewer(MemoryConnector([Arrival("n1", told)])).preview(SOURCE, 5, str).samples
    (file,) = sample.files
    assert (file.size, file.format, file.opened) == (20 << 30, "video/mp4", False)


def test_a_document_whose_file_cannot_be_had_would_be_refused() -> None:
    def gone() -> BinaryIO:
        raise InvalidInput("attachment-unreachable", name="a", detail="HTTP 404")

    told = replace(notice("n1", "公告"), components=(Incoming("a", ComponentRole.MAIN, gone),))
    arrivals = [Arrival("n1", told), *docs(1)]
    first, second = previewer(MemoryConnector(arrivals)).preview(SOURCE, 5, str).samples
    assert (first.becomes, first.code) == (ArrivalStatus.REFUSED, "attachment-unreachable")
    assert second.becomes is ArrivalStatus.CAPTURED


def test_a_portal_is_previewed_over_http_and_its_clock_does_not_matter() -> None:
    site = SmallPortal(page("n1", "一号公告"), page("bad", "", infocontent=""), page("n2", "二号公告"))
    clock = FixedClock(START - timedelta(days=4_000))
    with reading(site, clock, walked=False) as connector:
        found = previewer(connector).preview(SOURCE, 5, str)
    assert [sample.becomes for sample in found.samples].count(ArrivalStatus.CAPTURED) == 2
    assert found.ending is Ending.COMPLETE
